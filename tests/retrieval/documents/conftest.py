"""Documents made by hand, byte by byte."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

MakePdf = Callable[..., bytes]
MakeFile = Callable[[str, bytes | str], Path]
AsNobody = Callable[[], AbstractContextManager[None]]
MakeZip = Callable[[str, Mapping[str, str]], Path]

# The check value of the standard security handler does not fit the empty password.
LOCKED = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<00><00>]" % (b"41" * 32, b"42" * 32)


def _stream(text: str) -> bytes:
    lines = b" ".join(b"(%s) Tj T*" % line.encode("latin-1") for line in text.split("\n"))
    content = b"BT /F1 12 Tf 14 TL 72 720 Td %s ET" % lines if text else b""
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _pdf(*pages: str, title: str = "", encrypted: bool = False) -> bytes:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", font, b"<< /Title (%s) >>" % title.encode("latin-1")]
    for text in pages:
        objects.append(_stream(text))
        resources = b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R" % len(objects)
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] %s >>" % resources)
    kids = b" ".join(b"%d 0 R" % number for number in range(6, len(objects) + 1, 2))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids)
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"<< /Size %d /Root 1 0 R /Info 4 0 R %s >>" % (len(objects) + 1, LOCKED if encrypted else b"")
    return content + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
        trailer,
        len(content),
    )


@pytest.fixture
def make_pdf() -> MakePdf:
    """A PDF with a text on each page."""
    return _pdf


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    def make(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


@pytest.fixture
def make_zip(tmp_path: Path) -> MakeZip:
    def make(name: str, members: Mapping[str, str]) -> Path:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as package:
            for member, text in members.items():
                package.writestr(member, text)
        return tmp_path / name

    return make


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def as_nobody() -> AsNobody:
    """Without the rights of root, whom no permission stops."""

    @contextmanager
    def drop() -> Iterator[None]:
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(user)

    return drop
