"""Citations: the passages that an answer rests on."""

from __future__ import annotations

from dataclasses import dataclass

from octograph.retrieval.passage import place_of

__all__ = ["Citation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A passage that an answer rests on, or came nearest to one.

    Attributes
    ----------
    number
        By which the text names it, as ``[1]``.
    source
        Path of the file.
    title, heading, page
        Where in it; the page counts from 1, None if the format has no pages.
    text
        What the passage says.
    similarity
        How near it is to the question, None if that was not computed.

    """

    number: int
    source: str
    title: str
    heading: str
    page: int | None
    text: str
    similarity: float | None

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return place_of(self.source, page=self.page, heading=self.heading)
