"""Training the masters of a graph: their workers' example queries are read and the heads fitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.graph import NONE, Master, ModelGraph
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.master.composing import ComposedQuery, Material, compose
from octograph.nodes.master.fitting import Labelled, fit_rows
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.head_file import HeadFile
from octograph.nodes.master.master import DEFAULT_SYSTEM
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest
from octograph.nodes.master.reading_adapter import ReadingAdapter
from octograph.nodes.master.steps import StepRows, fit_steps, token_features, token_labels

__all__ = ["train_heads"]

DEPTH = 0.5
"""Share of the layers that a master runs without an adapter. The held-out accuracy is flat from there on, see the ADR
on the functional head."""

COMPOSED = 2500
"""Composed queries from which the steps are learned."""

Progress = Callable[[int, int], None]
"""Called with the queries read so far and the queries in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How one master reads, and with what."""

    reader: QueryReader
    system: str
    layer: int
    adapter: ReadingAdapter | None
    tell: Callable[[], None]

    async def states(self, query: str, *, each: bool = False) -> HiddenStates:
        request = ReadRequest(
            system=self.system,
            text=query,
            layer=self.layer,
            adapter=None if self.adapter is None else self.adapter.path,
            each=each,
        )
        states = await self.reader.read(request, cancel=CancelToken())
        if states is None:
            raise RuntimeError("a read that nobody can cancel was cancelled")
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
    material: Material | None = None,
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
    material
        What composed queries are made of; used if the graph has ``follows`` edges, to tell the steps of a query apart.
    progress
        Told about the reading, which takes nearly all of the time.
    seed
        Of folds and composed queries.

    Raises
    ------
    HeadError
        A master has examples for fewer than two targets.

    """
    examples = {master.name: _labelled(graph, master) for master in graph.masters()}
    plans = any(edge.kind == "follows" for edge in graph.edges)
    composed = compose(material, COMPOSED, seed=seed) if material is not None and plans else []
    singles = material.single if material is not None and plans else ()
    judged = [(query, graph.vocabulary(graph.master_name).token_of(worker)) for query, worker in validation]
    total = sum(map(len, examples.values())) + len(judged) + len(composed) + len(singles)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    heads: dict[str, FunctionalHead] = {}
    steps: dict[str, StepRows] = {}
    report: dict[str, Any] = {}
    for master in graph.masters():
        reader = readers[master.model]
        adapter = adapter_for(graph.models[master.model].source)
        reading = _Reading(
            reader=reader,
            system=master.prompt or (DEFAULT_SYSTEM if adapter is None else adapter.system),
            layer=int(await reader.layers() * DEPTH) if adapter is None else adapter.layer,
            adapter=adapter,
            tell=tell,
        )
        read = await reading.labelled(examples[master.name])
        is_root = master.name == graph.master_name
        held_out = await reading.labelled(judged) if judged and is_root else None
        started = time.perf_counter()
        fit = fit_rows(read, validation=held_out, seed=seed)
        heads[master.name] = FunctionalHead(
            tokens=fit.tokens,
            weight=fit.weight,
            bias=fit.bias,
            temperature=fit.temperature,
            threshold=fit.threshold,
            system=reading.system,
            layer=reading.layer,
            adapter=None if adapter is None else adapter.source,
            model=graph.models[master.model].source,
        )
        report[master.name] = {
            "queries": len(read.tokens),
            "held_out_accuracy": fit.accuracy,
            "held_out": "folds" if held_out is None else f"{len(judged)} validation queries",
            "strength": fit.strength,
            "temperature": fit.temperature,
            "threshold": fit.threshold,
            "fit_seconds": time.perf_counter() - started,
        }
        if is_root and composed:
            steps[master.name] = await _steps(reading, composed, [clause.text for clause in singles], seed)
    return HeadFile(heads=heads, steps=steps, report=report)


def _labelled(graph: ModelGraph, master: Master) -> list[tuple[str, str]]:
    vocabulary = graph.vocabulary(master.name)
    return [
        (query, NONE if target is None else vocabulary.token_of(target))
        for target, queries in graph.examples(master.name).items()
        for query in queries
    ]


async def _steps(reading: _Reading, composed: Sequence[ComposedQuery], singles: Sequence[str], seed: int) -> StepRows:
    features: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.int64]] = []
    whole = [ComposedQuery(text=query, spans=((0, len(query)),), workers=()) for query in singles]
    for query in (*composed, *whole):
        states = await reading.states(query.text, each=True)
        if states.each is not None:
            features.append(token_features(states.each))
            labels.append(token_labels(states.each, query.spans))
    return fit_steps(np.concatenate(features), np.concatenate(labels), seed=seed)
