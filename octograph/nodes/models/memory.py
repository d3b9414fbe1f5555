"""The memory plan of a graph: what its models take at most when all of them run.

Of a host: the weights; the keys and values of its contexts, ``2 bytes x 2 x layers x heads x width`` a token; and its
work: the process, the logits of a batch (``512 x vocabulary x 4 bytes`` a context), and the prefixes that it keeps.
What is not on this machine counts with the `size` and `kv` that the graph file states.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from octograph.errors import HostStartError, ModelError
from octograph.graph import Judge, Model, ModelGraph, Worker
from octograph.nodes.models.store import ModelStore, context_of

__all__ = [
    "FreeMemory",
    "MemoryPlan",
    "ModelMemory",
    "ResidentMemory",
    "checked_memory",
    "free_memory",
    "gigabytes",
    "machine_memory",
    "memory_plan",
    "model_memory",
    "resident_memory",
]

READER_CELLS: Final = 2048
"""Of the context in which a master reads queries; see `octograph.nodes.llama.reading`."""

ADAPTER_CELLS: Final = 4096
"""Of the context that each adapter of a worker or a judge gets at most; see `octograph.nodes.llama.engine`."""

KEPT_PREFIXES: Final = 256 * 2**20
BATCH: Final = 512
VOCABULARY: Final = 152_064
"""Of a model that does not say: that of Qwen, which is large."""

PROCESS_BYTES: Final = 80_000_000
MAIN_BYTES: Final = 150_000_000
EMBEDDER_BYTES: Final = 450_000_000
"""As measured: a host without weights, the process that the user sees, the embedder with its weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMemory:
    """What a model's host takes at most, in bytes.

    Attributes
    ----------
    model
        Name of the model; of several that share a host, the first.
    weights, cache, work
        See above.
    stated
        Whether this rests on what the graph file states, and not on the file itself.

    """

    model: str
    weights: int
    cache: int
    work: int
    stated: bool

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.work

    @property
    def least(self) -> int:
        """What it cannot do without: the weights, and the keys and values of its contexts."""
        return self.weights + self.cache


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeMemory:
    """What this machine can give now, in bytes.

    Attributes
    ----------
    available
        Without swapping.
    spare
        Beyond that, by swapping.

    """

    available: int
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentMemory:
    """What a process has in memory, in bytes; `mapped` is the part of it that is read from files, such as weights."""

    total: int
    mapped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """What a graph takes at most, in bytes.

    Attributes
    ----------
    models
        Those with a host here.
    unknown
        Models that are not here and whose size nobody states.
    remote
        Models at servers, which take nothing here.
    beside
        The embedder, if the graph has documents, and the process that the user sees.
    machine
        What this machine has.

    """

    models: tuple[ModelMemory, ...]
    unknown: tuple[str, ...]
    remote: tuple[str, ...]
    beside: int
    machine: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(model.total for model in self.models) + self.beside

    @property
    def fits(self) -> bool:
        """Whether this machine has so much."""
        return self.total <= self.machine

    def summary(self) -> str:
        """Say it in a line."""
        more = f", and {', '.join(self.unknown)} of unknown size" if self.unknown else ""
        here = f"{gigabytes(self.total)} at most with all models running{more}"
        return f"{here}; this machine has {gigabytes(self.machine)}"


def memory_plan(graph: ModelGraph, *, store: ModelStore, machine: int | None = None) -> MemoryPlan:
    """Return the memory plan of a graph.

    Parameters
    ----------
    graph
        The graph.
    store
        Knows which models are here.
    machine
        Memory to compare with; None for that of this machine.

    """
    found: list[ModelMemory] = []
    unknown: list[str] = []
    hosts: set[tuple[str, int | None]] = set()
    for model in graph.models.values():
        if model.is_remote or (model.source, model.context) in hosts:
            continue
        hosts.add((model.source, model.context))
        memory = model_memory(graph, model, store=store)
        if memory is None:
            unknown.append(model.name)
        else:
            found.append(memory)
    return MemoryPlan(
        models=tuple(found),
        unknown=tuple(unknown),
        remote=tuple(model.name for model in graph.models.values() if model.is_remote),
        beside=MAIN_BYTES + (EMBEDDER_BYTES if graph.knowledge() else 0),
        machine=machine_memory() if machine is None else machine,
    )


def model_memory(graph: ModelGraph, model: Model, *, store: ModelStore) -> ModelMemory | None:
    """Return what the host of a model takes, None if nobody knows."""
    weights, kv, vocabulary, summary = model.size_bytes or 0, model.kv_bytes or 0, 0, None
    with suppress(ModelError, OSError):
        path = store.locate(model, base=graph.folder)
        summary = store.check(path, sha256=None)
        weights, vocabulary = store.running_bytes(path, summary), summary.vocabulary
        kv = summary.kv_bytes or kv
    if not weights or not kv:
        return None
    context = context_of(model, summary)
    sharing = {one.name for one in graph.models.values() if (one.source, one.context) == (model.source, model.context)}
    readers = sum(master.model in sharing for master in graph.masters())
    users = [one for one in graph.nodes.values() if isinstance(one, Judge | Worker) and one.model in sharing]
    adapters = len({one.adapter for one in users} - {None})
    cells = context + readers * READER_CELLS + adapters * min(ADAPTER_CELLS, context)
    contexts = 1 + readers + adapters
    return ModelMemory(
        model=model.name,
        weights=weights,
        cache=cells * kv,
        work=PROCESS_BYTES + KEPT_PREFIXES + contexts * BATCH * (vocabulary or VOCABULARY) * 4,
        stated=summary is None,
    )


def checked_memory(
    graph: ModelGraph, model: Model, *, store: ModelStore, machine: int | None = None
) -> ModelMemory | None:
    """Return what `model_memory` does, and refuse a model that this machine cannot hold, whatever else is stopped.

    Raises
    ------
    HostStartError
        Weights and cache alone are more than there is.

    """
    memory = model_memory(graph, model, store=store)
    total = machine_memory() if machine is None else machine
    if memory is not None and memory.least > total:
        raise HostStartError(
            f"the model {model.name!r} takes {gigabytes(memory.weights)} for its weights and {gigabytes(memory.cache)}"
            f" for its context, and this machine has {gigabytes(total)}",
            hint="Set a smaller `context` for it in the graph file, or use a graph with smaller models.",
        )
    return memory


def machine_memory() -> int:
    """Bytes of memory of this machine."""
    import psutil

    return int(psutil.virtual_memory().total)


def free_memory() -> FreeMemory:
    """What this machine can give now."""
    import psutil

    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    # macOS makes its swap files as they are needed, so that what is free of them says nothing.
    spare = memory.total - memory.available if sys.platform == "darwin" else swap.free
    return FreeMemory(available=memory.available, spare=spare)


def resident_memory(pid: int | None) -> ResidentMemory:
    """What a process has in memory; nothing if it is gone, or None."""
    import psutil

    with suppress(psutil.Error):
        if pid is not None:
            memory = psutil.Process(pid).memory_info()
            return ResidentMemory(total=memory.rss, mapped=getattr(memory, "shared", 0))  # told by Linux alone
    return ResidentMemory(total=0, mapped=0)


def gigabytes(size: int) -> str:
    """Return a size for people.

    Examples
    --------
    >>> gigabytes(4_683_073_536), gigabytes(98_000_000)
    ('4.7 GB', '0.1 GB')

    """
    return f"{size / 1e9:.1f} GB"
