"""A prompt continued by one or more branches: computed once, shared by all, and each in every batch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from octograph.nodes.generation import Sampling
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.batcher import Work
from octograph.nodes.llama.branch import Branch
from octograph.nodes.llama.grammar import Grammar
from octograph.nodes.llama.lane import Lane
from octograph.nodes.llama.log_softmax import likeliest
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.slots import Lease, Slot
from octograph.nodes.llama.speculation import Drafts

__all__ = ["Decoding", "decode"]

FLUSH_SECONDS, LONGEST_FLUSH_SECONDS = 0.05, 0.2
"""Text is sent at most this often, times the texts that are being written, up to the second: the parent's work for
a frame takes time from the decoding, which wants every core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How a prompt is continued; the fields are those of `octograph.nodes.decoding.DecodeRequest`."""

    branches: int = 1
    start: Literal["top", "sample"] = "sample"
    max_tokens: int
    sampling: Sampling
    stop: Sequence[str] = ()
    ignore_eos: bool = False
    schema: dict[str, Any] | None = None
    program: bool = False
    measured: bool = False

    @property
    def drafted(self) -> bool:
        """Whether drafts can be tried: with one greedy text they change nothing but the time."""
        free = self.schema is None and not self.program
        return free and self.branches == 1 and self.sampling.temperature <= 0


def decode(order: Decoding, *, model: Model, lane: Lane, symbols: Sequence[int], ticket: Ticket) -> Steps:
    """Continue a prompt.

    Frames ``{"pieces": [...]}`` (see `Branch.piece`); the last one has also ``finish`` and the counts.
    """
    started = time.perf_counter()
    room = lane.room(len(symbols), branches=order.branches, wanted=order.max_tokens)
    branches = _branches(order, model, room)
    cached, prefilled = 0, None
    lease = None
    try:
        lease = yield from lane.slots.acquire(
            symbols, cells=len(symbols) + order.branches * room, branches=order.branches, ticket=ticket
        )
        if lease is not None:
            cached = lease.cached
            work = yield from lane.prefill(lease, symbols, ticket)
            if work is not None:
                prefilled = time.perf_counter()
                works = _begin(order, lane, lease, branches, work.fresh[0][1], ticket)
                drafts = Drafts(symbols) if order.drafted else None
                yield from _write(lane, lease, branches, works, drafts, ticket)
    finally:
        for branch in branches:
            if branch.finish is None:
                branch.end("cancelled")
        if lease is not None:
            lane.release(lease, ticket)
    now = time.perf_counter()
    prefilled = prefilled or now
    yield {
        "pieces": _pieces(branches),
        "finish": branches[0].finish,
        "prompt_tokens": len(symbols),
        "cached_tokens": cached,
        "completion_tokens": sum(len(branch.tokens) for branch in branches),
        "prefill_seconds": prefilled - started,
        "decode_seconds": now - prefilled,
    }


def _branches(order: Decoding, model: Model, room: int) -> list[Branch]:
    grammar = None if order.schema is None else Grammar(model, order.schema)
    seed = order.sampling.seed
    return [
        Branch(
            index,
            model=model,
            sampling=order.sampling if seed is None else replace(order.sampling, seed=seed + index),
            stop=order.stop,
            ignore_eos=order.ignore_eos,
            room=room,
            grammar=grammar if grammar is None or index == 0 else grammar.copy(),
            program=order.program,
            measured=order.measured,
        )
        for index in range(order.branches)
    ]


def _begin(
    order: Decoding, lane: Lane, lease: Lease, branches: Sequence[Branch], place: int, ticket: Ticket
) -> dict[int, Work]:
    """Write each branch's first token, and let it share the prompt's cells; return what those wait for."""
    logits = lane.context.logits(place)
    if order.start == "top":
        adjusted = branches[0].adjusted(logits)
        chosen = [token for token in likeliest(adjusted, len(branches)) if adjusted[token] > -math.inf]
    else:
        chosen = [branch.choose(logits) for branch in branches]
    length = len(lease.main.symbols)
    works = {}
    for branch in branches[len(chosen) :]:
        branch.end("stop")  # a grammar that allows fewer first tokens than there are branches
    for branch, token in zip(branches, chosen, strict=False):
        branch.write(token, logits)
        if branch.finish is None:
            slot = lease.main if branch.index == 0 else lane.slots.fork(lease, length=length)
            works[branch.index] = lane.batcher.submit(slot, branch.undecoded, ticket=ticket)
    return works


def _write(
    lane: Lane,
    lease: Lease,
    branches: Sequence[Branch],
    works: dict[int, Work],
    drafts: Drafts | None,
    ticket: Ticket,
) -> Iterator[Frame | None]:
    """Go on with all branches until the last has ended."""
    sent = 0.0
    while works and not ticket.cancelled:
        now = time.perf_counter()
        interval = min(FLUSH_SECONDS * lane.slots.held, LONGEST_FLUSH_SECONDS)
        pieces = _pieces(branches) if now - sent >= interval else []
        if pieces:
            sent = now
        yield {"pieces": pieces} if pieces else None
        for index, work in list(works.items()):
            branch = branches[index]
            if work.error is not None:
                raise work.error
            if work.left:
                continue  # the batch was full
            branch.extend(lane, work)
            if branch.finish is None:
                works[index] = _continued(lane, work.slot, branch, drafts, ticket)
            else:
                del works[index]
                if work.slot is not lease.main:
                    lane.slots.join(lease, work.slot)


def _continued(lane: Lane, slot: Slot, branch: Branch, drafts: Drafts | None, ticket: Ticket) -> Work:
    """Have what a branch wrote decoded, with a guess at what follows where there is one."""
    row = branch.undecoded
    first = len(row) - 1
    if drafts is not None:
        row += drafts.next(branch.tokens, room=branch.room - len(branch.tokens) - 1)
    return lane.batcher.submit(slot, row, first_output=first, ticket=ticket)


def _pieces(branches: Sequence[Branch]) -> list[Frame]:
    return [piece for branch in branches if (piece := branch.piece()) is not None]
