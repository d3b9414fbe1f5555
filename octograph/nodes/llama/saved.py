"""Keys and values kept outside the context, so that a prefix that comes back is copied and not computed.

A token's keys and values take some 20 KB for a small model; copying them back is a hundred times faster than
computing them, and what lies here does not slow the attention of others as idle cells in the context would.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

__all__ = ["SavedPrefixes", "shared_length"]


class SavedPrefixes:
    """States of sequences under a byte budget, the longest unused dropped first.

    A state belongs to a `space`: states of other weights or adapters have nothing in common.

    Parameters
    ----------
    budget
        Most bytes of all states together; 0 keeps none.

    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._states: LRUCache[tuple[str, bytes], bytes] = LRUCache(budget, getsizeof=len)

    @property
    def size_bytes(self) -> int:
        """Bytes kept now."""
        return int(self._states.currsize)

    def holds(self, space: str, symbols: Sequence[int]) -> bool:
        """Whether a state that begins with all of `symbols` is kept."""
        return self._longest(space, symbols)[1] == len(symbols)

    def put(self, space: str, symbols: Sequence[int], state: bytes) -> None:
        """Keep a state, in the place of those that it continues."""
        if len(state) > self.budget:
            return
        new = np.array(symbols, np.int64)
        for key, kept in self._kept(space):
            if shared_length(kept, new) == len(kept):
                del self._states[key]
        self._states[space, new.tobytes()] = state

    def longest(
        self, space: str, symbols: Sequence[int], *, at_most: int
    ) -> tuple[NDArray[np.int64], bytes, int] | None:
        """Return the state that shares the longest beginning with `symbols`: its own symbols, it, and that length.

        States of more than `at_most` symbols do not count.
        """
        key, length = self._longest(space, symbols, at_most=at_most)
        return None if key is None else (_symbols(key), self._states[key], length)

    def _longest(
        self, space: str, symbols: Sequence[int], *, at_most: int | None = None
    ) -> tuple[tuple[str, bytes] | None, int]:
        wanted = np.array(symbols, np.int64)
        best, length = None, 0
        for key, kept in self._kept(space):
            if at_most is None or len(kept) <= at_most:
                shared = shared_length(kept, wanted)
                if shared > length:
                    best, length = key, shared
        return best, length

    def _kept(self, space: str) -> list[tuple[tuple[str, bytes], NDArray[np.int64]]]:
        # The keys alone: looking at a value counts as use.
        return [(key, _symbols(key)) for key in self._states if key[0] == space]


def _symbols(key: tuple[str, bytes]) -> NDArray[np.int64]:
    return np.frombuffer(key[1], np.int64)


def shared_length(left: NDArray[np.int64], right: NDArray[np.int64]) -> int:
    """Length of the common beginning."""
    size = min(len(left), len(right))
    different = np.flatnonzero(left[:size] != right[:size])
    return int(different[0]) if len(different) else size
