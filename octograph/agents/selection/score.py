"""What tells how sure one may be of an answer."""

from __future__ import annotations

import math
from typing import Protocol

from octograph.cancellation import CancelToken
from octograph.nodes.answered import Answered
from octograph.nodes.generation import TokenMeasures

__all__ = ["SelectionScore", "mean_logprob", "sum_logprob"]


class SelectionScore(Protocol):
    """Something that tells how sure one may be of an answer."""

    @property
    def name(self) -> str:
        """What it is called in reports, such as ``"perplexity"``."""
        ...

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """Return the score ``g``, None if cancelled; higher is surer.

        Only the order of one score's values means anything. ``-inf`` is the least sure of all, such as an answer
        without a token.

        Raises
        ------
        ContextOverflowError
            What has to be read does not fit in the model's context.
        ModelFileError
            An adapter or a soft prompt cannot be used with this model.
        HostError
            The model's process failed.

        """
        ...


def mean_logprob(measures: TokenMeasures) -> float:
    """``log f_norm(y|x) = (1/|y|) sum_j log f(y_j|x, y_<j)``, in nats; ``-inf`` of no tokens."""
    return float(measures.logprobs.mean(dtype=float)) if len(measures.logprobs) else -math.inf


def sum_logprob(measures: TokenMeasures) -> float:
    """``log f(y|x) = sum_j log f(y_j|x, y_<j)``, in nats; ``-inf`` of no tokens."""
    return float(measures.logprobs.sum(dtype=float)) if len(measures.logprobs) else -math.inf
