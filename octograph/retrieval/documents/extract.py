"""What a reader finds in a file, before it is cleaned."""

from __future__ import annotations

from dataclasses import dataclass

from octograph.retrieval.documents.document import Markup

__all__ = ["Extract"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The raw text of a file.

    Attributes
    ----------
    parts
        The text, piece by piece: pages, chapters, cells, or all of it.
    markup
        How it is marked up.
    title
        Of the document itself; empty if it has none.
    paged
        Whether the parts are the pages of the document.

    """

    parts: tuple[str, ...]
    markup: Markup
    title: str = ""
    paged: bool = False
