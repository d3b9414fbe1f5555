"""The side pane: the model graph, and what a turn does on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList, Static

from octograph.tui.drawing.progress import Progress
from octograph.tui.drawing.shape import Shape
from octograph.tui.drawing.strokes import Strokes, terminal_strokes
from octograph.tui.drawing.walk import Walk
from octograph.tui.turns.account import Account
from octograph.tui.turns.speed import Speed
from octograph.tui.widgets.graph_tree import GraphTree

if TYPE_CHECKING:  # see octograph.tui.drawing.shape
    from octograph.graph import ModelGraph

__all__ = ["GraphPane"]

BETWEEN_PAINTS = 0.25
"""Seconds; painting for each token would take the cores that the model needs."""


class GraphPane(Vertical, can_focus=False):
    """The decision, the graph, and how far the turn is, one below the other.

    While the user is in it, the last part tells about the node under the cursor instead.

    Parameters
    ----------
    strokes
        What is drawn with; None for what the terminal can show.
    clock
        Seconds from anywhere, for the speed of a text that is being written.

    """

    DEFAULT_CSS = """
    GraphPane { width: 44%; min-width: 30; max-width: 46; height: 1fr; padding: 0 0 0 1;
                border-left: vkey $panel-lighten-2; }
    GraphPane:focus-within { border-left: outer $primary; }
    GraphPane > Static { height: auto; }
    GraphPane > .decision { max-height: 6; padding-right: 1; text-wrap: nowrap; }
    GraphPane > .state { max-height: 6; margin-top: 1; padding-right: 1; }
    """

    @dataclass
    class Selected(Message):
        """The user chose a node of the graph."""

        node: str

    def __init__(self, *, strokes: Strokes | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._strokes = strokes or terminal_strokes()
        self._speed = Speed(clock)
        self._shape = Shape("", ())
        self._account = Account()
        self._rate: float | None = None
        self._timer: Timer | None = None
        self._stale = False
        self._decision = Static(classes="decision")
        self._tree = GraphTree(self._strokes)
        self._state = Static(classes="state")

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield self._decision
        yield self._tree
        yield self._state

    def show_graph(self, graph: ModelGraph) -> None:
        """Show a graph."""
        self._shape = Shape.of(graph)
        self._paint()

    def show(self, account: Account) -> None:
        """Show a turn; `Account()` for none. What comes at once is painted together."""
        self._account = account
        self._rate = self._speed.of(account)
        if self._timer is None:
            self._paint()
            self._timer = self.set_timer(BETWEEN_PAINTS, self._paint_rest)
        else:
            self._stale = True

    def on_resize(self) -> None:
        """Paint in the cells that there are now."""
        self._paint()

    def on_descendant_focus(self) -> None:
        """Tell about the node under the cursor."""
        self._paint_state()

    def on_descendant_blur(self) -> None:
        """Tell about the turn."""
        self._paint_state()

    @on(OptionList.OptionHighlighted)
    def follow(self, event: OptionList.OptionHighlighted) -> None:
        """Tell about the node under the cursor."""
        event.stop()
        self._paint_state()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Say which node the user chose."""
        event.stop()
        if self._tree.current is not None:
            self.post_message(self.Selected(self._tree.current))

    def _paint_rest(self) -> None:
        self._timer = None
        if self._stale:
            self._paint()

    def _paint(self) -> None:
        self._stale = False
        self._tree.show(self._shape, Walk.of(self._account, self._shape))
        _fill(self._decision, self._progress.decision())
        self._paint_state()

    def _paint_state(self) -> None:
        place = None if self._tree.current is None else self._shape.place(self._tree.current)
        if self._tree.has_focus and place is not None:
            _fill(self._state, self._progress.node(place))
        else:
            _fill(self._state, self._progress.state(self._rate))

    @property
    def _progress(self) -> Progress:
        return Progress(self._account, self._tree.scrollable_content_region.width, self._strokes)


def _fill(part: Static, lines: list[Content]) -> None:
    """Show lines, or hide what has none; the screen is laid out anew only if that may change the height."""
    new, old = Content("\n").join(lines), part.content
    part.display = bool(lines)
    width = part.content_size.width
    part.update(new, layout=not (isinstance(old, Content) and _height(new, width) == _height(old, width) is not None))


def _height(content: Content, width: int) -> int | None:
    """How many lines it takes, None if one of them may be broken."""
    lines = content.split("\n")
    return len(lines) if all(line.cell_length <= width for line in lines) else None
