"""What a graph's models run on: one child process for each weights file, whoever uses it, and servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path

from octograph.errors import GraphError, HostBusyError, HostStartError, UsageError
from octograph.graph import Model, ModelGraph
from octograph.graph.problems import did_you_mean, shown
from octograph.nodes.host import HostProcess
from octograph.nodes.host.frames import Frame
from octograph.nodes.hosted import Hosted, HostStatus
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.loading import LoadPlan, Occupant, plan_load
from octograph.nodes.models import ModelStore
from octograph.nodes.models.memory import (
    FreeMemory,
    ModelMemory,
    checked_memory,
    free_memory,
    gigabytes,
    model_memory,
)
from octograph.nodes.remote import KeyRing, RemoteModel

__all__ = ["HOST_ENVIRONMENT", "HostPool"]

HOST_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    # numpy's own threads would compete with those that decode.
    "OPENBLAS_NUM_THREADS": "1",
}


class HostPool:
    """Makes a client for each model of a graph; nothing starts, and nobody is called, before it is needed.

    A model that is about to start and finds too little memory has others stopped: those that are idle and not pinned,
    the longest unused first. They start again when they are needed. Nothing in flight is ever stopped.

    Parameters
    ----------
    graph
        Whose models are hosted.
    store
        Finds and checks the weights.
    threads
        CPU threads of each host.
    keys
        Opens the servers that need a key.
    memory
        Tells what the machine can give.

    Attributes
    ----------
    clients
        By name, the models with a host.
    remotes
        By name, the models at servers.

    """

    def __init__(
        self,
        graph: ModelGraph,
        *,
        store: ModelStore,
        threads: int,
        keys: KeyRing | None = None,
        memory: Callable[[], FreeMemory] = free_memory,
    ) -> None:
        self._graph = graph
        self._store = store
        self._threads = threads
        self._memory = memory
        # Two that start at once must not both count on the same memory.
        self._planning = threading.Lock()
        by_source: dict[tuple[str, int | None], tuple[Hosted, LlamaClient]] = {}
        hosted: dict[str, Hosted] = {}
        clients: dict[str, LlamaClient] = {}
        remotes: dict[str, RemoteModel] = {}
        for name, model in graph.models.items():
            if model.is_remote:
                remotes[name] = RemoteModel(model.source, keys=keys, context=model.context)
                continue
            # Two models of the same weights and context are one model in memory.
            key = (model.source, model.context)
            if key not in by_source:
                host = HostProcess(
                    name=name, service=SERVICE, config=partial(self._config, model), environment=HOST_ENVIRONMENT
                )
                memory_of = partial(model_memory, graph, model, store=store)
                by_source[key] = Hosted(host, memory=memory_of), LlamaClient(host)
            hosted[name], clients[name] = by_source[key]
            hosted[name].names.append(name)
        self._hosted: Mapping[str, Hosted] = hosted
        self.clients: Mapping[str, LlamaClient] = clients
        self.remotes: Mapping[str, RemoteModel] = remotes

    def model(self, name: str) -> LlamaClient | RemoteModel:
        """Return what a model of the graph runs on."""
        return self.remotes[name] if name in self.remotes else self.clients[name]

    def statuses(self) -> tuple[HostStatus, ...]:
        """How it stands with the models, in the order of the graph; those that share a host are one."""
        remote = {name: HostStatus(models=(name,), state="remote") for name in self.remotes}
        firsts = {one.names[0]: one for one in self._hosted.values()}
        return tuple(
            remote[name] if name in remote else firsts[name].status()
            for name in self._graph.models
            if name in remote or name in firsts
        )

    def plan(self, name: str) -> LoadPlan:
        """Return what it takes to start a model now; nothing is stopped or started.

        Raises
        ------
        GraphError
            There is no such model.
        UsageError
            It is at a server.

        """
        hosted = self._here(name)
        memory = hosted.memory()
        if hosted.host.pid is None:
            return self._plan(name, memory)
        # One that runs has its room.
        there = plan_load(name, needs=None, memory=self._memory(), occupants=_occupants(self._hosted.values()))
        return replace(there, needs=None if memory is None else memory.least)

    def load(self, name: str) -> None:
        """Start a model now, unless it runs; blocks until it is ready. Raises as `plan`, and what a start raises."""
        self._here(name).host.ensure_ready()

    def unload(self, name: str) -> None:
        """Stop a model, and those that share its host, if it runs.

        Raises
        ------
        GraphError, UsageError
            As `plan`.
        HostBusyError
            It works, or is about to.

        """
        host = self._here(name).host
        if not host.retire() and host.state in ("starting", "ready"):
            doing = "still starts" if host.state == "starting" else "works"
            raise HostBusyError(f"the model {name!r} {doing}", hint="Try again when it is done.")

    def pin(self, name: str, *, pinned: bool) -> None:
        """Keep a model, and those that share its host, when others need memory, or do so no longer; as `plan`."""
        self._here(name).pinned = pinned

    def close(self) -> None:
        """End every host. Blocks for the grace that requests in flight get."""
        for hosted in set(self._hosted.values()):
            hosted.host.stop()

    def _here(self, name: str) -> Hosted:
        if name in self.remotes:
            raise UsageError(
                f"the model {name!r} is at a server", hint="It takes no memory here; name a model with weights here."
            )
        if name not in self._hosted:
            hint = did_you_mean(name, self._graph.models, what="Models")
            raise GraphError(f"graph {self._graph.name!r} has no model {shown(name)}", hint=hint)
        return self._hosted[name]

    def _config(self, model: Model) -> Frame:
        """Return what a model's host needs to start, once there is room for it."""
        hosted = self._hosted[model.name]
        hosted.admitted, hosted.evicted = False, ()
        memory = checked_memory(self._graph, model, store=self._store)
        config = self._store.host_config(model, base=self._graph.folder, threads=self._threads)
        match config.get("requantised"):
            case {"path": str(copy)}:
                hosted.copy = Path(copy)
            case _:
                hosted.copy = None
        # For a graph's only model none can make way, and what other programs hold is for the system to move.
        if memory is not None and self._others(model.name):
            with self._planning:
                self._make_room(model.name, memory)
                hosted.admitted = True
        return config

    def _make_room(self, name: str, memory: ModelMemory) -> None:
        while True:
            plan = self._plan(name, memory)
            if not plan.fits:
                raise self._refusal(memory, plan)
            # A host that got work since the plan was made is left alone, and the plan is made anew.
            evicted = tuple(takewhile(lambda one: self._hosted[one].host.retire(), plan.evicts))
            self._hosted[name].evicted += evicted
            if evicted == plan.evicts:
                return

    def _plan(self, name: str, memory: ModelMemory | None) -> LoadPlan:
        needs = None if memory is None else memory.least
        return plan_load(name, needs=needs, memory=self._memory(), occupants=_occupants(self._others(name)))

    def _others(self, name: str) -> set[Hosted]:
        return set(self._hosted.values()) - {self._hosted[name]}

    def _refusal(self, memory: ModelMemory, plan: LoadPlan) -> HostStartError:
        kept = [shown(one.name) for one in _occupants(self._others(plan.model)) if not one.idle]
        staying = f"Pinned or at work: {', '.join(sorted(kept))}. Unpin them or wait, or close" if kept else "Close"
        return HostStartError(
            f"the model {plan.model!r} takes {gigabytes(memory.weights)} for its weights and {gigabytes(memory.cache)}"
            f" for its context, and what else runs leaves {gigabytes(plan.room)}",
            hint=f"{staying} other programs, or use a graph with smaller models.",
        )


def _occupants(hosted: Iterable[Hosted]) -> list[Occupant]:
    return [occupant for one in set(hosted) if (occupant := one.occupant()) is not None]
