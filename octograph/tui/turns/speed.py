"""How fast a worker writes, while it does."""

from __future__ import annotations

import time
from collections.abc import Callable

from octograph.tui.turns.account import Account

__all__ = ["Speed"]

SHORTEST = 0.5
"""Seconds, before which a rate says nothing."""


class Speed:
    """Counts the pieces of a text by a clock; a piece is about a token.

    Parameters
    ----------
    clock
        Seconds from anywhere.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: tuple[str, str, int] | None = None
        self._began = 0.0
        self._first = 0

    def of(self, account: Account) -> float | None:
        """Return the pieces a second of the worker that writes, None as long as that cannot be told."""
        one = account.current
        if one is None or not one.pieces:
            self._of = None
            return None
        now, which = self._clock(), (account.turn, one.worker, one.place)
        if which != self._of:
            self._of, self._began, self._first = which, now, one.pieces
        written, passed = one.pieces - self._first, now - self._began
        return written / passed if written and passed >= SHORTEST else None
