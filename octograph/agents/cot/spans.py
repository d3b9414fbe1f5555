"""Where the answer stands in a text, and which answers are the same.

Shapes: ``n`` tokens of a text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from octograph.agents.numbers import last_number

__all__ = ["Numbers", "Span", "Spans", "aligned", "covering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An answer in a text.

    Attributes
    ----------
    answer
        In the spelling in which equal answers are equal: ``1,000`` and ``1000.0`` are ``1000``.
    start, end
        Its characters.

    """

    answer: str
    start: int
    end: int


class Spans(Protocol):
    """A kind of answer that can be told from the text alone."""

    def find(self, text: str) -> Span | None:
        """Return the answer that a text comes to, None if there is none in it."""
        ...


class Numbers:
    """The answer is the last number.

    Examples
    --------
    >>> Numbers().find("5 times 200 is 1,000.0, so 1,000.")
    Span(answer='1000', start=27, end=32)

    """

    def find(self, text: str) -> Span | None:
        """See `Spans`."""
        number = last_number(text)
        return None if number is None else Span(answer=number.spelling, start=number.start, end=number.end)


def covering(ends: Sequence[int], start: int, end: int) -> slice:
    """Return the tokens that hold characters `start` to `end`, of tokens that end at characters `ends` ``[n]``.

    Examples
    --------
    >>> covering([3, 7, 8, 9], 4, 8)
    slice(1, 3, None)

    """
    return slice(bisect_right(ends, start), bisect_left(ends, end) + 1)


def aligned(tokens: Sequence[int], answer: Sequence[int]) -> slice | None:
    """Return where the tokens `answer` stand last in `tokens` ``[n]``, None if they do not.

    Examples
    --------
    >>> aligned([5, 6, 7, 6, 7, 8], [6, 7])
    slice(3, 5, None)

    """
    size, wanted = len(answer), list(answer)
    for start in range(len(tokens) - size, -1, -1):
        if size and list(tokens[start : start + size]) == wanted:
            return slice(start, start + size)
    return None
