"""The line above an answer: who was chosen, how sure the master was, who answered in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.drawing.bars import percent

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["RouteLine"]

RUNNERS_UP = 2

Step = tuple[str, str, str]
"""Who was asked, why the answer was not taken, who was asked next (empty: nobody)."""


class RouteLine(Static):
    """``<fn_2> calculator 97 % · math 2 % · units 0 %  exact, from a tool``, and each escalation."""

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._route: Mapping[str, Any] | None = None
        self._worker: str | None = None
        self._exact = False
        self._passed: list[Step] = []

    def show_route(self, route: Mapping[str, Any]) -> None:
        """Show the master's decision, which begins a turn or begins it again."""
        self._route, self._passed = route, []
        self._draw()

    def add_passed(self, step: Step) -> None:
        """Show that an answer was not taken."""
        self._passed.append(step)
        self._draw()

    def show_turn(self, turn: Turn) -> None:
        """Show how a closed turn was answered."""
        self._route, self._worker, self._exact = turn.route, turn.worker, turn.source == "tool"
        following = [*[attempt.worker for attempt in turn.tried[1:]], turn.worker or ""]
        pairs = zip(turn.tried, following, strict=False)  # no attempts leave one name over
        told_below = turn.status in ("abstained", "waiting")  # see going_on.py
        self._passed = [] if told_below else [(attempt.worker, attempt.reason, after) for attempt, after in pairs]
        self._draw()

    def _draw(self) -> None:
        lines = [line for line in (self._decision(), *self._plan(), *map(_passing, self._passed)) if line.plain]
        self.display = bool(lines)
        self.update(Content("\n").join(lines))

    def _plan(self) -> list[Content]:
        """A line for each step, if there are several."""
        steps = self._route["plan"] if self._route is not None else []
        if len(steps) < 2:
            return []
        return [
            Content.assemble(
                f"{place}. ",
                (f"{plain(step['worker'])} {percent(step['probability'])}", "$text"),
                f": {plain(' '.join(step['query'].split()))}",
            )
            for place, step in enumerate(steps, start=1)
        ]

    def _decision(self) -> Content:
        exact = ("   exact, from a tool", "$text-success") if self._exact else ""
        if self._route is None:
            named = Content.assemble((plain(self._worker), "bold"), " asked by name") if self._worker else ""
            return Content.assemble(named, exact)
        chosen = self._route["worker"]
        chance = self._route.get("chances", {}).get(chosen)
        right = "" if chance is None else f"   right with a chance of {percent(chance)}"
        others = [(name, p) for name, p in _ranked(self._route["distribution"]) if name != chosen]
        return Content.assemble(
            (f"{plain(self._route['token'])} ", ""),
            (f"{_called(chosen)} {percent(self._route['probability'])}", "bold $text"),
            ("".join(f" · {_called(name)} {percent(p)}" for name, p in others[:RUNNERS_UP]), ""),
            right,
            exact,
        )


def _passing(step: Step) -> Content:
    worker, reason, following = (plain(part) for part in step)
    onward = f" → {following}" if following else ""
    return Content.assemble("tried ", (worker, "$text"), f": {reason}", (onward, "$text"))


def _ranked(distribution: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(distribution.items(), key=lambda item: (-item[1], item[0]))


def _called(worker: str) -> str:
    from octograph.nodes.master.route import NO_WORKER  # here: numpy is loaded once there is a route

    return "no worker fits" if worker == NO_WORKER else plain(worker)
