"""Search in one knowledge base: by meaning, by words, or both.

Shapes: ``n`` positions of the indexes, ``d`` dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.entry import Generation, moment
from octograph.retrieval.fusion import fuse
from octograph.retrieval.passage import Hit
from octograph.retrieval.shelf import GONE, Indexes, Shelf

__all__ = ["Filter", "Method", "Query", "Searcher"]

Method = Literal["dense", "bm25", "hybrid"]
"""By vectors, by words, or both fused by rank."""

OVER_FETCH = 5
"""Results that are fetched of each method for one that is wanted, and at least `LEAST_FETCHED`: what one method ranks
low can be lifted by the other."""

LEAST_FETCHED = 100

REFINED = 4
"""Candidates of a coded index, for one that is fetched, whose inner products are computed from the vectors."""

WEIGHTS: Mapping[str, float] = {"dense": 1.0, "bm25": 1.0}

SCALES: Mapping[str, float] = {"cosine": 20.0, "dot": 1.0}
"""``s`` in ``p(z|x) ∝ exp(s d(z)·q(x))``: what the inner products were multiplied by when the embedder was trained.
For cosines that is 20, the scale of the contrastive losses of sentence-transformers."""

SPARE = 2
"""Hits that are looked at for one that is wanted, since some say the same."""

SAME = 0.98
"""Cosine from which two passages say the same, so that the second is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which passages count.

    Attributes
    ----------
    sources
        Patterns such as ``*/contracts/*.pdf``; the path of the file has to match one. Empty for all files.
    since, until
        The file has to be changed last at or after, and before.

    """

    sources: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, source: str, modified: datetime) -> bool:
        """Whether a document counts."""
        return (
            (not self.sources or any(fnmatchcase(source, pattern) for pattern in self.sources))
            and (self.since is None or modified >= self.since)
            and (self.until is None or modified < self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for.

    Attributes
    ----------
    text
        In words.
    vector
        As a vector ``[d]``; a `KnowledgeBase` makes it of the text.
    k
        Most hits.
    method
        How.
    filter
        Where; None for everywhere.
    distinct
        Whether a passage that says the same as a better one is left out.

    """

    text: str
    vector: NDArray[np.float32] | None = None
    k: int = 5
    method: Method = "hybrid"
    filter: Filter | None = None
    distinct: bool = True


@dataclass(slots=True)
class _Open:
    """The indexes of a generation, with what is needed of them each time."""

    generation: Generation
    indexes: Indexes | None
    there: NDArray[np.bool_] | None
    """Which positions have a passage ``[n]``; None if all have."""


class Searcher:
    """Searches what is published; follows when a new generation is.

    Parameters
    ----------
    catalogue, shelf
        Of the knowledge base.

    """

    def __init__(self, catalogue: Catalogue, shelf: Shelf) -> None:
        self._catalogue = catalogue
        self._shelf = shelf
        self._open: _Open | None = None

    def search(self, query: Query) -> list[Hit]:
        """Return the best passages, the best first.

        Raises
        ------
        KnowledgeError
            The knowledge base is damaged.

        """
        while True:
            before = self._catalogue.generation()
            try:
                with self._catalogue.reading():
                    return self._published(query)
            except KnowledgeError:
                if self._catalogue.generation() == before:
                    raise
                # The next one was published meanwhile, and the files of this one are gone.

    def _published(self, query: Query) -> list[Hit]:
        opened = self._opened()
        if opened.indexes is None:
            return []
        allowed = self._allowed(opened, query.filter)
        fetched = max(query.k * OVER_FETCH, LEAST_FETCHED)
        found: dict[str, _Found] = {}
        if query.method != "bm25" and query.vector is not None:
            found["dense"] = self._dense(opened.indexes, query.vector, fetched, allowed)
        if query.method != "dense":
            found["bm25"] = opened.indexes.words.search(query.text, fetched, allowed=allowed)
        rankings = {name: _ranking(opened.indexes.ids, *one) for name, one in found.items()}
        if len(rankings) == 1:
            (only,) = rankings.values()
            ranked = list(only.items())
        else:
            ranked = fuse(list(rankings.values()), [WEIGHTS[name] for name in rankings])
        if not ranked:
            return []
        wanted = ranked[: query.k * SPARE] if query.distinct else ranked[: query.k]
        vectors = self._catalogue.vectors([id_ for id_, _ in wanted])  # [hits, d]
        similarities = [None] * len(wanted) if query.vector is None else (vectors @ query.vector).tolist()
        hits = self._hits(wanted, similarities, rankings)
        return [hits[place] for place in _distinct(hits, vectors)[: query.k]] if query.distinct else hits

    def _opened(self) -> _Open:
        generation = self._catalogue.generation()
        if self._open is None or self._open.generation != generation:
            indexes = self._shelf.take(generation)
            gone = indexes is not None and bool((indexes.ids == GONE).any())
            there = indexes.ids != GONE if indexes is not None and gone else None
            self._open = _Open(generation, indexes, there)
        return self._open

    def _allowed(self, opened: _Open, only: Filter | None) -> NDArray[np.bool_] | None:
        """Which positions count ``[n]``; None if all do."""
        if only is None or opened.indexes is None:
            return opened.there
        taken = self._catalogue.within(lambda source, modified: only.takes(source, moment(modified)))
        return np.isin(opened.indexes.ids, taken)

    def _dense(
        self, indexes: Indexes, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None
    ) -> _Found:
        if indexes.vectors.exact:
            return indexes.vectors.search(vector, k, allowed=allowed)
        positions, _ = indexes.vectors.search(vector, k * REFINED, allowed=allowed)
        scores = self._catalogue.vectors(indexes.ids[positions].tolist()) @ vector
        order = np.argsort(-scores, kind="stable")[:k]
        return positions[order], scores[order]

    def _hits(
        self,
        ranked: Sequence[tuple[int, float]],
        similarities: Sequence[float | None],
        rankings: Mapping[str, Mapping[int, float]],
    ) -> list[Hit]:
        found = self._catalogue.passages([id_ for id_, _ in ranked])
        scale = SCALES[self._catalogue.embedder["metric"]]
        return [
            Hit(
                id=id_,
                passage=passage,
                source=source,
                modified=moment(modified).isoformat(timespec="seconds"),
                score=score,
                similarity=similarity,
                weight=1.0 if similarity is None else math.exp(scale * similarity),
                scores={name: ranking[id_] for name, ranking in rankings.items() if id_ in ranking},
            )
            for (id_, score), similarity in zip(ranked, similarities, strict=True)
            for passage, source, modified in (found[id_],)
        ]


_Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Positions and scores, the best first."""


def _ranking(ids: NDArray[np.int64], positions: NDArray[np.int64], scores: NDArray[np.float32]) -> dict[int, float]:
    return {int(id_): float(score) for id_, score in zip(ids[positions], scores, strict=True)}


def _distinct(hits: Sequence[Hit], vectors: NDArray[np.float32]) -> list[int]:
    """Places of those that do not say the same as a better one, under whatever title; vectors ``[hits, d]``."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    chosen: list[int] = []
    texts: set[str] = set()
    for place, hit in enumerate(hits):
        text = " ".join(hit.passage.text.split())
        if text not in texts and not (unit[chosen] @ unit[place] > SAME).any():
            chosen.append(place)
        texts.add(text)
    return chosen
