"""Training the masters of a graph: their workers' example queries are read and the heads fitted."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from octograph.graph import NONE, Master, ModelGraph
from octograph.nodes.master.composing import ComposedQuery
from octograph.nodes.master.fitting import Labelled, fit_rows
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.head_file import HeadFile
from octograph.nodes.master.master import DEFAULT_SYSTEM
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest, TokenStates, read_whole
from octograph.nodes.master.reading_adapter import ReadingAdapter
from octograph.nodes.master.steps import Spans, StepNetwork

__all__ = ["FitSteps", "StepTask", "train_heads"]

DEPTH = 0.5
"""Share of the layers that a master runs without an adapter. The held-out accuracy is flat from there on, see the ADR
on the functional head."""

Progress = Callable[[int, int], None]
"""Called with the queries read so far and the queries in all."""

FitSteps = Callable[[Sequence[tuple[TokenStates, Spans]]], Awaitable[StepNetwork]]
"""Fits the network that tells steps apart on the tokens of queries and where their steps stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTask:
    """How a graph's root master learns to tell the steps of a query apart.

    Attributes
    ----------
    queries
        Of several steps, and of one.
    fit
        Does it.
    known
        Networks that are there already: one that was fitted on the same is taken as it is.

    """

    queries: Sequence[ComposedQuery]
    fit: FitSteps
    known: Sequence[StepNetwork] = ()

    def texts(self) -> dict[str, None]:
        """Each text once: some queries count twice."""
        return dict.fromkeys(query.text for query in self.queries)

    def fitted(self, digest: str) -> StepNetwork | None:
        """The network that was fitted on what has this digest, if it is known."""
        return next((network for network in self.known if network.fitted_on == digest), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How one master reads, and with what."""

    reader: QueryReader
    system: str
    layer: int
    adapter: ReadingAdapter | None
    model: str
    tell: Callable[[], None]

    def digest(self, queries: Sequence[ComposedQuery], seed: int) -> str:
        """What tells networks for steps apart: how the queries are read, and the queries."""
        weights = "" if self.adapter is None else hashlib.sha256(self.adapter.path.read_bytes()).hexdigest()
        asked = [(query.text, query.spans) for query in queries]
        told = json.dumps([self.model, weights, self.system, self.layer, seed, asked])
        return hashlib.sha256(told.encode()).hexdigest()

    async def states(self, query: str, *, each: bool = False) -> HiddenStates:
        request = ReadRequest(
            system=self.system,
            text=query,
            layer=self.layer,
            adapter=None if self.adapter is None else self.adapter.path,
            each=each,
        )
        states = await read_whole(self.reader, request)
        self.tell()
        return states

    async def labelled(self, queries: Sequence[tuple[str, str]]) -> Labelled:
        """Read queries, each with the token that is right for it."""
        vectors = [(await self.states(query)).vector() for query, _ in queries]
        return Labelled(features=np.stack(vectors), tokens=tuple(token for _, token in queries))


async def train_heads(
    graph: ModelGraph,
    *,
    readers: Mapping[str, QueryReader],
    adapter_for: Callable[[str], ReadingAdapter | None],
    validation: Sequence[tuple[str, str | None]] = (),
    steps: StepTask | None = None,
    progress: Progress,
    seed: int = 0,
) -> HeadFile:
    """Fit the functional head of every master of a graph on its workers' examples.

    Parameters
    ----------
    graph
        The graph, with examples.
    readers
        A `QueryReader` for each model that a master uses.
    adapter_for
        The adapter through which a model of this source reads, if any.
    validation
        Queries with the names of their workers, None for out of scope: they choose regularisation, temperature and
        threshold of the root master. Without them, folds of the examples do.
    steps
        How the root master learns to tell the steps of a query apart; done if the graph has ``follows`` edges.
    progress
        Told about the reading, which takes nearly all of the time.
    seed
        Of the folds and of the network for steps.

    Raises
    ------
    HeadError
        A master has examples for fewer than two targets.

    """
    examples = {master.name: _labelled(graph, master) for master in graph.masters()}
    judged = [(query, graph.vocabulary(graph.master_name).token_of(worker)) for query, worker in validation]
    done = total = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    readings = {
        master.name: await _reading(graph, master, readers[master.model], adapter_for, tell)
        for master in graph.masters()
    }
    root = readings[graph.master_name]
    task = steps if any(edge.kind == "follows" for edge in graph.edges) else None
    digest = "" if task is None else root.digest(task.queries, seed)
    network = None if task is None else task.fitted(digest)
    unread = {} if task is None or network is not None else task.texts()
    total = sum(map(len, examples.values())) + len(judged) + len(unread)
    heads: dict[str, FunctionalHead] = {}
    report: dict[str, Any] = {}
    for name, reading in readings.items():
        read = await reading.labelled(examples[name])
        held_out = await reading.labelled(judged) if judged and reading is root else None
        started = time.perf_counter()
        fit = fit_rows(read, validation=held_out, seed=seed)
        heads[name] = FunctionalHead(
            tokens=fit.tokens,
            weight=fit.weight,
            bias=fit.bias,
            temperature=fit.temperature,
            threshold=fit.threshold,
            system=reading.system,
            layer=reading.layer,
            adapter=None if reading.adapter is None else reading.adapter.source,
            model=reading.model,
        )
        report[name] = {
            "queries": len(read.tokens),
            "held_out_accuracy": fit.accuracy,
            "held_out": "folds" if held_out is None else f"{len(judged)} validation queries",
            "strength": fit.strength,
            "temperature": fit.temperature,
            "threshold": fit.threshold,
            "fit_seconds": time.perf_counter() - started,
        }
    if task is not None and network is None:
        tokens = {text: (await root.states(text, each=True)).each for text in unread}
        pairs = [(tokens[query.text], query.spans) for query in task.queries]
        network = await task.fit([(each, spans) for each, spans in pairs if each is not None])
        network = replace(network, fitted_on=digest)
    return HeadFile(heads=heads, steps={} if network is None else {graph.master_name: network}, report=report)


async def _reading(
    graph: ModelGraph,
    master: Master,
    reader: QueryReader,
    adapter_for: Callable[[str], ReadingAdapter | None],
    tell: Callable[[], None],
) -> _Reading:
    source = graph.models[master.model].source
    adapter = adapter_for(source)
    return _Reading(
        reader=reader,
        system=master.prompt or (DEFAULT_SYSTEM if adapter is None else adapter.system),
        layer=int(await reader.layers() * DEPTH) if adapter is None else adapter.layer,
        adapter=adapter,
        model=source,
        tell=tell,
    )


def _labelled(graph: ModelGraph, master: Master) -> list[tuple[str, str]]:
    vocabulary = graph.vocabulary(master.name)
    return [
        (query, NONE if target is None else vocabulary.token_of(target))
        for target, queries in graph.examples(master.name).items()
        for query in queries
    ]
