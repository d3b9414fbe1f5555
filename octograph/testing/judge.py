"""A judge that knows what it thinks of each answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from octograph.cancellation import CancelToken
from octograph.errors import OctographError
from octograph.testing.clock import pause

if TYPE_CHECKING:  # the agents take over a second to import, and the fakes of hosts do not need them
    from octograph.agents.judging import Judgement

__all__ = ["FixedJudge"]


class FixedJudge:
    """A `Comparison` with a score for each answer, which is that of the one aspect ``relevance``.

    Parameters
    ----------
    scores
        By the answer's text, in nats a token.
    otherwise
        That of all others.
    delay
        Seconds that a comparison takes.
    errors
        Raised first, one a call.

    Attributes
    ----------
    asked
        Questions, answers and contexts that it was given, in order.

    """

    def __init__(
        self,
        scores: Mapping[str, float] = MappingProxyType({}),
        *,
        otherwise: float = -9.0,
        delay: float = 0.0,
        errors: Sequence[OctographError] = (),
    ) -> None:
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []
        self._scores = dict(scores)
        self._otherwise = otherwise
        self._delay = delay
        self._errors = list(errors)

    async def __call__(
        self, question: str, answers: Sequence[str], *, context: str | None, cancel: CancelToken
    ) -> tuple[Judgement, ...] | None:
        """See `Comparison`."""
        from octograph.agents.judging import Judgement

        self.asked.append((question, tuple(answers), context))
        await pause(self._delay, cancel)
        if cancel.cancelled:
            return None
        if self._errors:
            raise self._errors.pop(0)
        return tuple(
            Judgement(answer=answer, scores={"relevance": self._scores.get(answer, self._otherwise)})
            for answer in answers
        )
