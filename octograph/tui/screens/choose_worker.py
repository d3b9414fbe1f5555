"""Which worker is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from octograph.tui.drawing.bars import bar, percent
from octograph.tui.drawing.lines import cut, one_line
from octograph.tui.drawing.strokes import Strokes, terminal_strokes
from octograph.tui.turns.account import Account
from octograph.tui.widgets.choice_list import ChoiceList
from octograph.tui.widgets.filter_input import FilterInput

if TYPE_CHECKING:  # see octograph.tui.drawing.shape
    from octograph.graph import ModelGraph

__all__ = ["ChooseWorkerScreen", "Offered"]

LONGEST_NAME, BAR, PERCENT = 18, 6, 6
"""Cells."""
_AROUND = 4
"""Lines of the border, and of what stands above the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A worker that can be chosen.

    Attributes
    ----------
    name
        The worker.
    about
        What it is for.
    probability
        That the query is its, as the master found; None if it was not asked.

    """

    name: str
    about: str = ""
    probability: float | None = None

    @classmethod
    def all_of(
        cls, graph: ModelGraph, account: Account | None = None, *, but: str | None = None
    ) -> tuple[Offered, ...]:
        """Return the workers of a graph, the likeliest first.

        Parameters
        ----------
        graph
            The model graph.
        account
            The turn for which the master said how likely each is, if there is one.
        but
            A worker that is left out.

        """
        routing = None if account is None else account.routing
        shares = {} if routing is None else {one.worker: one.probability for one in routing.candidates}
        workers = (
            cls(name=one.name, about=one.description, probability=shares.get(one.name))
            for one in graph.workers()
            if one.name != but
        )
        return tuple(sorted(workers, key=lambda one: -(one.probability or 0.0)))


class ChooseWorkerScreen(ModalScreen[str | None]):
    """A list of workers that gets shorter as one types; returns the name of the one that is chosen.

    Parameters
    ----------
    workers
        Who can be chosen.
    title
        What the choice is for.
    strokes
        What it is drawn with; None for what the terminal can show.

    """

    AUTO_FOCUS: ClassVar[str] = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, tooltip="Worker above"),
        Binding("down", "move(1)", "Down", show=False, tooltip="Worker below"),
        Binding("escape", "dismiss", "Close", tooltip="Choose nobody"),
    ]
    DEFAULT_CSS = """
    ChooseWorkerScreen { align: center middle; }
    ChooseWorkerScreen > Vertical { width: 100%; max-width: 96; max-height: 100%; padding: 0 1;
                                    border: round $primary; background: $surface;
                                    border-subtitle-color: $text-muted; }
    ChooseWorkerScreen ChoiceList { height: 1fr; scrollbar-size-vertical: 1; scrollbar-background: $surface;
                                    scrollbar-color: $panel-lighten-2; }
    ChooseWorkerScreen ChoiceList > .option-list--option-highlighted {
        color: $block-cursor-foreground; background: $block-cursor-background; text-style: $block-cursor-text-style; }
    ChooseWorkerScreen #nobody { color: $text-muted; }
    """

    def __init__(self, workers: Sequence[Offered], *, title: str, strokes: Strokes | None = None) -> None:
        super().__init__()
        self._workers = tuple(workers)
        self._title = title
        self._strokes = strokes or terminal_strokes()
        self._shown = self._workers

    def compose(self) -> ComposeResult:
        """Make the line to type in, and the list."""
        with Vertical() as dialog:
            dialog.styles.height = len(self._workers) + _AROUND  # whatever is typed
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "↑ ↓   enter chooses, esc closes"
            yield FilterInput("Type a part of a name or of what it is for")
            yield Static(Content("No worker has all of that."), id="nobody")
            workers = ChoiceList()
            workers.can_focus = False
            yield workers

    def on_resize(self) -> None:
        """Show as much of what they are for as there is room for now."""
        self._show()

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show those that have all words of what was typed."""
        event.stop()
        words = event.value.casefold().split()
        self._shown = tuple(
            one for one in self._workers if all(word in f"{one.name} {one.about}".casefold() for word in words)
        )
        self._show()

    @on(Input.Submitted)
    def choose(self, event: Input.Submitted) -> None:
        """Return the worker under the cursor."""
        event.stop()
        at = self.query_one(ChoiceList).highlighted
        if at is not None:
            self.dismiss(self._shown[at].name)

    @on(OptionList.OptionSelected)
    def click(self, event: OptionList.OptionSelected) -> None:
        """Return the worker that was clicked."""
        event.stop()
        self.dismiss(self._shown[event.option_index].name)

    def action_move(self, direction: int) -> None:
        """Go to the worker above or below."""
        workers = self.query_one(ChoiceList)
        if direction < 0:
            workers.action_cursor_up()
        else:
            workers.action_cursor_down()

    def _show(self) -> None:
        workers = self.query_one(ChoiceList)
        width = workers.container_size.width - workers.gutter.width - 1
        names = min(max((cell_len(one_line(one.name)) for one in self._workers), default=0), LONGEST_NAME)
        workers.show([self._line(one, names, width) for one in self._shown])
        self.query_one("#nobody").display = not self._shown

    def _line(self, one: Offered, names: int, width: int) -> Content:
        name = cut(one_line(one.name), names, self._strokes)
        name += " " * (names - cell_len(name))
        share = "" if one.probability is None else bar(one.probability, BAR, self._strokes)
        likely = "" if one.probability is None else percent(one.probability)
        about = cut(one_line(one.about), max(width - names - BAR - PERCENT - 3, 0), self._strokes)
        return Content.assemble((name, "bold"), f" {share:<{BAR}}{likely:>{PERCENT}}  ", (about, "$text-muted"))
