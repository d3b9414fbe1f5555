"""An embedding router: the worker whose example queries are most like the query.

Shapes: ``n`` example queries, ``d`` dimensions, ``w`` workers and `NO_WORKER`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.errors import GraphError
from octograph.graph import NONE, ModelGraph
from octograph.nodes.deciders.example_index import ExampleIndex
from octograph.nodes.deciders.targets import targets_of
from octograph.nodes.master.route import NO_WORKER, Route

__all__ = ["Embedder", "NeighboursRouter"]

NEIGHBOURS = 5


class Embedder(Protocol):
    """Something that turns texts into vectors of length 1."""

    async def prepare(self) -> None:
        """Get ready, so that the time of the first text is the time of a text."""
        ...

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        """Return the vectors ``[len(texts), d]``, None if it was cancelled."""
        ...


class NeighboursRouter:
    """A `Router` by the similarity of the query to example queries, see `ExampleIndex`.

    Nothing is trained: the examples are embedded before the first decision and kept.

    Parameters
    ----------
    graph
        Whose workers it chooses from, by their examples; the root master's ``none_examples`` stand for `NO_WORKER`.
    embedder
        Turns texts into vectors.
    neighbours
        How many examples of each worker count.

    Raises
    ------
    GraphError
        The graph has no examples.

    """

    def __init__(self, graph: ModelGraph, *, embedder: Embedder, neighbours: int = NEIGHBOURS) -> None:
        targets = targets_of(graph)
        examples = {target.name: target.examples for target in targets} | {NO_WORKER: graph.master.none_examples}
        self._texts = [text for texts in examples.values() for text in texts]
        if not self._texts:
            raise GraphError(
                f"graph {graph.name!r} has no examples to compare a query with",
                hint="Add `examples` to the workers in the graph file.",
            )
        self._labels = np.array([name for name, texts in examples.items() for _ in texts])  # [n]
        self._tokens = {target.name: target.token for target in targets} | {NO_WORKER: NONE}
        self._names = sorted(self._tokens, key=lambda name: (name == NO_WORKER, name))  # [w]
        self._embedder = embedder
        self._neighbours = neighbours
        self._ready: tuple[ExampleIndex, float] | None = None
        self._reading = asyncio.Lock()

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`; raises what the embedder does."""
        ready = await self._prepared(cancel)
        if ready is None:
            return None
        index, temperature = ready
        await self._embedder.prepare()
        started = time.perf_counter()
        vectors = await self._embedder.encode([query], cancel=cancel)  # [1, d]
        if vectors is None:
            return None
        probabilities = index.probabilities(vectors[0], temperature)  # [w]
        worker = self._names[int(probabilities.argmax())]
        distribution = dict(zip(self._names, probabilities.tolist(), strict=True))
        return Route(
            worker=worker,
            token=self._tokens[worker],
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=(time.perf_counter() - started) * 1000,
        )

    async def _prepared(self, cancel: CancelToken) -> tuple[ExampleIndex, float] | None:
        """The examples and the temperature, made once; None if that was cancelled."""
        async with self._reading:
            if self._ready is None:
                vectors = await self._embedder.encode(self._texts, cancel=cancel)  # [n, d]
                if vectors is None:
                    return None
                index = ExampleIndex(
                    vectors=vectors, labels=self._labels, names=self._names, neighbours=self._neighbours
                )
                self._ready = index, await asyncio.to_thread(index.temperature)
            return self._ready
