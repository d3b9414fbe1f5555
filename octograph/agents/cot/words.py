"""Answers in the model's own words."""

from __future__ import annotations

import re

from octograph.agents.cot.spans import Span
from octograph.agents.numbers import only_number

__all__ = ["Words", "spelled"]

_BEFORE = " \t\r\n:*`\"'\u201c\u2018«"
_BEHIND = " \t\r\n*`\"'\u201d\u2019».,;:!?"
_WRAPPED = re.compile(r"[(\[{]([^()\[\]{}]+)[)\]}]")
_ARTICLE = re.compile(r"\A(?:an?|the)\s+(?=\S)")
# The full stop of one or two letters is no sentence's: J. R. R. Tolkien, St. Louis.
_LETTER = r"[^\W\d_]"
_ENDED = re.compile(rf"(?<!\b{_LETTER})(?<!\b{_LETTER}{_LETTER})[.!?]\s|\n")


class Words:
    """The answer is what a text begins with, to the end of its sentence or line.

    Examples
    --------
    >>> Words().find(": J. R. R. Tolkien. He was English.")
    Span(answer='j. r. r. tolkien', start=2, end=18)

    """

    def find(self, text: str) -> Span | None:
        """See `Spans`."""
        start = len(text) - len(text.lstrip(_BEFORE))
        answer = _ENDED.split(text[start:], maxsplit=1)[0].rstrip(_BEHIND)
        if not re.search(r"\w", answer):
            return None
        return Span(answer=spelled(answer), start=start, end=start + len(answer))


def spelled(answer: str) -> str:
    """Return the spelling in which equal answers are equal; signs within it tell answers apart.

    Examples
    --------
    >>> spelled('"The Eiffel  Tower."'), spelled("(1,000.0)"), spelled("C++")
    ('eiffel tower', '1000', 'c++')

    """
    bare = " ".join(answer.casefold().split()).lstrip(_BEFORE).rstrip(_BEHIND)
    if wrapped := _WRAPPED.fullmatch(bare):
        bare = wrapped[1].lstrip(_BEFORE).rstrip(_BEHIND)
    number = only_number(bare)
    return _ARTICLE.sub("", bare) if number is None else number.spelling
