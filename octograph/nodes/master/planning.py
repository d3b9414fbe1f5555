"""What each step of a query asks, in the user's own words and without losing any that count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["LEAST_REACHED", "asked_in_steps"]

LEAST_REACHED = 0.05
"""Least probability, together, of the workers that may follow: below it the query is no walk over the graph."""

_SEAMS = " \t\r\n,;:-–—>"  # noqa: RUF001

_MARKER: Final = re.compile(r"\(?\b[1-9][.):](?=\s|$)")  # of a list
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_JOINING: Final = """
a after afterwards and are as at basis be before begin but by can could do doing done end evening
finally first followed for from get go good got grateful hand has have hello help here hey hi i i'd
i've if in is it job just kindly know last lastly later let's like me morning my need next now of oh
ok okay on once one order out part parts please pls plz quick request result second small so soon
start step steps subsequently take task tasks than thank thanks that that's the then there
thereafter thing things third this three thx to two u up use using wait want with will would yo you
you'll your
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
    if _counts(query[: starts[0]]):
        starts[0] = 0
    for place, following in enumerate([*starts[1:], len(query)]):
        if _counts(query[ends[place] : following]):
            ends[place] = following
    asked = [""] * len(spans)
    for place, step in enumerate(places):
        asked[step] = query[starts[place] : ends[place]].strip(_SEAMS)
    return tuple(asked) if all(any(letter.isalnum() for letter in text) for text in asked) else ()


def _counts(text: str) -> bool:
    """Whether leaving a text out could lose what was asked."""
    words = _WORD.findall(_MARKER.sub(" ", text).lower().replace("’", "'"))  # noqa: RUF001
    return any(word not in _JOINTS for word in words)
