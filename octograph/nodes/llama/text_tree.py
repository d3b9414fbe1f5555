"""Log-likelihoods of many texts behind one prompt, of which what they share in the beginning is decoded once.

Shapes: ``V`` vocabulary.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.host.service import Ticket
from octograph.nodes.llama.batcher import Work
from octograph.nodes.llama.lane import Lane
from octograph.nodes.llama.log_softmax import log_total
from octograph.nodes.llama.slots import Lease, Slot

__all__ = ["TextTree"]

Texts = Sequence[tuple[int, tuple[int, ...]]]


@dataclass(slots=True, eq=False)
class _Branch:
    """Tokens with which several texts go on, and what follows.

    Attributes
    ----------
    before, path
        Tokens from the prompt's end to where this branch begins, and to where it ends.
    ending
        Numbers of the texts that end there.
    branches
        How the others go on.
    loglik
        Of as much of the path as is measured so far.

    """

    before: tuple[int, ...]
    path: tuple[int, ...]
    ending: list[int]
    branches: list[_Branch]
    loglik: float = 0.0

    @property
    def decoded(self) -> tuple[int, ...]:
        """The path as far as anything is asked behind it."""
        return self.path if self.branches else self.path[:-1]


class TextTree:
    """Measures texts behind a prompt.

    Parameters
    ----------
    texts
        Token ids of each by its number; none empty.
    lane, lease
        What decodes; the prompt stands in the lease's main slot, and its spare slots are used.
    logits
        Behind the prompt, ``[V]``.
    ticket
        The request's.

    """

    def __init__(
        self,
        texts: Mapping[int, tuple[int, ...]],
        *,
        lane: Lane,
        lease: Lease,
        logits: NDArray[np.float32],
        ticket: Ticket,
    ) -> None:
        self._lane = lane
        self._lease = lease
        self._length = len(lease.main.symbols)
        self._ticket = ticket
        self._found: dict[int, float] = {}
        self._running: dict[_Branch, Work] = {}
        self._waiting = deque(self._enter(_branches(list(texts.items()), ()), 0.0, logits))

    def run(self) -> Generator[None, None, dict[int, float]]:
        """Return ``log p(y|x)`` of each text; of a cancelled request not all."""
        while (self._waiting or self._running) and not self._ticket.cancelled:
            while self._waiting and self._lease.spare:
                self._begin(self._waiting.popleft(), self._lane.slots.fork(self._lease, length=self._length))
            yield None
            for branch, work in list(self._running.items()):
                self._advance(branch, work)
        return self._found

    def _enter(self, branches: Sequence[_Branch], before: float, logits: NDArray[np.float32]) -> list[_Branch]:
        """Measure the first token of each branch; those of which more is to be decoded."""
        total = log_total(logits)
        for branch in branches:
            branch.loglik = before + float(logits[branch.path[len(branch.before)]]) - total
            if len(branch.path) == len(branch.before) + 1:
                self._found |= dict.fromkeys(branch.ending, branch.loglik)
        return [branch for branch in branches if len(branch.decoded) > len(branch.before)]

    def _begin(self, branch: _Branch, slot: Slot) -> None:
        """Decode a branch behind what stands in a slot: all that leads to it, or the prompt alone."""
        there = len(slot.symbols) - self._length
        wanted = len(branch.before) - there
        self._running[branch] = self._lane.batcher.submit(
            slot, branch.decoded[there:], first_output=wanted, ticket=self._ticket
        )

    def _advance(self, branch: _Branch, work: Work) -> None:
        """Measure what was decoded of a branch, and go on with those behind it."""
        if work.error is not None:
            raise work.error
        further: list[_Branch] = []
        offset = len(branch.decoded) - len(work.symbols)
        for index, place in work.fresh:
            logits = self._lane.context.logits(place)
            following = offset + index + 1
            if following < len(branch.path):
                branch.loglik += float(logits[branch.path[following]]) - log_total(logits)
            else:
                further = self._enter(branch.branches, branch.loglik, logits)
        if work.left:
            return
        del self._running[branch]
        self._found |= dict.fromkeys(branch.ending, branch.loglik)
        if not further:
            self._lane.slots.join(self._lease, work.slot)
            return
        first, *others = further
        for other in others:
            if self._lease.spare:
                slot = self._lane.slots.fork(self._lease, length=len(work.slot.symbols), source=work.slot)
                self._begin(other, slot)
            else:
                # Later, from the prompt's end: to keep its beginning it would have to keep a slot.
                self._waiting.append(other)
        self._begin(first, work.slot)


def _branches(texts: Texts, before: tuple[int, ...]) -> list[_Branch]:
    """Return how texts that all begin with `before` go on."""
    by_token: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for number, text in texts:
        by_token.setdefault(text[len(before)], []).append((number, text))
    return [_branch(alike, before) for alike in by_token.values()]


def _branch(texts: Texts, before: tuple[int, ...]) -> _Branch:
    first, end = texts[0][1], len(before) + 1
    while all(len(text) > end for _, text in texts) and len({text[end] for _, text in texts}) == 1:
        end += 1
    path = first[:end]
    further = [(number, text) for number, text in texts if len(text) > end]
    ending = [number for number, text in texts if len(text) == end]
    return _Branch(before, path, ending, _branches(further, path))
