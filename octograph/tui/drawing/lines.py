"""A line of the graph's drawing, in so many cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from octograph.terminal import plain
from octograph.tui.drawing.bars import bar, percent
from octograph.tui.drawing.shape import NOBODY, Row
from octograph.tui.drawing.strokes import Strokes
from octograph.tui.drawing.walk import State, Walk

if TYPE_CHECKING:  # see octograph.tui.drawing.shape
    from octograph.graph import EdgeKind

__all__ = ["Drawing", "cut", "mark_of", "named", "one_line"]

PERCENT = 6
"""Cells of ``100 %`` and of the space before it."""
SHORTEST_BAR, LONGEST_BAR = 4, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How lines are drawn beneath each other: the tree and the names, a space, the bars, the percentages.

    Attributes
    ----------
    labels, bars
        Cells of the names with what stands before and behind them, and of the bars.
    walk
        What the turn has done.
    strokes
        What is drawn with.

    """

    labels: int
    bars: int
    walk: Walk
    strokes: Strokes

    @classmethod
    def fitting(cls, rows: Sequence[Row], width: int, *, walk: Walk, strokes: Strokes) -> Drawing:
        """Return one whose lines have so many cells, with as much of the names as leaves room for a bar."""
        room = width - PERCENT - 1
        whole = cls(labels=0, bars=0, walk=walk, strokes=strokes)
        wanted = max((cell_len("".join(whole._label(row, long=True))) for row in rows), default=0)
        bars = min(max(room - wanted, SHORTEST_BAR), LONGEST_BAR)
        return cls(labels=max(room - bars, 0), bars=bars, walk=walk, strokes=strokes)

    def line(self, row: Row) -> Content:
        """Return a line."""
        head, name, marks = self._fitted(row)
        place, chosen = row.place, self._is_chosen(row)
        loud = chosen or place.source is None or self.walk.states.get(place.name) == "asked"
        padding = " " * (self.labels - cell_len(head + name + marks) + 1)
        share = self.walk.shares.get(place.name) if place.source is not None else None
        if share is not None:
            right = f"{bar(share, self.bars, self.strokes)}{percent(share):>{PERCENT}}"
        else:
            token = "" if self.walk.shares else place.token or ""
            right = f"{token:>{self.bars + PERCENT}}"
        return Content.assemble(
            (head, "bold $text-accent" if chosen else "dim"),
            (name, "bold" if loud else ""),
            (marks, "dim"),
            padding,
            (right, "bold $text-accent" if chosen else "dim"),
        )

    def _fitted(self, row: Row) -> tuple[str, str, str]:
        """The label in its column: if need be without the ends of the marked edges, then with the name cut off."""
        head, name, marks = self._label(row, long=True)
        if cell_len(head + name + marks) > self.labels:
            head, name, marks = self._label(row, long=False)
        return head, cut(name, self.labels - cell_len(head + marks), self.strokes), marks

    def _label(self, row: Row, *, long: bool) -> tuple[str, str, str]:
        """What stands before the name, the name, and the marked edges behind it."""
        edges = {"escalates_to": self.strokes.escalates, "reads": self.strokes.reads}
        ends = [f"{edges.get(kind, '')}{one_line(name) if long else ''}" for kind, name in row.place.marks]
        marks = "".join(f" {end}" for end in ends) if long else f" {''.join(dict.fromkeys(ends))}" if ends else ""
        return self._head(row), named(row.place.name), marks

    def _head(self, row: Row) -> str:
        strokes, place, chosen = self.strokes, row.place, self._is_chosen(row)
        state = self.walk.states.get(place.name)
        if place.source is None:
            return "" if state is None else f"{mark_of(state, strokes)} "
        rails = "".join(f"{strokes.rail if rail else ' '} " for rail in row.rails)
        line = strokes.chosen_line if chosen else _line(place.edge, strokes)
        if chosen:
            corner = strokes.chosen_corner if row.last else strokes.chosen_tee
        else:
            corner = strokes.corner if row.last else strokes.tee
        end = strokes.chosen if chosen else strokes.line if place.edge == "routes_to" else " "
        return f"{rails}{corner}{line}{end if state is None else mark_of(state, strokes)} "

    def _is_chosen(self, row: Row) -> bool:
        return row.place in self.walk.path


def cut(text: str, cells: int, strokes: Strokes) -> str:
    """Return text of so many cells at most."""
    if cell_len(text) <= cells:
        return text
    return f"{set_cell_size(text, cells - 1)}{strokes.ellipsis}" if cells > 0 else ""


def mark_of(state: State, strokes: Strokes) -> str:
    """Return the mark of a state."""
    marks: Mapping[State, str] = {
        "waiting": strokes.waiting,
        "asked": strokes.asked,
        "passed": strokes.passed,
        "taken": strokes.taken,
    }
    return marks[state]


def named(worker: str) -> str:
    """Return a node's name for people."""
    return "no worker fits" if worker == NOBODY else one_line(worker)


def one_line(text: str) -> str:
    """Return text on one line, without what a terminal would obey."""
    return " ".join(plain(text).split())


def _line(edge: EdgeKind | None, strokes: Strokes) -> str:
    lines: Mapping[EdgeKind | None, str] = {"escalates_to": strokes.escalates, "reads": strokes.reads}
    return lines.get(edge, strokes.line)
