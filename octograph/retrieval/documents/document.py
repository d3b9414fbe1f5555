"""What a file becomes once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Document", "Markup"]

Markup = Literal["markdown", "text"]
"""Whether headings and code blocks of the text are marked, so that it can be split along them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The text of a file, ready to be split into passages.

    Attributes
    ----------
    text
        Normalised (NFC, one kind of line end), without control characters; not blank.
    markup
        How it is marked up.
    title
        Of the document itself if it has one, else of the file.
    pages
        Offsets in `text` at which its pages begin, the first one 0; empty if the format has no pages.

    """

    text: str
    markup: Markup
    title: str
    pages: tuple[int, ...] = ()
