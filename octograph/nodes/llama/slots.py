"""The sequences of a context: who holds them, what stands in them, and what can be used again.

A *symbol* stands for one position: a token's id, or a negative number for a row of a soft prompt (see `inputs`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from octograph.nodes.host.service import Ticket
from octograph.nodes.llama.context import Context
from octograph.nodes.llama.saved import SavedPrefixes, shared_length

__all__ = ["Lease", "Slot", "Slots"]

WORTH_SAVING = 16
"""Symbols. What is shorter is computed in a few steps, and would only crowd the store."""


@dataclass(slots=True, eq=False)
class Slot:
    """One sequence of the context: the symbols whose keys and values are in the cache."""

    sequence: int
    symbols: list[int] = field(default_factory=list)
    held: bool = False
    used: int = 0


@dataclass(slots=True, eq=False)
class Lease:
    """What a request holds: a slot for its prompt, one more for each further branch, and cells for all.

    Attributes
    ----------
    main
        Begins with what the cache held of the prompt.
    spare
        Empty slots for `Slots.fork`.
    cells
        Cells promised: the prompt once, and each branch's own tokens.
    cached
        Positions of the prompt that need no computing.

    """

    main: Slot
    spare: list[Slot]
    cells: int
    cached: int
    forks: list[Slot] = field(default_factory=list)


class Slots:
    """Hands out the sequences of a context, in order of arrival.

    Parameters
    ----------
    context
        Whose sequences these are.
    sequences
        How many there are.
    idle_cells
        Most cells that free slots may keep while somebody decodes. Attention runs over every used cell of the
        pool, so what lies there unused slows each step.
    saved
        Takes what free slots must give up.
    space
        Tells this context's states from those of others in there.

    """

    def __init__(
        self,
        context: Context,
        *,
        sequences: int,
        idle_cells: int,
        saved: SavedPrefixes | None = None,
        space: str = "",
    ) -> None:
        self._context = context
        self._slots = [Slot(sequence) for sequence in range(sequences)]
        self._idle_cells = idle_cells
        self._saved = saved or SavedPrefixes(0)
        self._space = space
        self._leases: list[Lease] = []
        self._line: deque[object] = deque()
        self._clock = count(1)
        self.prompt_symbols = self.cached_symbols = self.restored_symbols = 0

    def acquire(
        self, symbols: Sequence[int], *, cells: int, ticket: Ticket, branches: int = 1
    ) -> Generator[None, None, Lease | None]:
        """Wait for cells and slots, first come, first served; return None if cancelled meanwhile.

        `cells` are for the prompt and for what its branches add to it; the context must have so many at all.
        At least the last symbol is left to decode, since its logits are wanted.
        """
        leases = yield from self.acquire_all([symbols], cells=[cells], ticket=ticket, branches=branches)
        return None if leases is None else leases[0]

    def acquire_all(
        self, prompts: Sequence[Sequence[int]], *, cells: Sequence[int], ticket: Ticket, branches: int = 1
    ) -> Generator[None, None, list[Lease] | None]:
        """Wait as `acquire` does for a lease of each prompt, `branches` slots each, and get all of them at once.

        One after another would let two requests hold half of what they need, and wait for each other for ever.
        """
        turn = object()
        self._line.append(turn)
        try:
            while not ticket.cancelled:
                if self._line[0] is turn:
                    leases = self._lease(prompts, cells, branches)
                    if leases is not None:
                        return leases
                yield None
        finally:
            self._line.remove(turn)
        return None

    def fork(self, lease: Lease, *, length: int, source: Slot | None = None) -> Slot:
        """Return a further slot of a lease that shares the first `length` symbols of `source`, by default its main."""
        slot = lease.spare.pop()
        lease.forks.append(slot)
        self._share(source or lease.main, slot, length)
        return slot

    def adopt(self, lease: Lease, source: Lease, *, length: int) -> None:
        """Let a prompt begin with the first `length` symbols of another lease's, if the cache has fewer of it."""
        more = length - len(lease.main.symbols)
        if more > 0:
            self.cut(lease.main, 0)
            self._share(source.main, lease.main, length)
            lease.cached += more
            self.cached_symbols += more

    def join(self, lease: Lease, slot: Slot) -> None:
        """Take a fork back: its own cells are free at once."""
        self.cut(slot, 0)
        lease.forks.remove(slot)
        lease.spare.append(slot)

    def release(self, *leases: Lease) -> None:
        """Take everything back; what stands in the main slots stays for whoever shares its beginning."""
        for lease in leases:
            for slot in (*lease.forks, *lease.spare):
                self.cut(slot, 0)
                slot.held = False
            lease.main.held = False
            lease.main.used = next(self._clock)
            self._leases.remove(lease)
        if self._leases:
            self._shed(self._idle_cells)

    def clear(self) -> None:
        """Empty every free slot, for good."""
        for slot in self._slots:
            if not slot.held:
                self.cut(slot, 0)

    def cut(self, slot: Slot, length: int) -> None:
        """Keep the first `length` symbols of a slot."""
        if length < len(slot.symbols):
            self._context.trim(slot.sequence, length)
            del slot.symbols[length:]

    @property
    def busy(self) -> bool:
        """Whether anybody holds or waits for anything."""
        return bool(self._leases or self._line)

    @property
    def held(self) -> int:
        """Slots that requests in progress hold."""
        return sum(slot.held for slot in self._slots)

    @property
    def promised(self) -> int:
        """Cells that requests in progress may use."""
        return sum(lease.cells for lease in self._leases)

    @property
    def idle(self) -> int:
        """Cells that free slots keep, those counted twice that two of them share."""
        return sum(len(slot.symbols) for slot in self._slots if not slot.held)

    def _lease(self, prompts: Sequence[Sequence[int]], cells: Sequence[int], branches: int) -> list[Lease] | None:
        total = sum(cells)
        if len(self._free()) < branches * len(prompts) or self.promised + total > self._context.cells:
            return None
        # Every main slot before any other: what one prompt would push out may be another's beginning.
        mains = [self._prepare(symbols) for symbols in prompts]
        free = self._free()
        spares = [[free.pop(0) for _ in range(branches - 1)] for _ in prompts]
        for slot in (slot for spare in spares for slot in spare):
            self._give_up(slot)
            slot.held = True
        # What is idle must leave room for what is promised now.
        self._shed(min(self._idle_cells, self._context.cells - self.promised - total))
        leases = []
        for main, spare, symbols, own in zip(mains, spares, prompts, cells, strict=True):
            self._restore(main, symbols, own)
            leases.append(Lease(main=main, spare=spare, cells=own, cached=len(main.symbols)))
            self.prompt_symbols += len(symbols)
            self.cached_symbols += len(main.symbols)
        self._leases += leases
        return leases

    def _free(self) -> list[Slot]:
        """Empty slots first, then those that nobody has used for longest."""
        free = (slot for slot in self._slots if not slot.held)
        return sorted(free, key=lambda slot: (bool(slot.symbols), slot.used))

    def _prepare(self, symbols: Sequence[int]) -> Slot:
        """Take a free slot that holds the longest beginning of `symbols` that any slot has."""
        free = self._free()
        wanted = np.array(symbols[:-1], np.int64)
        lengths = {slot.sequence: shared_length(np.array(slot.symbols, np.int64), wanted) for slot in self._slots}
        donor = max(self._slots, key=lambda slot: (lengths[slot.sequence], not slot.held, -slot.used))
        length = lengths[donor.sequence]
        # A slot is continued if little of it is lost; otherwise others may want the rest of it.
        if not donor.held and (len(donor.symbols) - length <= length or free == [donor]):
            self.cut(donor, length)
            main = donor
        else:
            main = next(slot for slot in free if slot is not donor)
            self._give_up(main)
            if length:
                self._share(donor, main, length)
        main.held = True
        return main

    def _share(self, source: Slot, target: Slot, length: int) -> None:
        self._context.share(source.sequence, target.sequence, length)
        target.symbols[:] = source.symbols[:length]

    def _restore(self, slot: Slot, symbols: Sequence[int], cells: int) -> None:
        """Copy a saved state into the slot if that spares more than what the slot has."""
        found = self._saved.longest(self._space, symbols[:-1], at_most=cells)
        if found is None or found[2] < len(slot.symbols) + WORTH_SAVING:
            return
        saved, state, shared = found
        self.cut(slot, 0)
        if self._context.restore(slot.sequence, state):
            slot.symbols.extend(saved.tolist())
            self.cut(slot, shared)
            self.restored_symbols += shared

    def _shed(self, budget: int) -> None:
        """Empty free slots, the longest unused first, until they hold at most `budget` cells."""
        idle = sorted((s for s in self._slots if not s.held and s.symbols), key=lambda s: s.used)
        kept = sum(len(slot.symbols) for slot in idle)
        for slot in idle:
            if kept <= budget:
                return
            kept -= len(slot.symbols)
            self._give_up(slot)

    def _give_up(self, slot: Slot) -> None:
        """Empty a slot; what it held is saved if it is worth that."""
        worth = self._saved.budget and len(slot.symbols) >= WORTH_SAVING
        if worth and not self._saved.holds(self._space, slot.symbols):
            self._saved.put(self._space, slot.symbols, self._context.save(slot.sequence))
        self.cut(slot, 0)
