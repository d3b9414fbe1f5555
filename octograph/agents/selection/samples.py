"""Further answers to a question, drawn once for all scores that look at them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from cachetools import LRUCache

from octograph.agents.selection.score import mean_logprob
from octograph.cancellation import CancelToken
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Branch, BranchDecoder, DecodeRequest, Part
from octograph.nodes.generation import Sampling

__all__ = ["Sample", "Samples"]

DRAWS = Sampling(temperature=1.0, seed=0)

KEPT = 64
"""Questions whose samples are kept: scores of one answer are computed one soon after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sampled answer, and ``log f_norm(s|x)`` of it in nats."""

    text: str
    loglikelihood: float


class Samples:
    """Draws answers in one batch from the prompt, whose computation they share with each other and the answer's own.

    Parameters
    ----------
    decoder
        The model that answered.
    count
        How many are drawn.
    sampling
        How their tokens are chosen. At a temperature of 1 they are draws from the model, and means over them are
        what the entropies are defined as; Kuhn et al. (2023) found 0.5 to tell more.
    max_tokens, stop, program
        As the answer itself was written, see `DecodeRequest`.

    """

    def __init__(
        self,
        decoder: BranchDecoder,
        *,
        count: int = 10,
        sampling: Sampling = DRAWS,
        max_tokens: int = 64,
        stop: tuple[str, ...] = (),
        program: bool = False,
    ) -> None:
        self._decoder = decoder
        self._request = DecodeRequest(
            prompt=(),
            branches=count,
            sampling=sampling,
            max_tokens=max_tokens,
            stop=stop,
            program=program,
            measured=True,
        )
        self._drawings: LRUCache[_Key, _Drawing] = LRUCache(maxsize=KEPT)

    async def of(self, answered: Answered, *, cancel: CancelToken) -> tuple[Sample, ...] | None:
        """Return the samples of an answer's prompt, None if cancelled; raises as `BranchDecoder.decode` does.

        Those of no tokens are left out: their likelihood is that of the token that ended them, which has no measure.
        """
        drawing = self._drawings.setdefault((answered.prompt, answered.adapter), _Drawing())
        async with drawing.turn:  # who comes while they are being drawn waits for them
            if drawing.samples is None and not cancel.cancelled:
                drawing.samples = await self._draw(answered, cancel)
            return None if cancel.cancelled else drawing.samples

    async def _draw(self, answered: Answered, cancel: CancelToken) -> tuple[Sample, ...] | None:
        request = replace(self._request, prompt=answered.prompt, adapter=answered.adapter)
        branches = [piece async for piece in self._decoder.decode(request, cancel=cancel) if isinstance(piece, Branch)]
        if cancel.cancelled:
            return None
        return tuple(
            Sample(text=branch.text, loglikelihood=mean_logprob(branch.measures))
            for branch in sorted(branches, key=lambda branch: branch.branch)
            if branch.measures is not None and branch.tokens
        )


_Key = tuple[tuple[Part, ...], Path | None]


@dataclass(slots=True)
class _Drawing:
    """The samples of one prompt, once they are drawn."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    samples: tuple[Sample, ...] | None = None
