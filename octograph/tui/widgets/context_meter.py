"""How full the model's context is, and what makes room in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widgets import Static

from octograph.tui.control.keys import key_name
from octograph.tui.drawing.bars import bar
from octograph.tui.drawing.strokes import Strokes, terminal_strokes

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents.context import ContextUse

__all__ = ["KEPT", "ContextMeter"]

KEPT: Final = 4
"""Turns that are still shown to models when the user compacts a conversation."""
NEARLY_FULL: Final = 0.75
BAR: Final = 8
"""Cells of the bar."""


class ContextMeter(Static):
    """``context 1,240 of 8,192`` and a bar, on one line; not there as long as nothing is known.

    Parameters
    ----------
    strokes
        What the bar is drawn with; None for what the terminal can show.

    """

    DEFAULT_CSS = """
    ContextMeter { height: 1; max-width: 112; padding: 0 2; color: $text-muted; text-wrap: nowrap;
                   text-overflow: ellipsis; }
    ContextMeter.-nearly-full { color: $text-warning; }
    """

    def __init__(self, *, strokes: Strokes | None = None) -> None:
        super().__init__()
        self._strokes = strokes or terminal_strokes()
        self.display = False

    def show(self, use: ContextUse | None) -> None:
        """Show how full it is, None for nothing."""
        self.display = use is not None
        if use is None:
            return
        share = use.tokens / use.limit
        drawn = bar(share, BAR, self._strokes).replace(" ", self._strokes.track)
        remark = self._offer(use) if share >= NEARLY_FULL else _left_out(use)
        self.set_class(share >= NEARLY_FULL, "-nearly-full")
        self.update(Content(f"context {use.tokens:,} of {use.limit:,} {drawn} {remark}".rstrip()))

    def _offer(self, use: ContextUse) -> str:
        fullness = "nearly full" if use.room else "full"
        if use.shown <= KEPT:
            return f"{fullness}: a new thread has room"
        key = self._key
        return f"{fullness}: {f'{key} keeps' if key else 'compact to'} the last {KEPT} turns"

    @property
    def _key(self) -> str | None:
        """The key that compacts on this screen, if one does."""
        bound = self.screen.active_bindings.values()
        return next((key_name(each.binding.key) for each in bound if each.binding.action == "compact"), None)


def _left_out(use: ContextUse) -> str:
    turns = "turn is" if use.hidden == 1 else "turns are"
    return f"{use.hidden:,} earlier {turns} left out" if use.hidden else ""
