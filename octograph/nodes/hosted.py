"""A host of a graph with the models that share it, and how it stands with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from octograph.nodes.host import HostProcess, HostState
from octograph.nodes.loading import Occupant
from octograph.nodes.models.memory import ModelMemory, resident_memory

__all__ = ["HostStatus", "Hosted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """How it stands with a model, or with several that share a host.

    Of models at a server nothing is known but their names.

    Attributes
    ----------
    models
        The names.
    state
        See `HostProcess`; ``"remote"`` for a model at a server.
    needs
        Bytes of weights and contexts by the memory plan; None if nobody knows.
    resident
        Bytes in memory now, None if it does not run.
    loaded
        While it starts, about which share of its weights is in memory, from 0 to 1; None while it is requantised.
    starting_seconds
        While it starts, for how long it has done so.
    requantising
        Whether it starts for the first time and its weights are put into a faster form before they are loaded.
    evicted
        While it starts, the models that were stopped to make room for it.
    awaited
        Whether a request waits for it to start.
    pinned
        Whether it is kept when another model needs its memory.
    working
        Whether requests are in flight.
    served
        Requests that were answered since the graph was opened.
    idle_seconds
        Seconds since it was last used, None if it never was.

    """

    models: tuple[str, ...]
    state: HostState | Literal["remote"]
    needs: int | None = None
    resident: int | None = None
    loaded: float | None = None
    starting_seconds: float | None = None
    requantising: bool = False
    evicted: tuple[str, ...] = ()
    awaited: bool = False
    pinned: bool = False
    working: bool = False
    served: int = 0
    idle_seconds: float | None = None


class Hosted:
    """Models that share a host.

    Parameters
    ----------
    host
        The host; its name is that of the first of its models.
    memory
        Tells what they take, None if nobody knows.

    Attributes
    ----------
    names
        Of the models.
    pinned
        Whether the host is kept when another model needs its memory.
    admitted
        Whether room was made for its start.
    evicted
        Who was stopped for that.
    copy
        The requantised weights that it runs on, made by its first start; None if it runs on the file itself.

    """

    def __init__(self, host: HostProcess, *, memory: Callable[[], ModelMemory | None]) -> None:
        self.host = host
        self.memory = memory
        self.names: list[str] = []
        self.pinned = False
        self.admitted = False
        self.evicted: tuple[str, ...] = ()
        self.copy: Path | None = None

    def status(self) -> HostStatus:
        """How it stands with them now."""
        host, memory = self.host, self.memory()
        seconds, pid = host.starting_seconds, host.pid
        resident = None if pid is None else resident_memory(pid).total
        starting = seconds is not None
        requantising = starting and pid is not None and self.copy is not None and not self.copy.is_file()
        loads = starting and not requantising
        share = min(1.0, (resident or 0) / memory.weights) if loads and memory is not None else None
        return HostStatus(
            models=tuple(self.names),
            state=host.state,
            needs=None if memory is None else memory.least,
            resident=resident,
            loaded=share,
            starting_seconds=seconds,
            requantising=requantising,
            evicted=self.evicted if starting else (),
            awaited=starting and host.awaited,
            pinned=self.pinned,
            working=host.working,
            served=host.served,
            idle_seconds=host.idle_seconds,
        )

    def occupant(self) -> Occupant | None:
        """What the host holds, as another model sees it that is to start; None if it is not in memory."""
        host = self.host
        state = host.state
        if state in ("absent", "stopped", "failed") or (state == "starting" and not self.admitted):
            return None
        resident, owed = resident_memory(host.pid), 0
        if state == "ready":
            owed = resident.mapped
        elif state == "starting" and (memory := self.memory()) is not None:
            owed = max(0, memory.least - (resident.total - resident.mapped))
        return Occupant(
            name=host.name,
            taken=resident.total,
            owed=owed,
            idle=state == "ready" and not host.working and not self.pinned,
            unused=host.idle_seconds or 0.0,
        )
