"""Which models make room for another: those that nobody needs now, the longest unused first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from octograph.nodes.models.memory import FreeMemory

__all__ = ["LoadPlan", "Occupant", "plan_load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupant:
    """A host in memory, beside which another model is to start.

    Attributes
    ----------
    name
        Its name.
    taken
        Bytes that are free once it is stopped.
    owed
        Bytes that the system counts as available although they are this host's: weights that it has mapped, and what
        it has yet to load.
    idle
        Whether it may be stopped.
    unused
        Seconds since it was last used.

    """

    name: str
    taken: int
    owed: int = 0
    idle: bool = True
    unused: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What it takes to start a model now.

    Attributes
    ----------
    model
        The model.
    needs
        Bytes of its weights and contexts; None if nobody knows.
    free
        Bytes that are free now.
    evicts
        Models that are stopped for it, in this order; they start again when they are needed.
    room
        Bytes that are free once they are; if it does not fit, once all are that can be.
    fits
        Whether that is enough, if need be with the machine's swap. If not, nothing is stopped.

    """

    model: str
    needs: int | None
    free: int
    evicts: tuple[str, ...]
    room: int
    fits: bool


def plan_load(model: str, *, needs: int | None, memory: FreeMemory, occupants: Sequence[Occupant]) -> LoadPlan:
    """Return what it takes to start a model beside others.

    Parameters
    ----------
    model, needs
        The model, and the bytes of its weights and contexts; None if nobody knows, for which no room is made.
    memory
        What the machine can give now.
    occupants
        The others.

    Examples
    --------
    >>> others = [Occupant(name="old", taken=4, unused=60.0), Occupant(name="new", taken=4)]
    >>> plan_load("large", needs=5, memory=FreeMemory(available=2), occupants=others).evicts
    ('old',)

    """
    free = room = memory.available - sum(one.owed for one in occupants)
    evicts: list[str] = []
    for one in sorted((one for one in occupants if one.idle), key=lambda one: -one.unused):
        if needs is None or room >= needs:
            break
        room += one.taken
        evicts.append(one.name)
    fits = needs is None or needs <= room + memory.spare
    return LoadPlan(
        model=model,
        needs=needs,
        free=max(0, free),
        evicts=tuple(evicts) if fits else (),
        room=max(0, room),
        fits=fits,
    )
