"""How to go on from an answer that was withheld: what was tried, and what can be done now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static

from octograph.tui.drawing.bars import gauge, percent
from octograph.tui.drawing.lines import one_line
from octograph.tui.drawing.strokes import Strokes
from octograph.tui.turns.account import Account, Try
from octograph.tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Attempt, Turn

__all__ = ["GoingOn", "Way", "surest", "ways"]

_GAUGE = 12
"""Cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Something that can be done.

    Attributes
    ----------
    name
        ``"anyway"``, ``"another"`` or ``"documents"``; of a turn that waits, one of `Asked.choices`.
    title
        A word or two.
    about
        What it does.

    """

    name: str
    title: str
    about: str


class GoingOn(Vertical):
    """The workers that were tried, a line each, and the ways to go on.

    Parameters
    ----------
    turn
        The turn, which abstained or waits.
    account
        What is known of it.
    strokes
        What it is drawn with.

    """

    DEFAULT_CSS = """
    GoingOn { height: auto; margin-top: 1; }
    GoingOn > Static { height: auto; margin-bottom: 1; }
    """

    @dataclass
    class Taken(Message):
        """The user wants to go on so."""

        way: Way

    def __init__(self, turn: Turn, account: Account, strokes: Strokes) -> None:
        self._tried = Static()
        self._list = ChoiceList()
        super().__init__(self._tried, self._list)
        self._strokes = strokes
        self._ways: tuple[Way, ...] = ()
        self.show(turn, account)

    def show(self, turn: Turn, account: Account, *, revealed: bool = False) -> None:
        """Show it anew: more is known, or the text that was withheld is shown now."""
        tries = [one for one in account.tries if one.passed]
        name = max((cell_len(one_line(one.worker)) for one in tries), default=0)
        self._tried.update(Content("\n").join(_tried(one, name, self._strokes) for one in tries))
        self._tried.display = bool(tries)
        self._ways = tuple(way for way in ways(turn, account) if not (revealed and way.name == "anyway"))
        title = max(cell_len(way.title) for way in self._ways)
        self._list.show([_line(way, title) for way in self._ways])

    def enter(self) -> None:
        """Go to the ways."""
        self._list.focus()

    @on(OptionList.OptionSelected)
    def take(self, event: OptionList.OptionSelected) -> None:
        """Offer the way under the cursor."""
        event.stop()
        self.post_message(self.Taken(self._ways[event.option_index]))


def surest(turn: Turn, account: Account) -> Attempt | None:
    """Return the answer that was withheld and counts as the surest: as it was judged, else by its ``g``."""
    judged = {} if account.judged is None else account.judged.means

    def sureness(attempt: Attempt) -> tuple[float, float]:
        g = -math.inf if attempt.score is None else attempt.score
        return judged.get(attempt.worker, -math.inf), g

    withheld = [one for one in turn.tried if one.text and one.step == turn.tried[-1].step]
    return max(withheld, key=sureness, default=None)


def ways(turn: Turn, account: Account) -> tuple[Way, ...]:
    """Return what can be done about a turn that abstained or waits."""
    best = surest(turn, account)
    if turn.status == "waiting":
        from octograph.agents.limits import ABSTAIN, ANSWER  # here: where there is a turn, the agents are loaded

        whose = "above" if best is None else f"of {one_line(best.worker)}"
        known = {
            ANSWER: Way(name=ANSWER, title="Take it", about=f"take the answer {whose}, not sure as it is"),
            ABSTAIN: Way(name=ABSTAIN, title="Leave it", about="the answer is that nobody knows"),
        }
        return tuple(known.get(choice) or _worker(choice, account) for choice in account.choices)
    found = []
    if best is not None:
        about = f"show what {one_line(best.worker)} wrote, not sure as it is"
        found.append(Way(name="anyway", title="Answer anyway", about=about))
    found.append(Way(name="another", title="Ask another", about="choose who answers"))
    found.append(Way(name="documents", title="Add documents", about="for the answer to be looked up in"))
    return tuple(found)


def _worker(name: str, account: Account) -> Way:
    candidates = () if account.routing is None else account.routing.candidates
    shares = (f"the master gave it {percent(one.probability)}" for one in candidates if one.worker == name)
    return Way(name=name, title=f"Ask {one_line(name)}", about=next(shares, ""))


def _tried(one: Try, width: int, strokes: Strokes) -> Content:
    """Who was asked, and how sure the answer was or what else was wrong with it."""
    worker = one_line(one.worker)
    head = f"{strokes.passed} {worker}{' ' * (width - cell_len(worker))}  "
    sureness = one.sureness
    if sureness is None or sureness.tau is None:
        return Content.assemble((head, "bold"), one_line(one.problem or ""))
    scale = gauge(sureness.g, sureness.tau, _GAUGE, strokes)
    return Content.assemble(
        (head, "bold"),
        "not sure enough: g ",
        f"{sureness.g:.2f} ",
        (scale, "$text-warning"),
        f" tau {sureness.tau:.2f}",
    )


def _line(way: Way, width: int) -> Content:
    return Content.assemble(
        (f"{way.title}{' ' * (width - cell_len(way.title))}", "bold"), (f"  {way.about}", "$text-muted")
    )
