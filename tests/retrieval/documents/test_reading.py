"""One file in, its text out, or what is wrong with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octograph.errors import DocumentError
from octograph.retrieval.documents import Document, read_document

MakePdf = Callable[..., bytes]
MakeFile = Callable[[str, bytes | str], Path]
MakeZip = Callable[[str, Mapping[str, str]], Path]
AsNobody = Callable[[], AbstractContextManager[None]]


@pytest.mark.parametrize("name", ["a.py", "LICENSE", "Makefile", "a.toml", "a.log", "a.unheard-of", "a.pdf", "a.docx"])
def test_text_is_read_whatever_it_is_called(make_file: MakeFile, name: str) -> None:
    assert read_document(make_file(name, "x = 1\r\n")) == Document(text="x = 1", markup="text", title=name)


@pytest.mark.parametrize(
    ("name", "content", "document"),
    [
        (
            "a.md",
            "\n# A *title* #\n\ntext",
            Document(text="# A *title* #\n\ntext", markup="markdown", title="A *title*"),
        ),
        ("a.md", "text\n# not the title", Document(text="text\n# not the title", markup="markdown", title="a.md")),
        ("a.CSV", "k,l\nv,w", Document(text="k: v; l: w", markup="text", title="a.CSV")),
        ("a.HTM", "<h1>T</h1><p>x</p>", Document(text="# T\n\nx", markup="markdown", title="T")),
        ("a.tsv", "k\nv", Document(text="k: v", markup="text", title="a.tsv")),
    ],
)
def test_the_extension_decides_between_kinds_of_text(
    make_file: MakeFile, name: str, content: str, document: Document
) -> None:
    assert read_document(make_file(name, content)) == document


def test_the_content_has_the_last_word(make_file: MakeFile, make_pdf: MakePdf) -> None:
    assert read_document(make_file("a.txt", make_pdf("A page"))).text == "A page"
    assert read_document(make_file("a.pdf", b"from a mailer\n" + make_pdf("A page"))).text == "A page"
    assert read_document(make_file("b.txt", "A PDF begins with %PDF-1.4")).pages == ()


def test_offsets_tell_where_pages_begin(make_file: MakeFile, make_pdf: MakePdf) -> None:
    document = read_document(make_file("a.pdf", make_pdf("One", "", "Three", "", title="Pages")))
    assert document.text == "One\n\nThree"
    assert document.pages == (0, 5, 5, 10)
    assert document.title == "Pages"


@pytest.mark.parametrize("title", ["", "Untitled", "Microsoft Word - a.doc", "thesis.dvi", "Document1"])
def test_a_title_that_a_program_made_up_is_none(make_file: MakeFile, make_pdf: MakePdf, title: str) -> None:
    assert read_document(make_file("a.pdf", make_pdf("One", title=title))).title == "a.pdf"


def test_a_name_in_any_bytes_is_a_title(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode("caf\u00e9 \u202e\u200f".encode() + b"\xe9.txt")
    path.write_text("x")
    assert read_document(path).title == "café \u200f\ufffd.txt"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \r\n\xef\xbb\xbf", "no text"),
        ("a.md", "\u200b\n", "no text"),
        ("a.html", "<html><body></body></html>", "no text"),
        ("a.csv", ",,\n,,", "no text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "encrypted Office"),
        ("a.txt", b"\0" * 99, "binary"),
        ("a.pdf", b"\x01\x02\x00", "binary"),
        ("a.pdf", b"%PDF-1.7\n\0", "damaged"),
        ("a.epub", b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_a_file_without_text_is_refused(make_file: MakeFile, name: str, content: bytes | str, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        read_document(make_file(name, content))
    assert caught.value.hint
    assert name not in str(caught.value)


@pytest.mark.parametrize("broken", ["word/document.xml", "META-INF/container.xml"])
def test_a_package_of_nonsense_is_damaged(make_zip: MakeZip, broken: str) -> None:
    with pytest.raises(DocumentError, match="damaged") as caught:
        read_document(make_zip("a.zip", {broken: "<nonsense"}))
    assert caught.value.__cause__


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.log"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    with pytest.raises(DocumentError, match=r"200\.0 MiB.*at most 64\.0 MiB") as caught:
        read_document(path)
    assert "--max-size" in caught.value.hint


def test_the_limit_is_the_callers(make_file: MakeFile) -> None:
    path = make_file("a.txt", "x" * 1000)
    assert len(read_document(path, limit=1000).text) == 1000
    with pytest.raises(DocumentError, match=r"1,000 bytes, and at most 999 bytes"):
        read_document(path, limit=999)


def test_a_file_that_vanished_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        read_document(tmp_path / "gone.txt")


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(DocumentError, match="no file"):
            read_document(path)


def test_a_file_of_another_user_is_an_error(open_folder: Path, as_nobody: AsNobody) -> None:
    path = open_folder / "secret.txt"
    path.write_text("x")
    path.chmod(0)
    with as_nobody(), pytest.raises(DocumentError, match="permission denied"):
        read_document(path)


@given(st.binary() | st.text().map(str.encode), st.sampled_from([".txt", ".csv", ".md", ".ipynb", ".pdf"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_file_is_read_or_refused(tmp_path: Path, content: bytes, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    path.write_bytes(content)
    try:
        assert read_document(path).text.strip()
    except DocumentError as error:
        assert error.hint


def test_importing_it_loads_none_of_the_libraries() -> None:
    heavy = "{'bs4', 'charset_normalizer', 'lxml', 'mammoth', 'markdownify', 'pathspec', 'pypdfium2', 'trafilatura'}"
    code = f"import sys, octograph.retrieval.documents; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
