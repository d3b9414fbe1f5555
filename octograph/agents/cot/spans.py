"""Where the answer stands in a text, and which answers are the same.

Shapes: ``n`` tokens of a text.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from octograph.agents.numbers import last_number

__all__ = ["Numbers", "Options", "Span", "Spans", "aligned", "covering", "options_of"]

# "(A) red", "A. red" or "A: red", a line each.
_LETTERED = re.compile(r"^[ \t]*(?:\(([A-Z])\)|([A-Z])[).:])[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
# "Options:" and a line "- yes" for each.
_LISTED = re.compile(r"^[ \t]*Options:[ \t]*\n((?:[ \t]*[-*][ \t]+\S.*(?:\n|\Z))+)", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*[-*][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)


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
        if number is None:
            return None
        # More digits than this are the rounding of binary fractions; -0 is 0.
        return Span(answer=f"{number.value + 0.0:.12g}", start=number.start, end=number.end)


class Options:
    """The answer is one of several fixed options, the one that the text names last.

    Parameters
    ----------
    options
        What each is called: a letter, or its text.
    texts
        By letter, the texts of lettered options.

    """

    def __init__(self, options: Sequence[str], *, texts: Mapping[str, str] | None = None) -> None:
        self.options = tuple(options)
        self._called = {" ".join(option.casefold().split()): option for option in options}
        if texts is None:
            self._named = None
            spelled = self._called
        else:
            letters = "".join(options)
            self._named = re.compile(
                rf"\(([{letters}])\)|\b(?i:answer|option|choice)(?i:\s+is)?\s*:?\s*\**([{letters}])\b"
                rf"|(?:\A|\n)[ \t]*\**([{letters}])(?=[).:\n]|\Z)"
            )
            spelled = {" ".join(text.casefold().split()): letter for letter, text in texts.items()}
        self._spelled = spelled
        # The longest first: "not valid" is not "valid".
        alternatives = "|".join(
            r"\s+".join(map(re.escape, text.split())) for text in sorted(spelled, key=len, reverse=True)
        )
        self._mentioned = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)
        line = rf"[ \t]*(?:[-*]|\(?[A-Z][).:])[ \t]+(?:{alternatives})[ \t]*(?:\n|\Z)"
        self._repeated = re.compile(rf"^{line}(?:{line})+", re.IGNORECASE | re.MULTILINE)

    @classmethod
    def of(cls, query: str) -> Options | None:
        r"""Return the options that a query lists, None if it lists none.

        Examples
        --------
        >>> Options.of("Which is a fruit?\n(A) an apple\n(B) a stone").options
        ('A', 'B')
        >>> Options.of("Is it so?\nOptions:\n- Yes\n- No").options
        ('Yes', 'No')

        """
        # From A on: a line "(B) …" alone is no list.
        texts: dict[str, str] = {}
        for found in _LETTERED.finditer(query):
            letter = found[1] or found[2]
            if letter == string.ascii_uppercase[len(texts) % 26]:
                texts[letter] = found[3]
        if len(texts) > 1:
            return cls(tuple(texts), texts=texts)
        listed = _LISTED.search(query)
        options = tuple(dict.fromkeys(_ITEM.findall(listed[1]))) if listed else ()
        return cls(options) if len(options) > 1 else None

    def find(self, text: str) -> Span | None:
        """See `Spans`. A letter counts before an option's text, and a repeated list of options not at all."""
        text = self._repeated.sub(lambda found: " " * len(found[0]), text)
        if self._named is not None and (letters := list(self._named.finditer(text))):
            last = letters[-1]
            group = last.lastindex or 0
            return Span(answer=last[group], start=last.start(group), end=last.end(group))
        mentions = list(self._mentioned.finditer(text))
        if not mentions:
            return None
        answer = self._spelled[" ".join(mentions[-1][0].casefold().split())]
        return Span(answer=answer, start=mentions[-1].start(), end=mentions[-1].end())

    def spellings(self, option: str, like: str) -> tuple[str, ...]:
        """How an option can be written where a text has `like`: a letter, or one of the options' texts.

        Examples
        --------
        >>> Options(["yes", "no"]).spellings("no", like="Yes")
        ('no', 'NO', 'No')

        """
        written = option
        if self._named is not None and like not in self.options:
            written = next(text for text, letter in self._spelled.items() if letter == option)
        return tuple(dict.fromkeys((written, written.lower(), written.upper(), written[:1].upper() + written[1:])))


def options_of(query: str) -> tuple[str, ...]:
    """Return the options that a query lists, by letter or by text; none if it lists none."""
    found = Options.of(query)
    return () if found is None else found.options


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
