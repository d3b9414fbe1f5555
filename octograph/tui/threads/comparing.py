"""Two conversations side by side: which there are, where they part, and the lines that show both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, Final, Literal

from textual.content import Content

from octograph.terminal import plain
from octograph.tui.drawing.lines import cut, one_line
from octograph.tui.drawing.strokes import Strokes

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import ThreadInfo, Turn

__all__ = ["Compared", "Shown", "branches", "compared"]

Shown = Literal["both", "left", "right"]
"""Which of the two has its column."""

INDENT: Final = 2
"""Cells before an answer."""
BETWEEN: Final = 3
"""Cells between the columns."""

_ENDED: Final = {
    "answered": "answered",
    "abstained": "○ abstained",
    "cancelled": "■ stopped",
    "failed": "✗ failed",
    "interrupted": "◌ interrupted before it was done",
    "waiting": "○ not sure enough: it waits for a choice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two conversations as lines.

    Attributes
    ----------
    lines
        All of them.
    turns
        The lines on which turns begin; one that both have is one turn, two beside each other are one as well.
    parting
        The line that says that they part; the turns above it are the same in both.

    """

    lines: tuple[Content, ...] = ()
    turns: tuple[int, ...] = ()
    parting: int = 0

    @property
    def marks(self) -> list[int]:
        """The lines by which a place is found again when others break elsewhere."""
        return sorted((*self.turns, self.parting))


def branches(threads: Sequence[ThreadInfo], thread: str) -> list[ThreadInfo]:
    """Return the threads that share a beginning with one: its parent first, then the last used."""
    known = {info.id: info for info in threads}
    origin = _origin(known, thread)
    family = [info for info in threads if info.id != thread and _origin(known, info.id) == origin]
    parent = known[thread].parent if thread in known else None
    return sorted(family, key=lambda info: info.id != parent)


def compared(left: Sequence[Turn], right: Sequence[Turn], *, width: int, shown: Shown, strokes: Strokes) -> Compared:
    """Return the lines of two conversations.

    What both have stands once. From the turn on at which they part they stand beside each other, turn by turn; where
    one only is shown, its turns are as high as they would be beside those of the other, so that it can take its place.
    """
    pairs = zip(left, right, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0].id == pair[1].id, pairs))
    lines: list[Content] = []
    turns: list[int] = []
    for turn in left[:same]:
        turns.append(len(lines))
        lines += [*_told(turn, width), Content("")]
    parting = len(lines)
    lines += [_rule(same, len(left) == same == len(right), width, strokes), Content("")]
    column = width if shown != "both" else (width - BETWEEN) // 2
    for one, other in zip_longest(
        _column(left[same:], right[same:], column), _column(right[same:], left[same:], column)
    ):
        turns.append(len(lines))
        for row in zip_longest(one or (), other or (), fillvalue=Content("")):
            lines.append(_beside(*row, column, strokes) if shown == "both" else row[shown == "right"])
        lines.append(_beside(Content(""), Content(""), column, strokes) if shown == "both" else Content(""))
    return Compared(lines=tuple(lines), turns=tuple(turns), parting=parting)


def _origin(known: dict[str, ThreadInfo], thread: str) -> str:
    """The thread from which one comes over any number of forks, perhaps deleted by now."""
    seen = set()
    while thread in known and thread not in seen:
        seen.add(thread)
        thread = known[thread].parent or thread
    return thread


def _column(turns: Sequence[Turn], others: Sequence[Turn], width: int) -> Iterator[list[Content]]:
    for turn in turns:
        yield _told(turn, width)
    if len(turns) < len(others):
        yield [*_hanging(Content.styled("ends here", "italic $text-muted"), width)]


def _told(turn: Turn, width: int) -> list[Content]:
    """A turn: the question, the answer, who gave it and how sure that is."""
    who = Content.styled(_who(turn), "$text-accent")
    return [
        *_hanging(Content.styled(plain(turn.query).strip(), "bold"), width, first="> "),
        *(_hanging(Content(plain(turn.text).strip()), width) if turn.text.strip() else ()),
        *_hanging(who, width),
    ]


def _who(turn: Turn) -> str:
    if turn.status != "answered":
        return _ENDED[turn.status]
    workers = [step.worker for step in turn.steps] or [turn.worker or ""]
    exact = ", exact" if turn.source == "tool" else ""
    return f"{', then '.join(map(one_line, workers))}{exact}{'' if turn.score is None else f', g {turn.score:.2f}'}"


def _hanging(text: Content, width: int, *, first: str = "") -> Iterable[Content]:
    """Lines of a text behind what stands before the first."""
    for number, line in enumerate(text.wrap(max(width - INDENT, 1))):
        yield Content.assemble(f"{'' if number else first:<{INDENT}}", line)


def _rule(same: int, whole: bool, width: int, strokes: Strokes) -> Content:
    words = "they are the same" if whole else "here they part" if same else "they have no turn in common"
    drawn = f"{strokes.line * 2} {words} ".ljust(width, strokes.line)
    return Content.styled(cut(drawn, width, strokes), "$text-muted")


def _beside(left: Content, right: Content, column: int, strokes: Strokes) -> Content:
    gap = " " * max(column - left.cell_length, 0)
    return Content.assemble(left, gap, (f" {strokes.rail} ", "$text-muted"), right)
