"""Passages for a worker that reads knowledge bases."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from octograph.agents.events import Retrieved, StepName, StepStarted
from octograph.agents.noting import noted, timed
from octograph.agents.state import State, asked
from octograph.agents.steps.step import Emit
from octograph.agents.workings import hit_kept
from octograph.cancellation import CancelToken
from octograph.graph import ModelGraph
from octograph.retrieval.knowledge_base import NO_DOCUMENTS
from octograph.retrieval.passage import Hit
from octograph.retrieval.searching import Query
from octograph.retrieval.support import coverage

__all__ = ["RetrieveStep", "Retriever"]

RELEVANT = 0.3
"""Inner product with the question from which a passage has anything to do with it."""

COVERED = 0.6
"""Share of the question's terms from which it has, whatever that is: a passage on many things is near none of them."""


NOTHING = "your documents hold nothing about it"


class Retriever(Protocol):
    """Something that finds passages; knowledge bases do."""

    @property
    def exists(self) -> bool:
        """Whether anything was added to it yet."""
        ...

    async def search(self, query: Query, *, cancel: CancelToken) -> list[Hit]:
        """Return those that fit best, the best first."""
        ...


class RetrieveStep:
    """Searches the knowledge bases that the worker reads, if it reads any.

    Parameters
    ----------
    graph
        Whose ``reads`` edges say who reads what.
    bases
        The knowledge bases by name.

    """

    name: StepName = "retrieve"

    def __init__(self, graph: ModelGraph, bases: Mapping[str, Retriever]) -> None:
        self._graph = graph
        self._bases = bases

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        worker = state["worker"]
        read = () if worker is None else self._graph.neighbours(worker, "reads")
        if worker is None or not read or cancel.cancelled:
            return {"evidence": None}
        emit(StepStarted(step="retrieve", worker=worker))
        started = time.perf_counter()
        most = self._graph.worker(worker).passages
        query = Query(text=asked(state), k=most)
        found = [hit for name in read for hit in await self._bases[name].search(query, cancel=cancel)]
        relevant = [hit for hit in found if _relevant(query.text, hit)]
        # Within one knowledge base they are in order already; the scores of several are comparable.
        hits = sorted(relevant, key=lambda hit: -hit.score)[:most]
        seconds = time.perf_counter() - started
        emit(Retrieved(worker=worker, hits=tuple(hits), seconds=seconds))
        added = any(self._bases[name].exists for name in read)
        return {
            "evidence": [hit.document() for hit in hits],
            "lacking": None if hits else NOTHING if added else NO_DOCUMENTS,
            "workings": noted(state, worker, hits=[hit_kept(hit) for hit in hits]),
            "times": timed(state, {"retrieve": seconds}),
        }


def _relevant(question: str, hit: Hit) -> bool:
    near = hit.similarity is None or hit.similarity >= RELEVANT
    return near or coverage(question, hit.passage.indexed) >= COVERED
