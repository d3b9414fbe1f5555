"""Passages: what documents are split into, and what a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Hit", "Passage", "place_of"]


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
        title = "" if self.heading.startswith(self.title) else self.title
        return "\n".join(part for part in (title, self.heading, self.text) if part)


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
    similarity
        Inner product of its vector and the query's; None if the query has no vector.
    weight
        ``p(z|x) ∝ exp(s d(z)·q(x))`` (Lewis et al. 2020, section 2.2), not normalised; 1 without a similarity.
    scores
        What each method gave it, such as ``{"dense": 0.61, "bm25": 8.2}``; a method that did not find it is left out.

    """

    id: int
    passage: Passage
    source: str
    modified: str
    score: float
    similarity: float | None
    weight: float
    scores: Mapping[str, float]

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return place_of(self.source, page=self.passage.page, heading=self.passage.heading)

    def document(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self.passage) | {
            "id": self.id,
            "source": self.source,
            "modified": self.modified,
            "score": self.score,
            "similarity": self.similarity,
            "weight": self.weight,
            "scores": dict(self.scores),
        }


def place_of(source: str, *, page: int | None, heading: str) -> str:
    """Where a passage stands, for people: the file, the page, the heading."""
    return ", ".join([source, *([] if page is None else [f"page {page}"]), *([heading] if heading else [])])
