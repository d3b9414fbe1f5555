"""How the master reads a query: hidden states of a lower layer, over a prompt that stays in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.adapter import Adapter
from octograph.nodes.llama.chat_template import ChatTemplate
from octograph.nodes.llama.context import Aborted, Context, Rows
from octograph.nodes.llama.governor import Governor
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.slots import Slot, Slots
from octograph.nodes.llama.tap import Tap

__all__ = ["Reader"]

SEQUENCES = 2
CELLS = 2048


class Reader:
    """Reads queries in a context of its own, which ends at the layer that is asked for.

    A read is one step: it takes as long as two or three tokens of a text, and who asks for a route waits for it.

    Parameters
    ----------
    model
        The weights.
    adapter
        Changes the weights; the master's are trained for reading.
    template
        Puts a query into the user's turn.
    threads
        Most CPU threads of a decode.
    governor
        Chooses them.

    """

    def __init__(
        self, model: Model, *, adapter: Adapter | None, template: ChatTemplate, threads: int, governor: Governor
    ) -> None:
        self._model = model
        self._template = template
        self._governor = governor
        self._tap = Tap(model.embedding_size)
        self._layer: int | None = None
        self._context = Context(
            model,
            cells=CELLS,
            sequences=SEQUENCES,
            threads=threads,
            tap=self._tap,
            adapter=adapter,
            batch_size=CELLS,
        )
        self._slots = Slots(self._context, sequences=SEQUENCES, idle_cells=CELLS)
        self._frames: dict[str, tuple[list[int], list[int]]] = {}

    @property
    def busy(self) -> bool:
        """Whether a read is in progress."""
        return self._slots.busy

    def abort(self) -> None:
        """Stop a running decode; called from another thread."""
        self._context.abort()

    def close(self) -> None:
        """Free the context."""
        self._context.close()

    def read(self, *, system: str, text: str, layer: int, limit: int, each: bool, ticket: Ticket) -> Steps:
        """One frame with the hidden states of a text, read as the user's turn under `system`.

        ``last``: the state ``[d]`` at the last position, where the answer would begin.
        ``mean``: the mean ``[d]`` over the text's tokens.
        Both behind `layer`, counted from 0; the layers above are not computed.
        A text of more than `limit` tokens is read by its first and last halves of that length: a route needs
        the gist, and the whole would cost as much as answering.
        With `each`, also ``each``: the states ``[n, d]`` of the text's tokens and of what the template writes behind
        it, and ``ends``: where each of the text's tokens ends in its UTF-8 bytes, ``n`` of them for a text that is
        read whole and none for one that is not.
        """
        if not 0 <= layer < self._model.layers - 1:  # llama.cpp drops rows within the last layer
            raise HostRequestError(
                f"layer {layer} cannot be read: the model has {self._model.layers}, of which 0 to "
                f"{self._model.layers - 2} can",
                hint="The master's model was changed: run `octograph train router --graph FILE` again.",
            )
        head, tail = self._frame(system)
        body = self._model.tokenize(text.strip())
        read = body if len(body) <= limit else body[: limit - limit // 2] + body[len(body) - limit // 2 :]
        tokens = head + read + tail
        if len(tokens) > self._context.cells:
            raise ContextOverflowError(
                f"the master's prompt and query have {len(tokens)} tokens, its context {self._context.cells}",
                tokens=len(tokens),
                limit=self._context.cells,
                hint="Shorten the master's `prompt` in the graph file.",
            )
        lease = yield from self._slots.acquire(tokens, cells=len(tokens), ticket=ticket)
        if lease is None:
            return
        try:
            states = self._states(lease.main, tokens, layer, shared=len(head), ticket=ticket)
        finally:
            self._slots.release(lease)
        if states is not None:
            words = states[: len(read)] if read else states[-1:]
            frame = {"last": states[-1].tobytes(), "mean": words.mean(axis=0).tobytes(), "tokens": len(body)}
            if each:
                ends = list(accumulate(len(self._model.piece(token)) for token in body)) if read is body else []
                frame |= {"each": states.tobytes(), "ends": ends}
            yield frame

    def _states(
        self, slot: Slot, tokens: Sequence[int], layer: int, *, shared: int, ticket: Ticket
    ) -> NDArray[np.float32] | None:
        """Hidden states ``[n - shared, d]`` of the tokens behind the shared beginning; None if cancelled."""
        if layer != self._layer:
            # What is cached lacks the keys and values of other layers.
            self._slots.clear()
            self._slots.cut(slot, 0)
            self._tap.set_layer(layer)
            self._layer = layer
        # The states of the text are wanted, so of the cache only what stands before it is of use.
        self._slots.cut(slot, shared)
        # What stands before the text is computed by itself: in one batch with a text its rounding would be that
        # text's, and the next route would not be repeatable.
        before = tokens[len(slot.symbols) : shared]
        if before and not self._decode(slot, before, ticket):
            return None
        rest = tokens[shared:]
        if not self._decode(slot, rest, ticket):
            return None
        states = self._tap.take()
        if states is None or len(states) != len(rest):
            raise HostRequestError(
                f"llama.cpp gave no hidden states behind layer {layer}",
                hint="The model's architecture names its layers otherwise; use another model as master.",
            )
        return states

    def _decode(self, slot: Slot, tokens: Sequence[int], ticket: Ticket) -> bool:
        """Decode tokens at the end of a slot; False if the request was cancelled meanwhile."""
        rows = Rows(sequence=slot.sequence, position=len(slot.symbols), inputs=tokens, first_output=len(tokens))
        while not ticket.cancelled:
            try:
                with self._governor:
                    self._context.set_threads(self._governor.threads)
                    self._context.decode([rows])
            except Aborted:
                continue  # as in `Batcher.advance`
            slot.symbols.extend(tokens)
            return True
        return False

    def _frame(self, system: str) -> tuple[list[int], list[int]]:
        """Tokens before and after a query; the same for every query, so rendered once."""
        if system not in self._frames:
            turns = ({"role": "system", "content": system}, {"role": "user", "content": "query"})
            self._frames[system] = self._template.around(turns)
        return self._frames[system]
