"""Training the masters of a graph: their workers' example queries are read and the heads fitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from octograph.graph import NONE, ModelGraph
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.master.fitting import fit_rows
from octograph.nodes.master.head import FunctionalHead, HeadFile
from octograph.nodes.master.master import DEFAULT_SYSTEM
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest

__all__ = ["train_heads"]

DEPTH = 0.5
"""Share of the layers that the master runs. The held-out accuracy is flat from there on, see the ADR on the
functional head."""

Progress = Callable[[int, int], None]
"""Called with the queries read so far and the queries in all."""


async def train_heads(
    graph: ModelGraph,
    *,
    readers: Mapping[str, QueryReader],
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
    progress
        Told about the reading, which takes nearly all of the time.
    seed
        Of the folds on which regularisation and temperature are chosen.

    Raises
    ------
    HeadError
        A master has examples for fewer than two targets.

    """
    examples = {master.name: graph.examples(master.name) for master in graph.masters()}
    total = sum(len(queries) for targets in examples.values() for queries in targets.values())
    done = 0
    heads: dict[str, FunctionalHead] = {}
    report: dict[str, Any] = {}
    for master in graph.masters():
        vocabulary = graph.vocabulary(master.name)
        system = master.prompt or DEFAULT_SYSTEM
        reader = readers[master.model]
        layer = int(await reader.layers() * DEPTH)
        vectors, labels = [], []
        for target, queries in examples[master.name].items():
            for query in queries:
                request = ReadRequest(system=system, text=query, layer=layer)
                states = await reader.read(request, cancel=CancelToken())
                vectors.append(_present(states).vector())
                labels.append(NONE if target is None else vocabulary.token_of(target))
                done += 1
                progress(done, total)
        started = time.perf_counter()
        fit = fit_rows(np.stack(vectors), labels, seed=seed)
        heads[master.name] = FunctionalHead(
            tokens=fit.tokens,
            weight=fit.weight,
            bias=fit.bias,
            temperature=fit.temperature,
            system=system,
            layer=layer,
            model=graph.models[master.model].source,
        )
        report[master.name] = {
            "queries": len(labels),
            "held_out_accuracy": fit.accuracy,
            "strength": fit.strength,
            "temperature": fit.temperature,
            "fit_seconds": time.perf_counter() - started,
        }
    return HeadFile(heads=heads, report=report)


def _present(states: HiddenStates | None) -> HiddenStates:
    if states is None:
        raise RuntimeError("a read that nobody can cancel was cancelled")
    return states
