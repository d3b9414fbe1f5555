"""What each step of a query asks, in the user's own words and without losing any that count."""

from __future__ import annotations

from collections.abc import Sequence

from octograph.nodes.master.quantities import quantities
from octograph.nodes.master.verbatim import literals, quotations
from octograph.nodes.master.wording import negations

__all__ = ["LEAST_REACHED", "asked_in_steps"]

LEAST_REACHED = 0.05
"""Least probability, together, of the workers that may follow: below it the query is no walk over the graph."""

_SEAMS = " \t\r\n,;:-–—>"  # noqa: RUF001


def asked_in_steps(query: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return what each step asks, in the order in which they are to be done; nothing if there is but one.

    The words between the steps ("and when you have that,") are left out, unless something counts in them: a number,
    a quotation, a literal, a negation. Then they stay with the step before them, or behind them at the beginning.

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
    """Whether leaving a text out would lose what was asked."""
    return bool(quantities(text) or quotations(text) or literals(text) or negations(text))
