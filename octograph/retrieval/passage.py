"""Passages: what documents are split into, and what a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Hit", "Passage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document.

    Attributes
    ----------
    text
        As it stands in the document.
    title
        Of the document.
    heading
        The headings that it stands under, outermost first, joined by `` > ``; may be empty.
    page
        The page that it begins on, counted from 1; None if the format has no pages.

    """

    text: str
    title: str
    heading: str = ""
    page: int | None = None

    @property
    def indexed(self) -> str:
        """What is embedded and looked up: a piece of a text means little without its title and headings."""
        return "\n".join(part for part in (self.title, self.heading, self.text) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found.

    Attributes
    ----------
    id
        Of the passage within its knowledge base.
    passage
        The passage.
    source
        Path of the file that it is from.
    modified
        When the file was changed last, ISO 8601 in UTC.
    score
        What it was ranked by; higher is better.
    scores
        What each method gave it, such as ``{"dense": 0.61, "bm25": 8.2}``; a method that did not find it is left out.

    """

    id: int
    passage: Passage
    source: str
    modified: str
    score: float
    scores: Mapping[str, float]

    @property
    def place(self) -> str:
        """Where it stands, for people: the file, the page, the heading."""
        page = "" if self.passage.page is None else f", page {self.passage.page}"
        heading = f", {self.passage.heading}" if self.passage.heading else ""
        return f"{self.source}{page}{heading}"

    def document(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self.passage) | {
            "id": self.id,
            "source": self.source,
            "modified": self.modified,
            "score": self.score,
            "scores": dict(self.scores),
        }
