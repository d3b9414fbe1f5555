"""What text is drawn with: blocks and lines, or letters where a terminal cannot show those."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

__all__ = ["ASCII", "BLOCKS", "Strokes", "strokes_for", "terminal_strokes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """Characters, all one cell wide.

    Attributes
    ----------
    parts
        A cell that is filled more and more, the last one whole.
    track
        A cell of a gauge that is empty.
    threshold
        Where a gauge has to reach.
    tee, corner, rail
        Of a tree: a branch, the last branch, and what passes branches by.
    chosen_tee, chosen_corner
        The same for an edge that was chosen.
    line, chosen_line, escalates, reads
        The edge itself: one that can be chosen, the one that was, who takes over, what is read.
    chosen, asked, passed, taken, waiting
        The end of an edge: chosen by the master, asked now, its answer passed over, taken, not begun.
    closed, opened
        Before the title of what is closed or open.
    about
        Before a number that is only roughly so.
    ellipsis
        Where something was cut off.

    """

    parts: str
    track: str
    threshold: str
    tee: str
    corner: str
    rail: str
    chosen_tee: str
    chosen_corner: str
    line: str
    chosen_line: str
    escalates: str
    reads: str
    chosen: str
    asked: str
    passed: str
    taken: str
    waiting: str
    closed: str
    opened: str
    about: str
    ellipsis: str


BLOCKS: Final = Strokes(
    parts="▏▎▍▌▋▊▉█",
    track="░",
    threshold="┃",
    tee="├",
    corner="└",
    rail="│",
    chosen_tee="┡",
    chosen_corner="┗",
    line="─",
    chosen_line="━",
    escalates="⇢",
    reads="≡",
    chosen="▸",
    asked="●",
    passed="✗",
    taken="✓",
    waiting="○",
    closed="▸",
    opened="▾",
    about="≈",
    ellipsis="…",
)
ASCII: Final = Strokes(
    parts="#",
    track=".",
    threshold="|",
    tee="|",
    corner="`",
    rail="|",
    chosen_tee="|",
    chosen_corner="`",
    line="-",
    chosen_line="=",
    escalates="^",
    reads="@",
    chosen=">",
    asked="*",
    passed="x",
    taken="+",
    waiting="o",
    closed="+",
    opened="-",
    about="~",
    ellipsis="~",
)


def strokes_for(encoding: str | None) -> Strokes:
    """Return the blocks if an encoding has all of them, else the letters; no encoding is taken for UTF-8.

    Examples
    --------
    >>> strokes_for("utf-8") is BLOCKS, strokes_for("latin-1") is ASCII
    (True, True)

    """
    every = "".join(getattr(BLOCKS, name) for name in Strokes.__slots__)
    try:
        every.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def terminal_strokes() -> Strokes:
    """Return what the terminal of this process can show; Textual writes to the standard error stream."""
    return strokes_for(getattr(sys.__stderr__, "encoding", None))
