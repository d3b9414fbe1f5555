"""The entries of a transcript, one below the other, with room for those that have no widgets."""

from __future__ import annotations

from textual.containers import Vertical
from textual.geometry import Size
from textual.layout import WidgetPlacement
from textual.widget import Widget

from octograph.tui.widgets.entries import Entries

__all__ = ["Column"]


class Column(Vertical):
    """Stacks what has widgets where it would stand if everything had.

    Parameters
    ----------
    entries
        What there is, and how high each is.

    """

    def __init__(self, entries: Entries) -> None:
        super().__init__(id="turns")
        self._entries = entries

    def process_layout(self, placements: list[WidgetPlacement]) -> list[WidgetPlacement]:
        """Move each down by the lines of all entries without widgets before it."""
        blank: dict[Widget, int] = dict(self._entries.blank_above())
        return [each._replace(region=each.region.translate((0, blank.get(each.widget, 0)))) for each in placements]

    def measure(self, size: Size) -> bool:
        """Note how high the entries are in the layout of a size, which has been made already; True if that is new."""
        heights: dict[Widget, int] = {each.widget: each.region.height for each in self.arrange(size).placements}
        before = self._entries.height
        for entry in self._entries:
            if entry.exchange is not None:
                entry.lines = heights.get(entry.exchange, entry.lines)
        return self._entries.height != before
