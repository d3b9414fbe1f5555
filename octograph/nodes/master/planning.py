"""What each step of a query asks, in the user's own words and without losing any that count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["LEAST_REACHED", "asked_in_steps"]

LEAST_REACHED = 0.05
"""Least probability, together, of the workers that may follow: below it the query is no walk over the graph."""

_SEAMS = " \t\r\n,;:-–—>"  # noqa: RUF001

_OPENING, _CLOSING, _POINTS = "\"'([{“‘", "\"')]}”’", ".,:"  # noqa: RUF001

_MARKER: Final = re.compile(r"\(?\b[1-9][.):](?=\s|$)")  # of a list
_CONDITION: Final = re.compile(r"\bonly(?=\s+(?:after|once|when|then)\b)")
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_JOINING: Final = """
a able accordingly actually adn advance after afterward afterwards afterwords ah ahead aim already
also and anything are as at basically basis be because before beforehand begin beginning being but
by can cheers comes conclude could course dear do doing done down earlier else end ending er evening
eventually final finally finished first follow followed following follows for frist from get go goal
going good got gotta grateful guess hand has have having hello help here hey hi hiya hm hmm hold i
i'd i'll i'm i've if in initially is it it's item job just kindly know last lastly later let let's
like likewise lol maybe me mind morning must my n naturally necessary need needed needs next now
objective obviously of oh ok okay on once one order otherwise out outset part parts plan please pls
plus plz point possible precondition preliminary prerequisite presuppose presupposes prior purpose
quick regards request required result right second secondly should since small so soon sorry start
starting step steps straight subsequently take task tasks than thank thanks that that's thats the
then there thereafter thereupon thing things third thirdly this tho though three thx to two u uh
ultimately um until up upfront use using very wait want we we'll we're well whatever when whereupon
while will with would wrap yes yet yo you you'd you'll you're you've your
"""
_JOINTS: Final = frozenset(_JOINING.split())
"""Words that join steps and ask for them. Whatever else stands between two steps belongs to one of them."""


def asked_in_steps(query: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return what each step asks, in the order in which they are to be done; nothing if there is but one.

    What stands between the steps is left out only if it is nothing but words that join ("and once you have that,").
    Else it stays with the step before it, or with the one behind it at the beginning: no word that says what is asked
    is lost.

    Parameters
    ----------
    query
        The query.
    spans
        Where each step stands in it ``(start, end)``, in the order in which they are to be done; they do not overlap.

    Examples
    --------
    >>> asked_in_steps("double 21, then say it in French", [(0, 9), (16, 32)])
    ('double 21', 'say it in French')

    """
    if len(spans) < 2:
        return ()
    places = sorted(range(len(spans)), key=lambda step: spans[step])
    starts = [spans[step][0] for step in places]
    ends = [spans[step][1] for step in places]
    _take_whole_words(query, starts, ends)
    if _counts(query[: starts[0]]):
        starts[0] = 0
    for place, following in enumerate([*starts[1:], len(query)]):
        if _counts(query[ends[place] : following]):
            ends[place] = following
    asked = [""] * len(spans)
    for place, step in enumerate(places):
        asked[step] = query[starts[place] : ends[place]].strip(_SEAMS)
    return tuple(asked) if all(any(letter.isalnum() for letter in text) for text in asked) else ()


def _take_whole_words(query: str, starts: list[int], ends: list[int]) -> None:
    """Let spans begin and end with whole words, and what closes them; a word on which two meet is the later one's."""
    for place, start in enumerate(starts):
        floor = starts[place - 1] + 1 if place else 1
        while start >= floor and _in_one_word(query, start):
            start -= 1
        starts[place] = start
        if place:
            ends[place - 1] = min(ends[place - 1], start)
    for place, end in enumerate(ends):
        behind = starts[place + 1] if place + 1 < len(starts) else len(query)
        while end < behind and _in_one_word(query, end):
            end += 1
        ends[place] = end


def _in_one_word(query: str, place: int) -> bool:
    """Whether the letters before and at a place belong together."""
    left, right = query[place - 1], query[place]
    return (
        (right.isalnum() and (left.isalnum() or left in _OPENING))
        or (right in _CLOSING and not left.isspace())
        or (right in _POINTS and left.isdigit() and query[place + 1 : place + 2].isdigit())
        or (left in _POINTS and right.isdigit() and place > 1 and query[place - 2].isdigit())
    )


def _counts(text: str) -> bool:
    """Whether leaving a text out could lose what was asked."""
    words = _WORD.findall(_CONDITION.sub(" ", _MARKER.sub(" ", text).lower()).replace("’", "'"))  # noqa: RUF001
    return any(word not in _JOINTS for word in words)
