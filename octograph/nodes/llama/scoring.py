"""Given continuations of one prompt, measured side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from octograph.errors import HostRequestError
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.batcher import Work
from octograph.nodes.llama.lane import Lane
from octograph.nodes.llama.measures import Measure, choose_among, measure, measures_frame
from octograph.nodes.llama.slots import Lease

__all__ = ["score"]

AT_ONCE = 16


def score(
    *, lane: Lane, symbols: Sequence[int], texts: Sequence[Sequence[int]], among: Sequence[int], ticket: Ticket
) -> Steps:
    """Measure `texts` (token ids) behind a prompt, and the choice between the tokens `among` at its end.

    Frames ``{"scores": [...]}`` with ``index, tokens`` and the measures of each text as it is done; the last one
    has the counts and, if asked for, ``probabilities`` (float64) and ``mass``.
    """
    for index, text in enumerate(texts):
        if not text:
            raise HostRequestError(f"continuation {index} is empty", hint="Give each at least one token.")
    longest = max(map(len, texts), default=1)
    at_once = min(len(texts), AT_ONCE, max(1, (lane.context.cells - len(symbols)) // longest))
    # The main slot stays at the prompt's end; what a continuation adds stands in forks.
    cells = len(symbols) + at_once * longest
    lane.room(len(symbols) + longest - 1, branches=1, wanted=1)
    lease = yield from lane.slots.acquire(symbols, cells=cells, branches=at_once + 1, ticket=ticket)
    if lease is None:
        return
    try:
        work = yield from lane.prefill(lease, symbols, ticket)
        if work is None:
            return
        logits = lane.context.logits(work.fresh[0][1])
        last: Frame = {"scores": [], "prompt_tokens": len(symbols), "cached_tokens": lease.cached}
        if among:
            choice = choose_among(logits, among)
            last |= {"probabilities": choice.probabilities.tobytes(), "mass": choice.mass}
        measures = [[measure(logits, text[0])] for text in texts]
        yield from _measure(lane, lease, texts, measures, ticket)
    finally:
        lane.release(lease, ticket)
    if not ticket.cancelled:
        yield last


def _measure(
    lane: Lane, lease: Lease, texts: Sequence[Sequence[int]], measures: Sequence[list[Measure]], ticket: Ticket
) -> Iterator[Frame | None]:
    """Measure all tokens behind the first ones, whose measures stand there already."""
    waiting = deque(index for index, text in enumerate(texts) if len(text) > 1)
    done = [index for index, text in enumerate(texts) if len(text) == 1]
    running: dict[int, Work] = {}
    length = len(lease.main.symbols)
    while not ticket.cancelled:
        while waiting and lease.spare:
            index = waiting.popleft()
            slot = lane.slots.fork(lease, length=length)
            # Nothing is asked behind the last token, so it is not decoded.
            running[index] = lane.batcher.submit(slot, texts[index][:-1], first_output=0, ticket=ticket)
        frame = {"scores": [_frame(index, texts[index], measures[index]) for index in done]} if done else None
        done = []
        if not running:
            if frame is not None:
                yield frame
            return
        yield frame
        for index, work in list(running.items()):
            if work.error is not None:
                raise work.error
            for place, row in work.fresh:
                measures[index].append(measure(lane.context.logits(row), texts[index][place + 1]))
            if not work.left:
                lane.slots.join(lease, work.slot)
                del running[index]
                done.append(index)


def _frame(index: int, tokens: Sequence[int], measures: Sequence[Measure]) -> Frame:
    return {"index": index, "tokens": list(tokens), **measures_frame(measures)}
