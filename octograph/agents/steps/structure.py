"""A reasoning structure for a worker that asks for one."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from octograph.agents.events import StepName, StepStarted, Structured
from octograph.agents.learning.posteriors import cluster_of
from octograph.agents.noting import noted, timed
from octograph.agents.self_discover import Discovery, StoredStructure, StructureStore
from octograph.agents.state import State, asked, current_step
from octograph.agents.steps.step import Emit
from octograph.agents.workings import UsedStructure
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, HostRequestError, ToolError
from octograph.graph import ModelGraph
from octograph.nodes.tools import Clock

__all__ = ["StructureStep", "task_of"]

EXAMPLES = 2
"""Queries of the worker's own from which a structure is discovered, besides the one that is asked."""


class StructureStep:
    """Looks up the structure of the query's task, or discovers it, which takes three calls, and keeps it.

    Where no structure can be discovered, the event says why, and the worker answers without one.

    Parameters
    ----------
    graph
        Whose workers ask for structures.
    discoveries
        Who discovers for a worker, by its name.
    structures
        Gives the store of structures; opened when first needed.
    clock
        Dates them.

    """

    name: StepName = "structure"

    def __init__(
        self,
        graph: ModelGraph,
        discoveries: Mapping[str, Discovery],
        structures: Callable[[], Awaitable[StructureStore]],
        *,
        clock: Clock,
    ) -> None:
        self._graph = graph
        self._discoveries = discoveries
        self._structures = structures
        self._clock = clock

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        worker = state["worker"]
        if worker is None or worker not in self._discoveries or cancel.cancelled:
            return {"structure": None}
        emit(StepStarted(step="structure", worker=worker))
        started = time.perf_counter()
        store, task = await self._structures(), task_of(state, worker)
        stored, calls, problem = await store.find(self._graph.name, task), 0, None
        if stored is None:
            try:
                stored, calls = await self._discovered(worker, task, asked(state), cancel)
            except (ToolError, ContextOverflowError, HostRequestError) as error:
                problem = error.message
            if stored is not None:
                await store.put(stored)
            elif cancel.cancelled:
                return {"structure": None}
        structure, model = (None, "") if stored is None else (stored.structure, stored.model)
        found = Structured(
            worker=worker,
            task=task,
            structure=structure,
            model=model,
            calls=calls,
            seconds=time.perf_counter() - started,
            problem=problem,
        )
        emit(found)
        used = UsedStructure.of(structure, task=task, model=model, calls=calls, problem=problem)
        return {
            "structure": None if structure is None else structure.document(),
            "workings": noted(state, worker, structured=used.document()),
            "times": timed(state, {"structure": found.seconds}),
        }

    async def _discovered(
        self, worker: str, task: str, query: str, cancel: CancelToken
    ) -> tuple[StoredStructure | None, int]:
        """A new structure and the calls that it took; None if cancelled."""
        node = self._graph.worker(worker)
        examples = tuple(dict.fromkeys((query, *node.examples)))[: 1 + EXAMPLES]
        found = await self._discoveries[worker].discover(examples, cancel=cancel)
        if found is None:
            return None, 0
        stored = StoredStructure.of(
            found, graph=self._graph, task=task, worker=node, examples=examples, moment=self._clock.now().isoformat()
        )
        return stored, found.calls


def task_of(state: State, worker: str) -> str:
    """Which kind of task a query is: who answers, and what the master took it for, the same for most queries."""
    step = current_step(state)
    cluster = worker if step is None else cluster_of(step["distribution"])
    return worker if cluster == worker else f"{worker}/{cluster}"
