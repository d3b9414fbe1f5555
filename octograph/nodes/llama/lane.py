"""A context with all that decodes in it: one for the plain weights, one for each adapter."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.host.service import Ticket
from octograph.nodes.llama.adapter import Adapter
from octograph.nodes.llama.batcher import Batcher, Work
from octograph.nodes.llama.context import Context
from octograph.nodes.llama.governor import Governor
from octograph.nodes.llama.inputs import Inputs
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.saved import SavedPrefixes
from octograph.nodes.llama.slots import Lease, Slots

__all__ = ["SEQUENCES", "Lane"]

SEQUENCES = 64
IDLE_CELLS = 0


class Lane:
    """Where requests over the same weights share batches and prefixes.

    Parameters
    ----------
    model, adapter
        The weights, and what changes them.
    cells
        Size of the KV cache.
    threads
        Most CPU threads.
    inputs, governor, saved
        Shared by all lanes of an engine.
    space
        Tells this lane's saved states from those of others.

    """

    def __init__(
        self,
        model: Model,
        *,
        adapter: Adapter | None,
        cells: int,
        threads: int,
        inputs: Inputs,
        governor: Governor,
        saved: SavedPrefixes,
        space: str,
    ) -> None:
        self.context = Context(model, cells=cells, sequences=SEQUENCES, threads=threads, adapter=adapter)
        self.slots = Slots(self.context, sequences=SEQUENCES, idle_cells=IDLE_CELLS, saved=saved, space=space)
        self.batcher = Batcher(self.context, inputs, governor)

    def room(self, prompt: int, *, branches: int, wanted: int) -> int:
        """Return how many tokens each of `branches` texts may have behind a prompt.

        Raises
        ------
        ContextOverflowError
            The prompt leaves no room.
        HostRequestError
            There are not so many sequences.

        """
        if not 1 <= branches <= SEQUENCES:
            raise HostRequestError(f"{branches} branches at once cannot be: 1 to {SEQUENCES} can")
        room = min(wanted, (self.context.cells - prompt) // branches)
        if room < 1:
            raise ContextOverflowError(
                f"the prompt has {prompt} tokens and the context holds {self.context.cells}"
                + (f", of which {branches} branches need one each" if branches > 1 else ""),
                tokens=prompt + branches,
                limit=self.context.cells,
                hint="Shorten the question, or show models fewer earlier turns: `octograph threads compact`.",
            )
        return room

    def prefill(self, lease: Lease, symbols: Sequence[int], ticket: Ticket) -> Generator[None, None, Work | None]:
        """Decode what the cache lacks of a prompt; the work's one fresh place has the last symbol's logits.

        None means that the request was cancelled.
        """
        work = self.batcher.submit(lease.main, symbols[lease.cached :], ticket=ticket)
        yield from self.wait(work)
        return None if ticket.cancelled else work

    def wait(self, work: Work) -> Generator[None, None, None]:
        """Wait until a work is done or its request cancelled."""
        while not work.ticket.cancelled:
            if work.error is not None:
                raise work.error
            if not work.left:
                return
            yield None

    def release(self, lease: Lease, ticket: Ticket) -> None:
        """End a request: nothing more is decoded for it, and its slots are free."""
        self.batcher.forget(ticket)
        self.slots.release(lease)
