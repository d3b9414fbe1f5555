"""The entries of a transcript and how high they are, with widgets or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.widget import Widget

from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.exchange import Exchange
from octograph.tui.widgets.foot import Rating
from octograph.tui.widgets.question import Question

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Entries", "Entry", "estimate"]

_SPACE = 4
"""The route's line and the empty ones around question and answer."""


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """A turn or a note.

    Attributes
    ----------
    turn, rating, account
        What its widgets can be made of while it has none.
    exchange
        Its widgets, None far from what the user reads.
    lines
        How high they are: measured or, if they were never laid out at this width, estimated.

    """

    turn: Turn | None = None
    rating: Rating | None = None
    account: Account | None = None
    exchange: Exchange | None = None
    lines: int = 0

    @property
    def closed(self) -> Turn | None:
        """The turn, if it is one and has ended."""
        return self.turn if self.exchange is None else self.exchange.turn

    def make(self, *, resumable: bool = False) -> Exchange | None:
        """Make its widgets, None for a note."""
        if self.turn is None:
            return None
        answer = Answer(self.turn, resumable=resumable, rating=self.rating)
        if self.account is not None:
            answer.show_account(self.account)
        self.exchange = Exchange(Question(self.turn.query), answer)
        return self.exchange

    def drop(self) -> Exchange | None:
        """Remember what its widgets can be made of, and return them to be removed."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None and exchange.answer is not None:
            answer = exchange.answer
            self.turn, self.rating, self.account = answer.turn, answer.rating, answer.account
        return exchange

    @property
    def is_turn(self) -> bool:
        """Whether this is a turn, ended or not, and no note."""
        return self.turn is not None or (self.exchange is not None and self.exchange.answer is not None)


class Entries:
    """All of a conversation, oldest first; lines are counted from the top of the first one.

    Attributes
    ----------
    place
        What is read: the entry at the upper edge of the screen, and which of its lines is there; None for the end.

    Examples
    --------
    >>> entries = Entries()
    >>> first, second = Entry(lines=7), Entry(lines=5)
    >>> entries.add_above([first, second])
    >>> entries.at(8) == (second, 1)
    True
    >>> entries.top(second)
    7

    """

    def __init__(self) -> None:
        self.place: tuple[Entry, int] | None = None
        self._all: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def latest(self) -> Entry | None:
        """The last one that is a turn, ended or not."""
        return next((entry for entry in reversed(self._all) if entry.is_turn), None)

    @property
    def height(self) -> int:
        """Lines of all."""
        return sum(entry.lines for entry in self._all)

    def add(self, entry: Entry) -> None:
        """Put one at the end."""
        self._all.append(entry)

    def add_above(self, entries: Iterable[Entry]) -> None:
        """Put some before those that are there."""
        self._all[:0] = entries

    def clear(self) -> None:
        """Forget all."""
        self._all.clear()
        self.place = None

    def measure(self, heights: Mapping[Widget, int]) -> bool:
        """Note how high those with widgets are now, and return whether that is new.

        What is read keeps its place, if there are entries without widgets above it: they were estimated, and what was
        wrong about those that have widgets now is taken from the next ones.
        """
        before = self.place[0] if self.place is not None else self._all[-1] if self._all else None
        above, changed, wrong = False, False, 0
        for entry in reversed(self._all):
            if entry.exchange is None:
                lines = max(1, entry.lines - wrong)
                wrong -= entry.lines - lines
            else:
                lines = heights.get(entry.exchange, entry.lines)
                changed = changed or lines != entry.lines
                wrong += lines - entry.lines if above else 0
            entry.lines = lines
            above = above or entry is before
        return changed

    def find(self, turn: str) -> Entry | None:
        """Return the one that shows a turn."""
        return next((entry for entry in self._all if entry.closed is not None and entry.closed.id == turn), None)

    def placed(self) -> Iterator[tuple[Entry, int]]:
        """Yield each with the line at which it begins."""
        line = 0
        for entry in self._all:
            yield entry, line
            line += entry.lines

    def top(self, wanted: Entry) -> int:
        """Return the line at which one begins."""
        return next(line for entry, line in self.placed() if entry is wanted)

    def at(self, line: int) -> tuple[Entry, int] | None:
        """Return who has a line, and which of its lines that is; the nearest one for a line outside; None if empty."""
        found = None
        for entry, top in self.placed():
            if found is not None and line < top:
                break
            found = entry, line - top
        return found

    def blank_above(self) -> Iterator[tuple[Exchange, int]]:
        """Yield those with widgets, each with the lines of all without that stand before it."""
        blank = 0
        for entry in self._all:
            if entry.exchange is None:
                blank += entry.lines
            else:
                yield entry.exchange, blank

    def following(self, entry: Entry) -> Exchange | None:
        """Return the next widgets behind an entry."""
        behind = self._all[self._all.index(entry) + 1 :]
        return next((each.exchange for each in behind if each.exchange is not None), None)

    def stretch(self, line: int) -> tuple[int, int]:
        """Return where the widgets around a line begin and end without a gap, or those behind the gap it is in."""
        begin = end = 0
        for entry, top in self.placed():
            end = top + entry.lines
            if entry.exchange is None:
                if top > line:
                    return begin, top
                begin = end
        return begin, end


def estimate(turn: Turn, width: int) -> int:
    """Guess the lines of a turn of which the width is known and the layout is not."""
    bubble, answer = max(1, width * 4 // 5 - 8), max(1, width - 8)
    return _SPACE + _wrapped(turn.query, bubble) + _wrapped(turn.text, answer)


def _wrapped(text: str, width: int) -> int:
    return sum(1 + len(line) // width for line in text.split("\n"))
