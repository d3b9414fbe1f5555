"""Two conversations side by side, which scroll as one."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from octograph.tui.drawing.strokes import Strokes, terminal_strokes
from octograph.tui.threads.comparing import Compared, Shown, compared

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Comparison"]


class Comparison(ScrollView, can_focus=True):
    """Draws the lines that are in sight; they are broken in a thread, as conversations may be long.

    Parameters
    ----------
    strokes
        What it is drawn with; None for what the terminal can show.

    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "turn(1)", "Next turn", tooltip="Turn below"),
        Binding("p", "turn(-1)", "Previous turn", show=False, tooltip="Turn above"),
        Binding("d", "parting", "Parting", tooltip="Go to where they part"),
    ]
    DEFAULT_CSS = """
    Comparison { height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
                 scrollbar-background: $background; scrollbar-color: $panel-lighten-2; }
    """

    def __init__(self, *, strokes: Strokes | None = None) -> None:
        super().__init__()
        self._strokes = strokes or terminal_strokes()
        self._left: Sequence[Turn] = ()
        self._right: Sequence[Turn] = ()
        self._shown: Shown = "both"
        self._compared = Compared()
        self._fresh = False

    def show(self, left: Sequence[Turn], right: Sequence[Turn]) -> None:
        """Show two conversations from the turn on at which they part."""
        self._left, self._right, self._fresh = left, right, True
        self._lay()

    def only(self, shown: Shown) -> None:
        """Show one of them or both; the turn at the upper edge stays there."""
        if shown != self._shown:
            self._shown = shown
            self._lay()

    def on_resize(self) -> None:
        """Break the lines anew."""
        self._lay()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if place >= len(self._compared.lines):
            return Strip.blank(width, self.rich_style)
        (strip,) = Visual.to_strips(self, self._compared.lines[place], width, 1, self.visual_style, pad=True)
        return strip

    def action_turn(self, direction: int) -> None:
        """Go to the next turn, or to the one before."""
        turns, top = self._compared.turns, round(self.scroll_y)
        following = bisect_right(turns, top) if direction > 0 else bisect_left(turns, top) - 1
        if 0 <= following < len(turns):
            self._go_to(turns[following])

    def action_parting(self) -> None:
        """Go to where they part."""
        self._go_to(self._compared.parting)

    def _go_to(self, line: int) -> None:
        self.scroll_to(y=line, animate=False, force=True)  # the scrollbar may not be there yet

    @work(exclusive=True, group="lay")
    async def _lay(self) -> None:
        width = self.scrollable_content_region.width
        laid = await asyncio.to_thread(
            compared, self._left, self._right, width=width, shown=self._shown, strokes=self._strokes
        )
        before, top = self._compared.marks, round(self.scroll_y)
        mark = bisect_right(before, top) - 1
        self._compared = laid
        self.virtual_size = Size(width, len(laid.lines))
        if self._fresh:
            self._fresh = False
            self.action_parting()
        elif mark >= 0:
            self._go_to(laid.marks[mark] + top - before[mark])
        self.refresh()
