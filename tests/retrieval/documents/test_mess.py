"""A folder as people have it: nothing in it is fatal, and all that cannot be read is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from octograph.errors import DocumentError
from octograph.retrieval.documents import find_files, read_document

MakePdf = Callable[..., bytes]
MakeFile = Callable[[str, bytes | str], Path]

NAMES = ("Überblick.md", "日本語.txt", "हिन्दी.txt", "عربي.txt", "עברית.txt", "🐙🇳🇴.txt", os.fsdecode(b"caf\xe9.txt"))
BROKEN = {
    "encrypted.pdf": "it is an encrypted PDF",
    "scan.pdf": "there is no text on any of its pages (1): they are probably scans",
    "cut.docx": "it is a damaged DOCX, EPUB or zip file",
    "empty.txt": "it is empty (0 bytes)",
    "huge.log": "it holds 200.0 MiB, and at most 64.0 MiB are read",
    "photo.txt": "it is a PNG image, which cannot be read",
    "program": "its content is binary, not text",
    "loop": "a symbolic link in a loop",
    "up": "a symbolic link in a loop",
    "out": "a symbolic link out of the folder",
}


def test_a_mess_is_read_as_far_as_it_can_be(make_file: MakeFile, make_pdf: MakePdf, tmp_path: Path) -> None:
    root = tmp_path / "mess"
    for name in NAMES:
        make_file(f"mess/{name}", f"What {os.fsencode(name)!r} says")
    make_file("mess/really-a-pdf.txt", make_pdf("Terns"))
    make_file("mess/encrypted.pdf", make_pdf("Terns", encrypted=True))
    make_file("mess/scan.pdf", make_pdf(""))
    make_file("mess/cut.docx", b"PK\x03\x04\x14\0")
    make_file("mess/empty.txt", b"")
    make_file("mess/photo.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    make_file("mess/program", bytes(range(256)) * 9)
    with (root / "huge.log").open("wb") as file:
        file.truncate(200 << 20)
    (root / "loop").symlink_to("loop")
    (root / "up").symlink_to(root)
    (root / "out").symlink_to(make_file("secret.txt", "x"))

    texts: dict[str, str] = {}
    problems: dict[str, str] = {}
    for item in find_files(root):
        if item.problem:
            problems[item.path.name] = item.problem
            continue
        try:
            texts[item.path.name] = read_document(item.path).text
        except DocumentError as error:
            problems[item.path.name] = error.message

    assert problems == BROKEN
    assert texts == {name: f"What {os.fsencode(name)!r} says" for name in NAMES} | {"really-a-pdf.txt": "Terns"}
