"""Which reader reads a file: its first bytes have the last word, its extension decides between kinds of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from octograph.errors import DocumentError
from octograph.retrieval.documents.extract import Extract
from octograph.retrieval.documents.notebook import read_notebook
from octograph.retrieval.documents.office import read_package
from octograph.retrieval.documents.pdf import read_pdf
from octograph.retrieval.documents.plain import read_markdown, read_text
from octograph.retrieval.documents.table import read_csv, read_tsv
from octograph.retrieval.documents.web import read_web

__all__ = ["Reader", "reader_of"]

Reader = Callable[[bytes], Extract]

_BY_EXTENSION: Final[Mapping[str, Reader]] = {
    ".csv": read_csv,
    ".htm": read_web,
    ".html": read_web,
    ".ipynb": read_notebook,
    ".markdown": read_markdown,
    ".md": read_markdown,
    ".tsv": read_tsv,
    ".xhtml": read_web,
}
"""Readers of text that has a form; all other text is read as it is, whatever its extension."""

_PDF: Final = b"%PDF-"
_ZIP: Final = b"PK\x03\x04"
_MOST_UNPACKED: Final = 4
"""How often the limit a package may be unpacked: its XML takes many times its size again in memory."""

_IMAGE: Final = "Its text has to be recognised first, with ocrmypdf for example."
_ARCHIVE: Final = "Unpack it and add its files."
_SAVE_AS: Final = "Save it as PDF or DOCX, without a password, and add that."
_LEAVE: Final = "Leave it out, with a line in .octographignore for example."

_REFUSED: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _IMAGE),
    (b"\xff\xd8\xff", "a JPEG image", _IMAGE),
    (b"GIF8", "a GIF image", _IMAGE),
    (b"II*\0", "a TIFF image", _IMAGE),
    (b"MM\0*", "a TIFF image", _IMAGE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or an encrypted Office file", _SAVE_AS),
    (b"{\\rtf", "an RTF file", _SAVE_AS),
    (b"\x1f\x8b", "a gzip archive", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _ARCHIVE),
    (b"Rar!\x1a\x07", "a RAR archive", _ARCHIVE),
    (b"\xfd7zXZ\0", "an xz archive", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _ARCHIVE),
    (b"SQLite format 3\0", "an SQLite database", _LEAVE),
    (b"\x7fELF", "a program", _LEAVE),
    (b"GGUF", "a model file", _LEAVE),
)


def reader_of(content: bytes, extension: str, *, limit: int) -> Reader:
    """Return the reader for a file.

    A ``.pdf`` or ``.docx`` that holds text is read as text.

    Parameters
    ----------
    content
        What is in the file.
    extension
        Of its name, in lower case, with the dot; may be empty.
    limit
        Size of the largest file that is read, in bytes.

    Raises
    ------
    DocumentError
        It is a kind of file that is known and cannot be read.

    """
    # Some writers put lines before the header of a PDF; a text about PDF may hold one anywhere.
    head = content[:1024]
    if _PDF in head if extension == ".pdf" else head.lstrip().startswith(_PDF):
        return read_pdf
    if content.startswith(_ZIP):
        return partial(read_package, most=_MOST_UNPACKED * limit)
    if extension == ".svg":
        raise DocumentError("it is an SVG drawing, which cannot be read", hint=_LEAVE)
    for signature, kind, hint in _REFUSED:
        if content.startswith(signature):
            raise DocumentError(f"it is {kind}, which cannot be read", hint=hint)
    return _BY_EXTENSION.get(extension, read_text)
