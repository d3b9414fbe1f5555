"""The llama.cpp engine: one model, a context for the workers and one for the master.

Every request is a generator of short steps (see `Steps`), so that requests take turns.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.generation import Finish, Sampling
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.chat_template import ChatTemplate
from octograph.nodes.llama.context import Aborted, Context
from octograph.nodes.llama.governor import Governor
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.sampling import Sampler
from octograph.nodes.llama.slots import Slot, Slots
from octograph.nodes.llama.tap import Tap
from octograph.nodes.llama.text_stream import TextStream

__all__ = ["Engine"]

WORKER_SEQUENCES = 4
MASTER_SEQUENCES = 2
MASTER_CELLS = 2048
IDLE_CELLS = 1024
PREFILL_STEP = 256
FLUSH_SECONDS = 0.025
"""Text is sent at most this often: the parent's work per frame would take time from the decoding."""


class Engine:
    """Answers requests on one model.

    Parameters
    ----------
    model
        The weights, shared by both contexts.
    threads
        Most CPU threads of a decode; see `Governor`.
    context
        Most tokens of a conversation, answer included.

    """

    def __init__(self, model: Model, *, threads: int, context: int) -> None:
        self._model = model
        self._template = ChatTemplate(model)
        self.context_limit = context
        self._worker = Context(model, cells=context, sequences=WORKER_SEQUENCES, threads=threads)
        self._worker_slots = Slots(self._worker, sequences=WORKER_SEQUENCES, idle_cells=IDLE_CELLS)
        self._tap = Tap(model.embedding_size)
        self._layer: int | None = None
        self._master = Context(
            model,
            cells=MASTER_CELLS,
            sequences=MASTER_SEQUENCES,
            threads=threads,
            tap=self._tap,
            batch_size=MASTER_CELLS,
        )
        self._frames: dict[str, tuple[list[int], list[int]]] = {}
        self._master_slots = Slots(self._master, sequences=MASTER_SEQUENCES, idle_cells=MASTER_CELLS)

        self._governor = Governor(most=threads, abort=self.abort)

    def abort(self) -> None:
        """Stop a running decode; called from another thread."""
        self._worker.abort()
        self._master.abort()

    def count(self, messages: Sequence[dict[str, str]]) -> int:
        """Tokens that a conversation takes in the context."""
        return len(self._template.tokens(messages))

    def generate(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        sampling: Sampling,
        stop: Sequence[str],
        ticket: Ticket,
    ) -> Steps:
        """Continue a conversation: frames ``{"text"}``, then one with ``finish`` and the counts."""
        started = time.perf_counter()
        prompt = self._template.tokens(messages)
        if len(prompt) >= self.context_limit:
            raise ContextOverflowError(
                f"the conversation has {len(prompt)} tokens and the context holds {self.context_limit}",
                tokens=len(prompt),
                limit=self.context_limit,
                hint="Shorten the question or start a new thread.",
            )
        room = min(max_tokens, self.context_limit - len(prompt))
        slot = yield from self._wait_for_slot(self._worker_slots, prompt, room, ticket)
        if slot is None:
            yield _closing("cancelled", prompt=len(prompt), started=started)
            return
        try:
            cached = len(slot.tokens)
            yield from self._prefill(self._worker, slot, prompt, ticket)
            prefilled = time.perf_counter()
            writer = _Writer(TextStream(stop))
            finish = yield from self._write(slot, writer, Sampler(sampling), room, ticket)
            yield _closing(
                finish,
                text=writer.rest(),
                prompt=len(prompt),
                cached=cached,
                completion=writer.tokens,
                started=started,
                prefilled=prefilled,
            )
        finally:
            self._worker_slots.release(slot)

    def hidden(self, *, system: str, text: str, layer: int, limit: int, ticket: Ticket) -> Steps:
        """One frame with the hidden states of a text, read as the user's turn under `system`.

        ``last``: the state ``[d]`` at the last position, where the answer would begin.
        ``mean``: the mean ``[d]`` over the text's tokens.
        Both behind `layer`, counted from 0; the layers above are not computed.
        A text of more than `limit` tokens is read by its first and last halves of that length: a route needs
        the gist, and the whole would cost as much as answering.
        """
        if not 0 <= layer < self._model.layers - 1:  # llama.cpp drops rows within the last layer
            raise HostRequestError(
                f"layer {layer} cannot be read: the model has {self._model.layers}, of which 0 to "
                f"{self._model.layers - 2} can",
                hint="The master's model was changed: run `octograph train router` again.",
            )
        head, tail = self._master_frame(system)
        body = self._model.tokenize(text.strip())
        read = body if len(body) <= limit else body[: limit - limit // 2] + body[len(body) - limit // 2 :]
        tokens = head + read + tail
        if len(tokens) > self._master.cells:
            raise ContextOverflowError(
                f"the master's prompt and query have {len(tokens)} tokens, its context {self._master.cells}",
                tokens=len(tokens),
                limit=self._master.cells,
                hint="Shorten the master's `prompt` in the graph file.",
            )
        slot = yield from self._wait_for_slot(self._master_slots, tokens, 0, ticket)
        if slot is None:
            return
        try:
            states = self._states(slot, tokens, layer, shared=len(head), ticket=ticket)
        finally:
            self._master_slots.release(slot)
        if states is not None:
            words = states[: len(read)] if read else states[-1:]
            yield {"last": states[-1].tobytes(), "mean": words.mean(axis=0).tobytes(), "tokens": len(body)}

    def _states(
        self, slot: Slot, tokens: Sequence[int], layer: int, *, shared: int, ticket: Ticket
    ) -> NDArray[np.float32] | None:
        """Hidden states ``[n - shared, d]`` of the tokens behind the shared beginning; None if cancelled."""
        if layer != self._layer:
            # What is cached lacks the keys and values of other layers.
            self._master_slots.clear()
            self._master_slots.cut(slot, 0)
            self._tap.set_layer(layer)
            self._layer = layer
        # The states of the text are wanted, so of the cache only what stands before it is of use.
        self._master_slots.cut(slot, min(len(slot.tokens), shared))
        # What stands before the text is computed by itself: in one batch with a text its rounding would be that
        # text's, and the next route would not be repeatable.
        before = tokens[len(slot.tokens) : shared]
        if before and not self._decode(self._master, slot, before, (), ticket):
            return None
        rest = tokens[shared:]
        if not self._decode(self._master, slot, rest, (), ticket):
            return None
        states = self._tap.take()
        if states is None or len(states) != len(rest):
            raise HostRequestError(
                f"llama.cpp gave no hidden states behind layer {layer}",
                hint="The model's architecture names its layers otherwise; use another model as master.",
            )
        return states

    def _master_frame(self, system: str) -> tuple[list[int], list[int]]:
        """Tokens before and after a query; the same for every query, so rendered once."""
        if system not in self._frames:
            turns = ({"role": "system", "content": system}, {"role": "user", "content": "query"})
            self._frames[system] = self._template.around(turns)
        return self._frames[system]

    def _wait_for_slot(
        self, slots: Slots, tokens: Sequence[int], room: int, ticket: Ticket
    ) -> Generator[None, None, Slot | None]:
        """Return the slot, or None if the request was cancelled while it waited."""
        while (slot := slots.acquire(tokens, room=room)) is None:
            if ticket.cancelled:
                return None
            yield None
        return slot

    def _prefill(
        self, context: Context, slot: Slot, prompt: Sequence[int], ticket: Ticket
    ) -> Generator[None, None, None]:
        while True:
            step = prompt[len(slot.tokens) : len(slot.tokens) + PREFILL_STEP]
            if not self._decode(context, slot, step, (-1,), ticket) or len(slot.tokens) == len(prompt):
                # No turn for others now: the last token's logits are in the context until its next decode.
                return
            yield None

    def _write(
        self, slot: Slot, writer: _Writer, sampler: Sampler, room: int, ticket: Ticket
    ) -> Generator[Frame | None, None, Finish]:
        """Return why the text ended; the logits of the prompt's last token stand in the context."""
        written: list[int] = []
        while not ticket.cancelled:
            token = sampler(self._worker.logits(), written)
            # Others take their turns here, while nothing of this request stands in the context's outputs.
            text = writer.due()
            yield {"text": text} if text else None
            if self._model.ends_generation(token):
                return "stop"
            written.append(token)
            writer.add(self._model.piece(token))
            if writer.stopped:
                return "stop"
            if writer.tokens >= room:
                return "length"
            if not self._decode(self._worker, slot, (token,), (-1,), ticket):
                break
        return "cancelled"

    def _decode(
        self, context: Context, slot: Slot, tokens: Sequence[int], outputs: Sequence[int], ticket: Ticket
    ) -> bool:
        """Decode tokens at the end of a slot; False if the request was cancelled meanwhile."""
        position = len(slot.tokens)
        while not ticket.cancelled:
            try:
                with self._governor:
                    context.set_threads(self._governor.threads)
                    context.decode(tokens, sequence=slot.sequence, position=position, outputs=outputs)
            except Aborted:
                # Unless this request was cancelled, the governor wants it tried with fewer threads, or the
                # abort was meant for the request before it.
                context.rearm()
                context.trim(slot.sequence, position)
            else:
                slot.tokens.extend(tokens)
                return True
        return False


class _Writer:
    """Collects a text and hands it out in pieces worth a frame."""

    def __init__(self, stream: TextStream) -> None:
        self._stream = stream
        self._waiting = ""
        self._sent = 0.0
        self.tokens = 0

    @property
    def stopped(self) -> bool:
        return self._stream.stopped

    def add(self, piece: bytes) -> None:
        """Add a token's bytes."""
        self.tokens += 1
        self._waiting += self._stream.push(piece)

    def due(self) -> str:
        """Return the text to send now, if it is time."""
        now = time.perf_counter()
        if not self._waiting or now - self._sent < FLUSH_SECONDS:
            return ""
        self._sent = now
        text, self._waiting = self._waiting, ""
        return text

    def rest(self) -> str:
        """Return what was not sent yet; the text is over."""
        return self._waiting + self._stream.finish()


def _closing(
    finish: Finish,
    *,
    prompt: int,
    started: float,
    text: str = "",
    cached: int = 0,
    completion: int = 0,
    prefilled: float | None = None,
) -> Frame:
    now = time.perf_counter()
    prefilled = prefilled if prefilled is not None else now
    return {
        "text": text,
        "finish": finish,
        "prompt_tokens": prompt,
        "cached_tokens": cached,
        "completion_tokens": completion,
        "prefill_seconds": prefilled - started,
        "decode_seconds": now - prefilled,
    }
