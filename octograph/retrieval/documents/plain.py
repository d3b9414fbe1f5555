"""Text files: which encoding, and is it text at all."""

from __future__ import annotations

import codecs
import re
from typing import Final

from octograph.errors import DocumentError
from octograph.retrieval.documents.extract import Extract

__all__ = ["decode", "read_markdown", "read_text"]

# The marks of UTF-32 come first: the one of UTF-16 begins one of them.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD: Final = 8000
_CONTROL: Final = re.compile(r"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_MOST_CONTROLS: Final = 0.05
_MOST_DAMAGE: Final = 0.1


def read_text(content: bytes) -> Extract:
    """Read any text, source code included."""
    return Extract(parts=(decode(content),), markup="text")


def read_markdown(content: bytes) -> Extract:
    """Read Markdown as it is."""
    return Extract(parts=(decode(content),), markup="markdown")


def decode(content: bytes, *, declared: str = "") -> str:
    """Return the text in some bytes.

    A byte order mark decides; then comes UTF-8, then what the document declares, then the encoding that the bytes
    look most like.

    Parameters
    ----------
    content
        The bytes.
    declared
        The encoding that the document names itself, if any.

    Raises
    ------
    DocumentError
        They are no text.

    """
    text = _marked(content)
    if text is None and b"\0" not in content[:_HEAD]:
        text = _utf_8(content)
        if text is None:
            text = _declared(content, declared)
        if text is None:
            text = _guessed(content)
    head = text[:_HEAD] if text else ""
    if text is None or len(_CONTROL.findall(head)) > _MOST_CONTROLS * len(head):
        raise DocumentError("its content is binary, not text", hint="Save it as text, HTML, PDF or DOCX, or leave it.")
    return text


def _marked(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            # A file cut off within a character is still text.
            text = content[len(mark) :].decode(encoding, errors="replace")
            return text if text.count("\ufffd") <= _MOST_DAMAGE * len(text) else None
    return None


def _utf_8(content: bytes) -> str | None:
    """Decode UTF-8 even if a few of its characters are damaged, as in a log that was cut."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        text = content.decode(errors="replace")
    damaged = text.count("\ufffd")
    intact = sum(not character.isascii() for character in text) - damaged
    return text if damaged <= _MOST_DAMAGE * intact else None


def _declared(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding) if encoding else None
    except (LookupError, UnicodeError):  # no such encoding, or not the one of these bytes
        return None


def _guessed(content: bytes) -> str | None:
    import charset_normalizer

    matches = charset_normalizer.from_bytes(content)
    if not matches:
        return None
    # Encodings often tie, and come in the order of their names; the one of western Europe is the most common by far.
    best = matches[0]
    tied = (match for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence))
    return str(next((match for match in tied if match.encoding == "cp1252"), best))
