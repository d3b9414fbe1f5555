"""One beam search, behind one prompt or over the mixed distribution of several.

Shapes: ``K`` prompts of the search, ``V`` vocabulary, ``c`` candidates.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.host.service import Ticket
from octograph.nodes.llama.lane import Lane
from octograph.nodes.llama.log_softmax import likeliest, log_total
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.slots import Lease, Slot

__all__ = ["BeamSearch", "Rules", "Written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How hypotheses are kept, compared and ended.

    Attributes
    ----------
    width
        Hypotheses kept.
    room
        Most tokens of each, the one that ends it included.
    stop
        What ends one, in UTF-8.
    length_penalty
        ``a`` in ``log p(y) / n^a``.

    """

    width: int
    room: int
    stop: tuple[bytes, ...]
    length_penalty: float

    def score(self, loglik: float, length: int) -> float:
        """What hypotheses are compared by once they are finished."""
        return loglik / float(length**self.length_penalty)

    def best_score(self, loglik: float, length: int) -> float:
        """Return the best score that one of this likelihood and length can still come to: no further token costs."""
        return self.score(loglik, self.room if self.length_penalty > 0 else length + 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """What a hypothesis has written.

    Attributes
    ----------
    tokens, end
        Its tokens, and the one of the model's that ended it.
    data
        Their bytes.
    loglik
        Log-likelihood under the distribution that is searched.
    logprobs
        ``log p(y|x,z)`` behind each prompt, ``[K]``.
    finish
        Why it ended, None while it goes on.

    """

    tokens: tuple[int, ...] = ()
    end: int | None = None
    data: bytes = b""
    loglik: float = 0.0
    logprobs: NDArray[np.float64]
    finish: Literal["stop", "length"] | None = None

    @property
    def path(self) -> tuple[int, ...]:
        """Every token that its likelihood is of."""
        return self.tokens if self.end is None else (*self.tokens, self.end)


@dataclass(frozen=True, slots=True, eq=False)
class _Beam:
    """A live hypothesis: a slot behind each prompt; none while nothing is written yet."""

    written: Written
    slots: list[Slot] = field(default_factory=list)


class BeamSearch:
    """Finds the likeliest continuations.

    A hypothesis lives as ``K`` sequences of the cache, one behind each prompt, which share the cells of all that is
    common to them; see `octograph.nodes.beams.BeamRequest` for what is kept and when it ends.

    Parameters
    ----------
    rules
        How hypotheses are kept.
    model, lane
        What decodes.
    leases
        ``K`` of them, the prompts in their main slots, with `rules.width` spare slots each.
    logits
        Behind the prompts, float32 ``[K, V]``.
    weights
        ``p(z|x)`` ``[K]``, summing to 1.
    ticket
        The request's.

    """

    def __init__(
        self,
        rules: Rules,
        *,
        model: Model,
        lane: Lane,
        leases: Sequence[Lease],
        logits: NDArray[np.float32],
        weights: NDArray[np.float64],
        ticket: Ticket,
    ) -> None:
        self._rules = rules
        self._model = model
        self._lane = lane
        self._leases = leases
        self._logits = logits
        self._log_weights = np.log(weights)
        self._ticket = ticket

    def run(self) -> Generator[None, None, list[Written]]:
        """Search; the hypotheses found, the best first. Of a cancelled search they are not all."""
        rules = self._rules
        beams = [_Beam(Written(logprobs=np.zeros(len(self._leases))))]
        logits = [self._logits]
        finished: list[Written] = []
        while not self._ticket.cancelled:
            candidates = [
                (candidate, parent)
                for parent, rows in zip(beams, logits, strict=True)
                for candidate in self._extend(parent.written, rows)
            ]
            # Stable: of two that are equally likely, the one of the better parent and the smaller token.
            candidates.sort(key=lambda pair: -pair[0].loglik)
            live = [pair for pair in candidates if pair[0].finish is None][: rules.width]
            finished += [one for one, _ in candidates[: rules.width] if one.finish == "stop"]
            finished += [one for one, _ in candidates if one.finish == "length"][: rules.width]
            finished.sort(key=lambda one: -rules.score(one.loglik, len(one.path)))
            del finished[rules.width :]
            if not live or self._is_over(finished, live[0][0]):
                self._free(beams)
                return finished
            beams = self._grow(beams, live)
            logits = yield from self._decode(beams)
        return finished

    def _extend(self, written: Written, logits: NDArray[np.float32]) -> list[Written]:
        """Extend a hypothesis by its likeliest tokens: all candidates down to the `width`-th that does not end it."""
        totals = np.array([log_total(row) for row in logits])  # [K]
        mixed = self._mixed(logits, totals)  # [V]
        size = 2 * self._rules.width
        while True:
            tokens = likeliest(mixed, size)
            logprobs = logits[:, tokens].astype(np.float64) - totals[:, None]  # [K, c]
            steps = np.logaddexp.reduce(self._log_weights[:, None] + logprobs, axis=0)  # [c]
            found = [
                self._written(written, token, step, behind)
                for token, step, behind in zip(tokens, steps.tolist(), logprobs.T, strict=True)
            ]
            if sum(one.finish != "stop" for one in found) >= self._rules.width or size >= len(mixed):
                return found
            size *= 2

    def _mixed(self, logits: NDArray[np.float32], totals: NDArray[np.float64]) -> NDArray[np.float32]:
        """``log sum_z p(z|x) p(v|x,z,y)`` ``[V]``, for K = 1 but for a constant.

        It only finds the candidates, whose likelihoods are then computed in double precision.
        """
        if len(logits) == 1:
            return np.asarray(logits[0])
        joint = logits + (self._log_weights - totals).astype(np.float32)[:, None]  # [K, V]
        top: NDArray[np.float32] = joint.max(axis=0)
        joint -= top
        return np.asarray(top + np.log(np.exp(joint, out=joint).sum(axis=0)))

    def _written(self, before: Written, token: int, step: float, behind: NDArray[np.float64]) -> Written:
        loglik, logprobs = before.loglik + step, before.logprobs + behind
        if self._model.ends_generation(token):
            return Written(
                tokens=before.tokens,
                end=token,
                data=before.data,
                loglik=loglik,
                logprobs=logprobs,
                finish="stop",
            )
        tokens, data = (*before.tokens, token), before.data + self._model.piece(token)
        finish: Literal["stop", "length"] | None = None
        if any(text in data for text in self._rules.stop):
            finish = "stop"
        elif len(tokens) >= self._rules.room:
            finish = "length"
        return Written(tokens=tokens, data=data, loglik=loglik, logprobs=logprobs, finish=finish)

    def _is_over(self, finished: Sequence[Written], best: Written) -> bool:
        if len(finished) < self._rules.width:
            return False
        worst = finished[-1]
        reachable = self._rules.best_score(best.loglik, len(best.tokens))
        return self._rules.score(worst.loglik, len(worst.path)) >= reachable

    def _grow(self, parents: Sequence[_Beam], live: Sequence[tuple[Written, _Beam]]) -> list[_Beam]:
        """Give each hypothesis its slots: the first child goes on in its parent's, the others share their cells."""
        fathers = {parent for _, parent in live}
        # First, so that there are slots enough.
        self._free([parent for parent in parents if parent not in fathers])
        beams: list[_Beam] = []
        taken: set[_Beam] = set()
        for written, parent in live:
            if parent.slots and parent not in taken:
                taken.add(parent)
                slots = parent.slots
            else:
                sources = parent.slots or [lease.main for lease in self._leases]
                slots = [
                    self._lane.slots.fork(lease, length=len(source.symbols), source=source)
                    for lease, source in zip(self._leases, sources, strict=True)
                ]
            beams.append(_Beam(written, slots))
        return beams

    def _decode(self, beams: Sequence[_Beam]) -> Generator[None, None, list[NDArray[np.float32]]]:
        """Decode each hypothesis's last token; its logits ``[K, V]``."""
        works = {
            (row, column): self._lane.batcher.submit(slot, beam.written.tokens[-1:], ticket=self._ticket)
            for row, beam in enumerate(beams)
            for column, slot in enumerate(beam.slots)
        }
        logits = [np.empty_like(self._logits) for _ in beams]
        while works and not self._ticket.cancelled:
            yield None
            for (row, column), work in list(works.items()):
                if work.error is not None:
                    raise work.error
                if not work.left:  # else the batch was full
                    logits[row][column] = self._lane.context.logits(work.fresh[0][1])
                    del works[row, column]
        return logits

    def _free(self, beams: Sequence[_Beam]) -> None:
        for beam in beams:
            for lease, slot in zip(self._leases, beam.slots, strict=False):
                self._lane.slots.join(lease, slot)
