"""What the user can want of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from octograph.tui.widgets.foot import Rating

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Wish", "grantable"]

Wish = Literal["again", "another", "edit", "why", "good", "bad", "elsewhere", "documents"]
"""
``again``
    Another answer in its place.
``another``
    The same, of a worker that the user chooses.
``edit``
    To ask something else in its place.
``why``
    To see the details.
``good``, ``bad``, ``elsewhere``
    To rate it, or to say who should have answered.
``documents``
    To add some.
"""

_ALWAYS: Final[frozenset[Wish]] = frozenset(["again", "another", "edit", "why"])
_ABSTAINED: Final[frozenset[Wish]] = frozenset(["documents"])
_RATED: Final[frozenset[Wish]] = frozenset(["good", "bad", "elsewhere"])


def grantable(turn: Turn | None, rating: Rating | None) -> frozenset[Wish]:
    """Return what can be done with the answer of a turn, None for one that has not ended."""
    if turn is None:
        return frozenset()
    if turn.status == "abstained":
        return _ALWAYS | _ABSTAINED
    if turn.worker is None or turn.route is None:  # what is rated is the master's choice
        return _ALWAYS
    given: set[Wish] = {rating.mark} if rating is not None and rating.instead is None else set()
    return _ALWAYS | _RATED - given
