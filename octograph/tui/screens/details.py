"""Why this model: everything about one turn, to be opened and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets.collapsible import CollapsibleTitle

from octograph.tui.drawing.sections import parts
from octograph.tui.drawing.strokes import Strokes, terminal_strokes
from octograph.tui.turns.account import Account
from octograph.tui.widgets.section import Section

if TYPE_CHECKING:  # see octograph.tui.drawing.shape
    from octograph.graph import ModelGraph

__all__ = ["DetailsScreen"]


class DetailsScreen(ModalScreen[None]):
    """Sections over the account of a turn.

    Up and down go to the next title if it is in sight, and scroll towards it otherwise.

    Parameters
    ----------
    account
        The turn.
    graph
        Tells what workers are for; None to do without.
    strokes
        What it is drawn with; None for what the terminal can show.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", priority=True, show=False, tooltip="Title above"),
        Binding("down", "move(1)", "Down", priority=True, show=False, tooltip="Title below"),
        Binding("pageup", "page(-1)", "Page up", priority=True, show=False, tooltip="Scroll up"),
        Binding("pagedown", "page(1)", "Page down", priority=True, show=False, tooltip="Scroll down"),
        Binding("escape,q", "dismiss", "Close", tooltip="Close"),
    ]
    DEFAULT_CSS = """
    DetailsScreen { align: center middle; }
    DetailsScreen > VerticalScroll { width: 100%; max-width: 96; height: auto; max-height: 100%; padding: 0 1;
                                     border: round $primary; background: $surface; scrollbar-size-vertical: 1;
                                     scrollbar-background: $surface; scrollbar-color: $panel-lighten-2; }
    """

    def __init__(self, account: Account, *, graph: ModelGraph | None = None, strokes: Strokes | None = None) -> None:
        super().__init__()
        self._account = account
        self._graph = graph
        self._strokes = strokes or terminal_strokes()

    def compose(self) -> ComposeResult:
        """Make the sections."""
        with VerticalScroll(can_focus=False) as dialog:
            dialog.border_title = "Why this model?"
            dialog.border_subtitle = "enter opens, esc closes"
            for part in parts(self._account, self._graph, self._strokes):
                yield Section(part, self._strokes)

    def action_move(self, direction: int) -> None:
        """Go to the next title in sight, or scroll towards it."""
        titles = [each for each in self.focus_chain if isinstance(each, CollapsibleTitle)]
        at = next((place for place, each in enumerate(titles) if each.has_focus), -1)
        beyond = titles[at + 1 :] if direction > 0 else titles[: max(at, 0)][::-1]
        following = next((each for each in beyond if self._dialog.region.contains_region(each.region)), None)
        if following is not None:
            following.focus()
        else:
            self._dialog.scroll_relative(y=direction, animate=False)

    def action_page(self, direction: int) -> None:
        """Scroll by a page."""
        if direction < 0:
            self._dialog.scroll_page_up(animate=False)
        else:
            self._dialog.scroll_page_down(animate=False)

    @property
    def _dialog(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)
