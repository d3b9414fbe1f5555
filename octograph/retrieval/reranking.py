"""The best passages put in order anew by whoever can judge them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from octograph.cancellation import CancelToken
from octograph.retrieval.fusion import fuse
from octograph.retrieval.passage import Hit

__all__ = ["Judge", "reranked"]


class Judge(Protocol):
    """Something that looks at a question and a passage together."""

    async def rerank(self, query: str, passages: Sequence[str], *, cancel: CancelToken) -> list[float] | None:
        """Return a score for each passage, higher for those that fit better; None if cancelled."""
        ...


async def reranked(query: str, hits: Sequence[Hit], judge: Judge, *, depth: int, cancel: CancelToken) -> list[Hit]:
    """Return the hits with the first `depth` in the order of both rankings, theirs and the judge's, fused by rank."""
    first = hits[:depth]
    scores = await judge.rerank(query, [hit.passage.indexed for hit in first], cancel=cancel)
    if scores is None:
        return list(hits)
    before = {place: -float(place) for place in range(len(first))}
    order = fuse([before, dict(enumerate(scores))], [1.0, 1.0])
    judged = [
        replace(first[place], score=score, scores={**first[place].scores, "likelihood": scores[place]})
        for place, score in order
    ]
    return [*judged, *hits[depth:]]
