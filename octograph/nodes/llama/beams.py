"""Beam searches behind one or several prompts, side by side in one request, and what they found scored behind all."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HostRequestError
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.beam_search import BeamSearch, Rules, Written
from octograph.nodes.llama.lane import SEQUENCES, Lane
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.saved import shared_length
from octograph.nodes.llama.slots import Lease
from octograph.nodes.llama.text_tree import TextTree
from octograph.nodes.marginal import sequence_marginals

__all__ = ["Beaming", "beams"]

WORTH_SHARING = 16
"""Symbols that prompts must have in common: a round for fewer takes longer than computing them for each."""

Result = TypeVar("Result")
Task = Generator[None, None, Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaming:
    """How answers are searched; the fields are those of `octograph.nodes.beams.BeamRequest`."""

    weights: Sequence[float] = ()
    mode: Literal["separate", "mixed"] = "separate"
    width: int
    count: int | None = None
    max_tokens: int
    stop: Sequence[str] = ()
    length_penalty: float = 0.0
    scored: bool = False

    def shares(self, prompts: int) -> NDArray[np.float64]:
        """``p(z|x)`` ``[K]``, summing to 1.

        Raises
        ------
        HostRequestError
            The request makes no sense for so many prompts.

        """
        if not prompts:
            raise HostRequestError("there is no prompt to search behind", hint="Give at least one.")
        if not 1 <= (self.width if self.count is None else self.count) <= self.width:
            raise HostRequestError(
                f"of {self.width} beams {self.count!r} hypotheses cannot be had", hint="Give 1 <= count <= width."
            )
        if prompts * (self.width + 1) > SEQUENCES:
            raise HostRequestError(
                f"{self.width} beams behind {prompts} prompts take {prompts * (self.width + 1)} sequences, and there "
                f"are {SEQUENCES}",
                hint="Ask for fewer beams or passages.",
            )
        if self.mode == "mixed" and self.scored:
            raise HostRequestError(
                "a mixed search scores what it writes behind every prompt already", hint="Leave out `scored`."
            )
        weights = np.array(self.weights or [1.0] * prompts, np.float64)
        if len(weights) != prompts or not np.isfinite(weights).all() or (weights <= 0).any():
            raise HostRequestError(
                f"{list(self.weights)!r} cannot be the weights of {prompts} prompts",
                hint="Give a positive number for each, or none.",
            )
        return np.asarray(weights / weights.sum())


def beams(order: Beaming, *, model: Model, lane: Lane, prompts: Sequence[Sequence[int]], ticket: Ticket) -> Steps:
    """Search behind prompts (symbols of each).

    One frame, if the request was not cancelled: ``hypotheses``, each with ``text, tokens, end, finish, logprobs``
    (float32 ``[K]`` as bytes) and ``marginal``; ``prompt_tokens, cached_tokens, seconds``.
    """
    started = time.perf_counter()
    weights = order.shares(len(prompts))
    length, width = sum(map(len, prompts)), order.width
    room = lane.room(length, branches=len(prompts) * width, wanted=order.max_tokens)
    leases = yield from lane.slots.acquire_all(
        prompts, cells=[len(symbols) + width * room for symbols in prompts], branches=width + 1, ticket=ticket
    )
    if leases is None:
        return
    try:
        # The main slots stay at the prompts' ends, and hypotheses live in the others.
        logits = yield from _prefill(lane, leases, prompts, model.vocabulary_size, ticket)
        cached = sum(lease.cached for lease in leases)
        rules = Rules(
            width=width,
            room=room,
            stop=tuple(text.encode() for text in order.stop if text),
            length_penalty=order.length_penalty,
        )
        places = range(len(prompts))
        groups = [list(places)] if order.mode == "mixed" else [[place] for place in places]
        searches = [
            BeamSearch(
                rules,
                model=model,
                lane=lane,
                leases=[leases[place] for place in group],
                logits=logits[group],
                weights=weights[group] / weights[group].sum(),
                ticket=ticket,
            ).run()
            for group in groups
        ]
        found = yield from _together(searches)
        known = _logprobs(found, groups)
        wanted = list(dict.fromkeys(one.path for one in chain.from_iterable(each[: order.count] for each in found)))
        if order.scored and not ticket.cancelled:
            yield from _score(known, wanted, lane=lane, leases=leases, logits=logits, ticket=ticket)
    finally:
        lane.batcher.forget(ticket)
        lane.slots.release(*leases)
    if ticket.cancelled:
        return
    written = {one.path: one for one in chain.from_iterable(found)}
    table = np.array([known[path] for path in wanted])  # [H, K]
    if order.mode == "mixed":
        marginals = [written[path].loglik for path in wanted]
    else:
        marginals = sequence_marginals(weights, table).tolist()
    hypotheses = [
        (rules.score(marginal, len(path)), _frame(written[path], logprobs, marginal, rules))
        for path, logprobs, marginal in zip(wanted, table, marginals, strict=True)
    ]
    yield {
        "hypotheses": [frame for _, frame in sorted(hypotheses, key=lambda pair: -pair[0])],
        "prompt_tokens": length,
        "cached_tokens": cached,
        "seconds": time.perf_counter() - started,
    }


def _prefill(
    lane: Lane, leases: Sequence[Lease], prompts: Sequence[Sequence[int]], vocabulary: int, ticket: Ticket
) -> Task[NDArray[np.float32]]:
    """Decode what the cache lacks of the prompts; the logits ``[K, V]`` behind them."""
    logits = np.empty((len(prompts), vocabulary), np.float32)
    first, *others = leases
    shared = _shared(prompts)
    if others and shared - len(first.main.symbols) >= WORTH_SHARING:
        beginning = prompts[0][len(first.main.symbols) : shared]
        yield from lane.wait(lane.batcher.submit(first.main, beginning, ticket=ticket))
    for other in others:
        lane.slots.adopt(other, first, length=min(shared, len(first.main.symbols)))
    works = {
        place: lane.batcher.submit(lease.main, symbols[len(lease.main.symbols) :], ticket=ticket)
        for place, (lease, symbols) in enumerate(zip(leases, prompts, strict=True))
    }
    while works and not ticket.cancelled:
        yield None
        for place, work in list(works.items()):
            if work.error is not None:
                raise work.error
            if not work.left:
                logits[place] = lane.context.logits(work.fresh[0][1])
                del works[place]
    return logits


def _shared(prompts: Sequence[Sequence[int]]) -> int:
    """Length of what all prompts begin with; less than that of any, since its last symbol's logits are wanted."""
    first, *others = (np.array(symbols[:-1], np.int64) for symbols in prompts)
    return min((shared_length(first, other) for other in others), default=len(first))


def _together(tasks: Sequence[Task[Result]]) -> Task[list[Result]]:
    """Let tasks go on side by side, a step each at a time, and return what they return."""
    results: dict[int, Result] = {}
    while True:
        for place, task in enumerate(tasks):
            if place not in results:
                try:
                    next(task)
                except StopIteration as end:
                    results[place] = end.value
        if len(results) == len(tasks):
            return [results[place] for place in range(len(tasks))]
        yield None


def _logprobs(
    found: Sequence[Sequence[Written]], groups: Sequence[Sequence[int]]
) -> dict[tuple[int, ...], NDArray[np.float64]]:
    """``log p(y|x,z)`` ``[K]`` of all that was found, ``-inf`` behind prompts in whose beam it is not."""
    prompts = sum(map(len, groups))
    known: dict[tuple[int, ...], NDArray[np.float64]] = {}
    for group, each in zip(groups, found, strict=True):
        for one in each:
            known.setdefault(one.path, np.full(prompts, -np.inf))[group] = one.logprobs
    return known


def _score(
    known: dict[tuple[int, ...], NDArray[np.float64]],
    wanted: Sequence[tuple[int, ...]],
    *,
    lane: Lane,
    leases: Sequence[Lease],
    logits: NDArray[np.float32],
    ticket: Ticket,
) -> Task[None]:
    """Fill in what is not known yet of the wanted texts, behind all prompts at once (thorough decoding)."""
    trees = [
        TextTree(
            {number: path for number, path in enumerate(wanted) if known[path][place] == -np.inf},
            lane=lane,
            lease=lease,
            logits=logits[place],
            ticket=ticket,
        ).run()
        for place, lease in enumerate(leases)
    ]
    for place, scores in enumerate((yield from _together(trees))):
        for number, loglik in scores.items():
            known[wanted[number]][place] = loglik


def _frame(one: Written, logprobs: NDArray[np.float64], marginal: float, rules: Rules) -> Frame:
    ends = [place for text in rules.stop if (place := one.data.find(text)) >= 0]
    return {
        "text": one.data[: min(ends, default=None)].decode("utf-8", errors="replace"),
        "tokens": list(one.tokens),
        "end": one.end,
        "finish": one.finish,
        "logprobs": logprobs.astype(np.float32).tobytes(),
        "marginal": marginal,
    }
