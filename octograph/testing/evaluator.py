"""An evaluator that knows what it thinks of each answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from octograph.cancellation import CancelToken
from octograph.nodes.answered import Answered

if TYPE_CHECKING:  # the agents take over a second to import, and the fakes of hosts do not need them
    from octograph.agents.events import ScoreKind

__all__ = ["FixedEvaluator"]


class FixedEvaluator:
    """An `Evaluator` with a score for each text.

    Parameters
    ----------
    scores
        ``g`` by the answer's text, in nats.
    otherwise
        That of all others.

    Attributes
    ----------
    answers
        What it was given, in order.

    """

    kind: ScoreKind = "self-evaluated"

    def __init__(self, scores: Mapping[str, float] = MappingProxyType({}), *, otherwise: float = 0.0) -> None:
        self.answers: list[Answered] = []
        self._scores = dict(scores)
        self._otherwise = otherwise

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `Evaluator`."""
        self.answers.append(answered)
        return None if cancel.cancelled else self._scores.get(answered.text, self._otherwise)
