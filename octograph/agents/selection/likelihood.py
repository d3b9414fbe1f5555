"""Scores from the measures that an answer came with: they cost nothing."""

from __future__ import annotations

import math

from octograph.agents.selection.score import mean_logprob, sum_logprob
from octograph.cancellation import CancelToken
from octograph.nodes.answered import Answered

__all__ = ["Delta", "Likelihood", "Perplexity"]


class Perplexity:
    """How likely the answer was, for its length: ``log f_norm(y|x)``, minus the logarithm of its perplexity.

    In nats, 0 at most (Chen et al. 2023, arXiv 2310.11689).
    """

    name = "perplexity"

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`."""
        return None if cancel.cancelled else mean_logprob(answered.measures)


class Likelihood:
    """How likely the answer was as a whole: ``log f(y|x) = sum_j log f(y_j|x, y_<j)``, in nats, 0 at most.

    A longer answer has more places to be wrong in. Of answers whose length says nothing, as of a text that may be
    short or long, `Perplexity` is the fairer one.
    """

    name = "likelihood"

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`."""
        return None if cancel.cancelled else sum_logprob(answered.measures)


class Delta:
    """How far ahead each token was of the next likeliest one.

    ``(1/|y|) sum_t p(x_t^1|x_<t) - p(x_t^2|x_<t)``, from 0 to 1 (Wang and Zhou 2024, arXiv 2402.10200, equation 1).
    The mean is over the whole text, which the paper's is where the text is the answer and nothing else; of an answer
    within a chain of thought see `octograph.agents.cot`.
    """

    name = "delta"

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`."""
        if cancel.cancelled:
            return None
        margins = answered.measures.margins
        return float(margins.mean(dtype=float)) if len(margins) else -math.inf
