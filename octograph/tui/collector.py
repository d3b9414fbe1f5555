"""Python's cyclic garbage collector, out of the way of the keys.

A full collection looks at every object that there is, and nothing else runs meanwhile: with all libraries loaded that
takes 0.2 to 0.3 s, which somebody who types sees.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Collector"]

_IDLE = 3.0
"""Seconds without input after which nobody is taken to be typing."""

_WORTH = 10
"""Collections of the middle generation after which a full one is due, as Python has it."""

_AT_LAST = 500
"""The same, if nobody is ever idle."""


class Collector:
    """Collects while nobody types.

    Parameters
    ----------
    clock
        Seconds since some moment.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._touched = clock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Collect nothing meanwhile: what is loaded stays. Afterwards look no more through what there is by then."""
        gc.disable()
        try:
            yield
        finally:
            gc.freeze()
            young, middle, _ = gc.get_threshold()
            gc.set_threshold(young, middle, _AT_LAST)
            gc.enable()

    def touch(self) -> None:
        """Note that the user did something."""
        self._touched = self._clock()

    def tidy(self) -> None:
        """Collect if it is worth it and the moment is good."""
        if self._clock() - self._touched >= _IDLE and gc.get_count()[2] >= _WORTH:
            gc.collect()
