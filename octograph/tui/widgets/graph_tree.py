"""The tree of a model graph, with what a turn does on it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from octograph.tui.drawing.lines import Drawing
from octograph.tui.drawing.shape import NOBODY, Row, Shape
from octograph.tui.drawing.strokes import Strokes
from octograph.tui.drawing.walk import Walk

__all__ = ["GraphTree"]


class GraphTree(OptionList):
    """A line for each node; what matters stands at the top, the rest scrolls.

    The cursor follows the worker that is asked as long as the user is elsewhere.

    Parameters
    ----------
    strokes
        What it is drawn with.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False, tooltip="Node above"),
        Binding("down", "cursor_down", "Down", show=False, tooltip="Node below"),
        Binding("enter", "select", "Choose", show=False, tooltip="Choose the node"),
    ]
    DEFAULT_CSS = """
    GraphTree, GraphTree:focus { border: none; padding: 0; background: transparent; background-tint: transparent; }
    GraphTree { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; text-wrap: nowrap;
                scrollbar-background: $background; scrollbar-color: $panel-lighten-2; }
    GraphTree > .option-list--option { padding: 0; }
    GraphTree > .option-list--option-disabled { color: $foreground; }
    GraphTree > .option-list--option-highlighted { background: transparent; text-style: none; }
    GraphTree:focus > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold underline;
    }
    """

    def __init__(self, strokes: Strokes) -> None:
        super().__init__(markup=False)
        self._strokes = strokes
        self._shape = Shape("", ())
        self._walk = Walk()
        self._rows: list[Row] = []

    @property
    def current(self) -> str | None:
        """The node under the cursor."""
        return None if self.highlighted is None else self._rows[self.highlighted].place.name

    def show(self, shape: Shape, walk: Walk) -> None:
        """Show a graph and what a turn does on it."""
        if (shape, walk) == (self._shape, self._walk):
            return
        kept = self.current if self.has_focus else None
        self._shape, self._walk = shape, walk
        self._rows = shape.rows(walk.shares, walk.asked)
        self._draw(kept or (walk.asked[-1] if walk.asked else None))

    def on_resize(self) -> None:
        """Draw anew in the cells that there are now."""
        self._draw(self.current)

    def _draw(self, current: str | None) -> None:
        """Draw all lines; the cursor goes to a node, or to the first."""
        width = self.scrollable_content_region.width
        drawing = Drawing.fitting(self._rows, width, walk=self._walk, strokes=self._strokes)
        self.set_options(Option(drawing.line(row), disabled=row.place.name == NOBODY) for row in self._rows)
        names = [row.place.name for row in self._rows]
        self.highlighted = names.index(current) if current in names else 0 if names else None
