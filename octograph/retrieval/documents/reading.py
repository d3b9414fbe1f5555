"""One file in, its text out; whatever is wrong with the file is a :class:`~octograph.errors.DocumentError`."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from octograph.errors import DocumentError
from octograph.retrieval.documents.cleaning import clean
from octograph.retrieval.documents.document import Document
from octograph.retrieval.documents.extract import Extract
from octograph.retrieval.documents.formats import reader_of

__all__ = ["MOST_BYTES", "read_document"]

MOST_BYTES: Final = 64 << 20
"""Largest file that is read, unless told otherwise."""

_BETWEEN_PARTS: Final = "\n\n"
_HEADING: Final = re.compile(r"# +([^\n]+?)[ #]*(?:\n|$)")
# What programs write for a title when nobody gave one.
_NO_TITLE: Final = re.compile(
    r"untitled.*|(?:document|presentation|slide|book) ?\d*|microsoft (?:word|powerpoint|excel) - .*"
    r"|\S+\.(?:docx?|dvi|indd|odt|pdf|pptx?|ps|qxd|rtf|tex|txt|xlsx?)",
    re.IGNORECASE,
)


def read_document(path: Path, *, limit: int = MOST_BYTES) -> Document:
    """Read the text of a file in any of the known formats.

    Parameters
    ----------
    path
        The file.
    limit
        Size of the largest file to read, in bytes.

    Raises
    ------
    DocumentError
        The file is missing, unreadable, empty, too large, encrypted, damaged or binary.

    """
    content = _content(path, limit)
    reader = reader_of(content, path.suffix.lower(), limit=limit)
    try:
        extract = reader(content)
    except (DocumentError, ImportError):  # an installation that is broken is no fault of the file
        raise
    except Exception as error:  # what a damaged file makes of a parser is not known in advance
        raise DocumentError(
            "it is damaged: its parts do not fit together", hint="Download or save it again."
        ) from error
    return _document(extract, path)


def _content(path: Path, limit: int) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for, a device read for ever
            raise DocumentError("it is no file", hint="Give a file with text, or a folder of such files.")
        with path.open("rb") as file:
            content = file.read(limit + 1) if status.st_size <= limit else b""
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DocumentError(f"it cannot be opened: {reason}", hint="Check its permissions and its place.") from error
    size = max(status.st_size, len(content))
    if size > limit:
        raise DocumentError(
            f"it holds {_size(size)}, and at most {_size(limit)} are read",
            hint="Raise the limit with --max-size, or split the file.",
        )
    if not content:
        raise DocumentError("it is empty (0 bytes)", hint="Write something into it, or leave it out.")
    return content


def _document(extract: Extract, path: Path) -> Document:
    texts: list[str] = []
    starts: list[int] = []
    end = 0
    for part in extract.parts:
        starts.append(end)  # a blank page begins where the next one does
        if text := clean(part).strip():
            texts.append(text)
            end += len(text) + len(_BETWEEN_PARTS)
    text = _BETWEEN_PARTS.join(texts)
    if not text:
        raise DocumentError("it holds no text", hint="Write something into it, or leave it out.")
    heading = _HEADING.match(text) if extract.markup == "markdown" else None
    return Document(
        text=text,
        markup=extract.markup,
        title=_title(extract.title) or _title(heading[1] if heading else "") or _name(path),
        pages=tuple(min(start, len(text)) for start in starts) if extract.paged else (),
    )


def _title(title: str) -> str:
    """Return a title on one line, or nothing if it is one that programs make up."""
    title = " ".join(clean(title).split())
    return "" if _NO_TITLE.fullmatch(title) else title


def _name(path: Path) -> str:
    """Return the name of a file as text, whatever its bytes."""
    return clean(os.fsencode(path.name).decode(errors="replace"))


def _size(size: int) -> str:
    """Return a number of bytes for people."""
    return f"{size:,} bytes" if size < 1 << 20 else f"{size / (1 << 20):,.1f} MiB"
