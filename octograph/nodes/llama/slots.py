"""Which tokens stand in which sequence of a context's KV cache, so that shared beginnings are computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from octograph.nodes.llama.context import Context

__all__ = ["Slot", "Slots"]


@dataclass(slots=True)
class Slot:
    """One sequence of the context: the tokens whose keys and values are in the cache."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    reserved: int = 0
    """Cells promised to the request that holds the slot; 0 while it is free."""
    used: int = 0


class Slots:
    """Hands out the sequences of a context.

    Parameters
    ----------
    context
        Whose sequences these are.
    sequences
        How many there are.
    idle_cells
        Most cells that free slots may keep. Attention runs over every used cell of the pool, so what lies
        there unused slows each step.

    """

    def __init__(self, context: Context, *, sequences: int, idle_cells: int) -> None:
        self._context = context
        self._slots = [Slot(sequence) for sequence in range(sequences)]
        self._idle_cells = idle_cells
        self._clock = count(1)

    def acquire(self, tokens: Sequence[int], *, room: int) -> Slot | None:
        """Take the free slot that shares the longest beginning with `tokens`, cut to what is shared.

        At least the last token is left to decode, since its logits are wanted.
        None means that requests in progress hold the slots or the cells: try again later.
        """
        free = [slot for slot in self._slots if not slot.reserved]
        promised = sum(slot.reserved for slot in self._slots)
        needed = len(tokens) + room
        if not free or promised + needed > self._context.cells:
            return None
        best = max(free, key=lambda slot: (_shared(slot.tokens, tokens), -slot.used))
        self.cut(best, min(_shared(best.tokens, tokens), len(tokens) - 1))
        best.reserved = needed
        best.used = next(self._clock)
        self._shed(min(self._idle_cells, self._context.cells - promised - needed))
        return best

    def release(self, slot: Slot) -> None:
        """Give a slot back; its tokens stay for whoever shares their beginning."""
        slot.reserved = 0

    def clear(self) -> None:
        """Empty every free slot."""
        self._shed(0)

    def cut(self, slot: Slot, length: int) -> None:
        """Keep the first `length` tokens of a slot."""
        self._context.trim(slot.sequence, length)
        del slot.tokens[length:]

    def _shed(self, budget: int) -> None:
        """Empty free slots, the longest unused first, until they hold at most `budget` cells."""
        idle = sorted((s for s in self._slots if not s.reserved and s.tokens), key=lambda s: s.used)
        kept = sum(len(slot.tokens) for slot in idle)
        for slot in idle:
            if kept <= budget:
                return
            kept -= len(slot.tokens)
            self.cut(slot, 0)


def _shared(left: Sequence[int], right: Sequence[int]) -> int:
    """Length of the common beginning."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))
