"""The entries of a transcript, one below the other, with room for those that have no widgets."""

from __future__ import annotations

from typing import Self

from textual.containers import Vertical
from textual.geometry import Region
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

    Attributes
    ----------
    changed
        Set when heights have changed.

    """

    def __init__(self, entries: Entries) -> None:
        super().__init__(id="turns")
        self.changed = False
        self._entries = entries

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Lay out without a repaint: there is nothing to paint but the entries, which know it themselves."""
        return super().refresh(*regions, repaint=repaint and not layout, layout=layout, recompose=recompose)

    def process_layout(self, placements: list[WidgetPlacement]) -> list[WidgetPlacement]:
        """Move each down by the lines of all entries without widgets before it."""
        self.changed = self._entries.measure({each.widget: each.region.height for each in placements}) or self.changed
        blank: dict[Widget, int] = dict(self._entries.blank_above())
        return [each._replace(region=each.region.translate((0, blank.get(each.widget, 0)))) for each in placements]
