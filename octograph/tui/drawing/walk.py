"""What a turn has done on the model graph so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from octograph.tui.drawing.shape import NOBODY, Place, Shape
from octograph.tui.turns.account import Account, Try

__all__ = ["State", "Walk", "plan_states"]

State = Literal["waiting", "asked", "passed", "taken"]
"""Of a worker, or of a step of a plan: not begun, asked now, its answer passed over, its answer taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A turn as its graph shows it.

    Attributes
    ----------
    path
        Where the functional tokens lead.
    shares
        Probability of each node; empty before the master decided.
    states
        Of the workers that were asked.
    asked
        Those workers in order, or `NOBODY`.

    """

    path: frozenset[Place] = frozenset()
    shares: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    @classmethod
    def of(cls, account: Account, shape: Shape) -> Walk:
        """Return how far the turn is."""
        routing = account.routing
        states = {one.worker: _state(one, account) for one in account.tries}
        known = {name: state for name, state in states.items() if state is not None}
        asked = tuple(dict.fromkeys(one.worker for one in account.tries))
        if routing is None:
            return cls(states=known, asked=asked)
        return cls(
            path=shape.path(routing.token),
            shares=shape.shares({one.worker or NOBODY: one.probability for one in routing.candidates}),
            states=known,
            asked=asked or (routing.worker or NOBODY,),
        )


def plan_states(account: Account) -> tuple[State, ...]:
    """Return the state of each step of the plan."""
    states: list[State] = []
    for place in range(1, len(account.plan) + 1):
        tries = [one for one in account.tries if one.place == place]
        if any(one.taken for one in tries):
            states.append("taken")
        elif account.status is None and place == account.place:
            states.append("asked")
        else:
            states.append("passed" if any(one.passed for one in tries) else "waiting")
    return tuple(states)


def _state(one: Try, account: Account) -> State | None:
    """The state of a worker by its last try; None if it was stopped."""
    if one.taken:
        return "taken"
    if one.passed:
        return "passed"
    return "asked" if account.status is None else None
