"""Where a turn stands, in a few words: for the lines around the drawn graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from octograph.tui.drawing.bars import gauge, percent
from octograph.tui.drawing.lines import cut, mark_of, named, one_line
from octograph.tui.drawing.shape import NOBODY, Place
from octograph.tui.drawing.strokes import Strokes
from octograph.tui.drawing.walk import plan_states
from octograph.tui.turns.account import Account, Sureness

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents.events import StepName
    from octograph.agents.turn import Status

__all__ = ["Progress"]

PLAN_LINES: Final = 4
"""Steps of a plan that are shown; of more, those around the one that is asked."""
SHORTEST_GAUGE: Final = 6

_DOING: Final[Mapping[StepName, str]] = {
    "route": "choosing a worker",
    "retrieve": "{worker} reads",
    "structure": "{worker} plans",
    "generate": "{worker} writes",
    "evaluate": "weighing the answer",
    "judge": "comparing the answers",
}
_ENDED: Final[Mapping[Status, str]] = {
    "abstained": "abstained",
    "cancelled": "stopped",
    "failed": "failed",
    "interrupted": "interrupted",
    "waiting": "not sure enough: you choose",
}
_EDGES: Final = {"escalates_to": "passes on to", "reads": "reads", "routes_to": "chooses", "follows": "then"}


class Progress:
    """Says it in lines of so many cells.

    Parameters
    ----------
    account
        The turn.
    width
        Cells of a line.
    strokes
        What is drawn with.

    """

    def __init__(self, account: Account, width: int, strokes: Strokes) -> None:
        self._account = account
        self._width = width
        self._strokes = strokes

    def decision(self) -> list[Content]:
        """The functional token and its probability, and the steps of the plan."""
        routing, current = self._account.routing, self._account.current
        if routing is None:
            if current is None:
                return []
            return [Content.assemble((one_line(current.worker), "bold"), " asked by name")]
        chosen = routing.chosen
        chance = None if chosen is None else chosen.chance
        lines = [
            Content.assemble(
                (f"{one_line(routing.token)} ", "dim"),
                (f"{named(routing.worker or NOBODY)} {percent(routing.probability)}", "bold"),
            )
        ]
        if chance is not None:
            lines.append(Content.styled(f"right with a chance of {percent(chance)}", "dim"))
        return [*lines, *self._plan()]

    def state(self, tokens_per_second: float | None) -> list[Content]:
        """What is done or how it ended, how sure one may be, and how fast it went.

        Parameters
        ----------
        tokens_per_second
            Of a text that is being written.

        """
        if self._account == Account():
            return []
        lines = [self._doing(), self._sureness(), Content(self._figures(tokens_per_second))]
        return [line for line in lines if line.plain]

    def node(self, place: Place) -> list[Content]:
        """What a node is for, and where its further edges lead."""
        edges = [f"{_EDGES[kind]} {one_line(name)}" for kind, name in place.marks]
        kind = "" if place.kind in ("worker", None) else f", {place.kind}"
        lines = [Content.assemble((named(place.name), "bold"), kind), Content(one_line(place.about))]
        return [line for line in (*lines, Content.styled("; ".join(edges), "dim")) if line.plain]

    def _plan(self) -> list[Content]:
        plan, states = self._account.plan, plan_states(self._account)
        first = min(max(self._account.place - PLAN_LINES // 2, 0), max(len(plan) - PLAN_LINES, 0))
        lines = []
        for place, (step, state) in enumerate(zip(plan, states, strict=True), start=1):
            if not first < place <= first + PLAN_LINES:
                continue
            now = state == "asked"
            who = f"{place} {mark_of(state, self._strokes)} {one_line(step.worker)} "
            query = cut(one_line(step.query), self._width - 1 - cell_len(who), self._strokes)
            lines.append(Content.assemble((who, "bold" if now else ""), (query, "dim")))
        return lines

    def _doing(self) -> Content:
        account, strokes = self._account, self._strokes
        current = account.answer if account.status == "answered" else account.current
        worker = "" if current is None else one_line(current.worker)
        of_plan = f", step {account.place} of {len(account.plan)}" if account.plan and account.status is None else ""
        if account.status == "answered":
            exact = ", exact" if current is not None and current.source == "tool" else ""
            return Content.styled(f"{strokes.taken} {worker} answered{exact}", "bold")
        if account.status is not None:
            return Content.styled(f"{strokes.waiting} {_ENDED[account.status]}", "bold")
        doing = _DOING.get(account.step, "") if account.step is not None else ""
        return Content.styled(
            f"{strokes.asked} {(doing or '{worker} is asked').format(worker=worker)}{of_plan}", "bold"
        )

    def _sureness(self) -> Content:
        one = self._account.answer or self._account.current
        return Content("") if one is None or one.sureness is None else self._gauge(one.sureness)

    def _gauge(self, sureness: Sureness) -> Content:
        """``g`` on a scale with its threshold, which a mark says to be reached or not."""
        before = f"g {sureness.g:.2f} "
        if sureness.tau is None:
            return Content(before.strip())
        mark = self._strokes.taken if sureness.enough else self._strokes.passed
        behind = f" {mark} tau {sureness.tau:.2f}"
        width = max(self._width - cell_len(before + behind), SHORTEST_GAUGE)
        style = "$text-accent" if sureness.enough else "$text-warning"
        scale = gauge(sureness.g, sureness.tau, width, self._strokes)
        return Content.assemble(before, (scale, style), (behind, "bold"))

    def _figures(self, tokens_per_second: float | None) -> str:
        account = self._account
        current = account.answer or account.current
        known = None if current is None else current.tokens_per_second
        parts = []
        if account.written:
            parts.append(f"{account.written} tokens")
        if known is not None:
            parts.append(f"{known:.1f} tokens/s")
        elif tokens_per_second is not None:
            parts.append(f"{self._strokes.about} {tokens_per_second:.1f} tokens/s")
        if account.total is not None:
            parts.append(f"{account.total:.1f} s")
        return ", ".join(parts)
