"""Finding turns by their words: what the index holds, what it is asked, and what it says.

Nothing that a user writes is syntax to it: every word is looked for as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from octograph.terminal import plain

__all__ = ["MARKS", "FoundTurn", "Fragment", "expression", "fragments", "searchable"]

MARKS = ("\x01", "\x02")
"""Around the words that match; no text in the index holds either, see `searchable`."""

_APART = "\u200b"
_ALONE = re.compile("[\u2600-\u27bf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U0001f000-\U0001faff]")
"""Signs that are words of their own, though no blank stands between them: emoji, and those of Chinese and Japanese."""

_MARKED = re.compile(f"({MARKS[0]}[^{MARKS[1]}]*{MARKS[1]})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A piece of a text; `matched` if it is a word that was looked for."""

    text: str
    matched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTurn:
    """A turn whose question or answer has the words.

    Attributes
    ----------
    thread, title
        The conversation.
    turn
        Id of the turn.
    snippet
        The place where the words stand, on one line.

    """

    thread: str
    title: str
    turn: str
    snippet: tuple[Fragment, ...]


def searchable(text: str) -> str:
    """Return a text as the index holds it: without control characters, with a mark between signs that are words."""
    return _ALONE.sub(rf"{_APART}\g<0>{_APART}", plain(text).encode(errors="replace").decode())


def expression(text: str) -> str:
    """Return what FTS5 is asked for: all words of the text, or longer ones that begin so."""
    words = (word.replace('"', '""') for word in searchable(text).split())
    return " ".join(f'"{word}"*' for word in words) or '""'


def fragments(snippet: str) -> tuple[Fragment, ...]:
    """Return a snippet of the index with its `MARKS` read."""
    line = re.sub(r"\s+", " ", snippet.replace(_APART, ""))
    return tuple(
        Fragment(text=piece.strip("".join(MARKS)), matched=piece.startswith(MARKS[0]))
        for piece in _MARKED.split(line)
        if piece
    )
