"""Continuous batching: what all requests want decoded goes into one batch a round (Orca, Yu et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from octograph.errors import OctographError
from octograph.nodes.host.service import Ticket
from octograph.nodes.llama.context import Aborted, Context, Rows
from octograph.nodes.llama.governor import Governor
from octograph.nodes.llama.inputs import Inputs
from octograph.nodes.llama.slots import Slot

__all__ = ["Batcher", "Work"]

SHORT = 16
"""Work of at most so many rows (a branch's next token, a draft) is done whole, in every round."""

PREFILL_ROWS = 256
"""Prompt tokens of a round in which no branch waits."""

PREFILL_ROWS_BESIDE = 64
"""Prompt tokens of a round in which branches wait: they set the pause that a reader of those sees."""


@dataclass(slots=True, eq=False)
class Work:
    """Symbols that one request wants decoded at the end of a slot, over as many rounds as it takes.

    Attributes
    ----------
    first_output
        The logits of the symbols from this index on are wanted.
    done
        Symbols decoded so far.
    fresh
        What the last round gave: the index of a symbol, and the place of its logits in the context. They
        stand there until the next round.
    error
        Why it cannot be done.

    """

    slot: Slot
    symbols: Sequence[int]
    first_output: int
    ticket: Ticket
    done: int = 0
    fresh: list[tuple[int, int]] = field(default_factory=list)
    error: OctographError | None = None

    @property
    def left(self) -> int:
        """Symbols still to decode."""
        return len(self.symbols) - self.done


@dataclass(slots=True)
class _Chunk:
    work: Work
    rows: Rows


class Batcher:
    """Builds the batches of one context.

    Parameters
    ----------
    context
        Where is decoded.
    inputs
        Gives the embeddings of soft prompts.
    governor
        Chooses the threads.

    """

    def __init__(self, context: Context, inputs: Inputs, governor: Governor) -> None:
        self._context = context
        self._inputs = inputs
        self._governor = governor
        self._works: list[Work] = []
        self._given: list[Work] = []
        self._soft_last = False
        self.rounds = self.rows = 0

    def submit(self, slot: Slot, symbols: Sequence[int], *, first_output: int | None = None, ticket: Ticket) -> Work:
        """Have symbols decoded from the next round on; by default the last one's logits are wanted."""
        wanted = len(symbols) - 1 if first_output is None else first_output
        work = Work(slot=slot, symbols=symbols, first_output=wanted, ticket=ticket)
        self._works.append(work)
        return work

    def forget(self, ticket: Ticket) -> None:
        """Drop what a request still wants."""
        self._works = [work for work in self._works if work.ticket is not ticket]

    def advance(self) -> None:
        """Run one round."""
        for work in self._given:
            work.fresh = []
        self._given = []
        while chunks := self._plan():
            try:
                with self._governor:
                    self._context.set_threads(self._governor.threads)
                    places = self._context.decode([chunk.rows for chunk in chunks])
            except Aborted:
                # A request in it was cancelled, or the governor wants it tried with fewer threads, or the abort
                # was meant for the batch before it: begin anew.
                continue
            except OctographError as error:
                for chunk in chunks:
                    chunk.work.error = error
                    self._works.remove(chunk.work)
                return
            else:
                self._give(chunks, places)
                return

    def _plan(self) -> list[_Chunk]:
        """Choose the rows of the next batch: all short work, and prompts in turn."""
        self._works = [work for work in self._works if not work.ticket.cancelled]
        if not self._works:
            return []
        soft = self._kind()
        chunks: list[_Chunk] = []
        room = self._context.batch_size
        prompts: list[Work] = []
        for work in self._works:
            if (work.symbols[work.done] < 0) != soft:
                continue
            if work.left > SHORT:
                prompts.append(work)
            elif work.left <= room:
                chunks.append(self._chunk(work, work.left))
                room -= work.left
        room = min(room, PREFILL_ROWS_BESIDE if chunks else PREFILL_ROWS)
        for waiting, work in zip(range(len(prompts), 0, -1), prompts, strict=True):
            # An equal share each; what one does not need is for those behind it.
            size = min(work.left, max(room // waiting, min(SHORT, room)))
            if size:
                chunks.append(self._chunk(work, size))
                room -= size
        return chunks

    def _kind(self) -> bool:
        """Whether this round is for soft prompts: they cannot share a batch with tokens, so they take turns."""
        soft = {work.symbols[work.done] < 0 for work in self._works}
        return not self._soft_last if len(soft) == 2 else True in soft

    def _chunk(self, work: Work, size: int) -> _Chunk:
        inputs = self._inputs.chunk(work.symbols[work.done : work.done + size])
        rows = Rows(
            sequence=work.slot.sequence,
            position=len(work.slot.symbols),
            inputs=inputs,
            first_output=min(max(work.first_output - work.done, 0), len(inputs)),
        )
        return _Chunk(work, rows)

    def _give(self, chunks: Sequence[_Chunk], places: Sequence[range]) -> None:
        self.rounds += 1
        self._soft_last = isinstance(chunks[0].rows.inputs, np.ndarray)
        for chunk, rows in zip(chunks, places, strict=True):
            work, size = chunk.work, len(chunk.rows.inputs)
            self.rows += size
            work.slot.symbols.extend(work.symbols[work.done : work.done + size])
            first = work.done + chunk.rows.first_output
            work.fresh = list(zip(range(first, work.done + size), rows, strict=True))
            work.done += size
            self._given.append(work)
            self._works.remove(work)
            if work.left:
                self._works.append(work)  # behind the others: prompts take turns
