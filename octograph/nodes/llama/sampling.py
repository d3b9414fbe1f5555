"""From logits to the next token, in numpy; the vocabulary is never sorted as a whole.

Shapes: ``V`` vocabulary, ``c`` candidates left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.generation import Sampling

__all__ = ["Sampler"]

PENALTY_WINDOW = 128


class Sampler:
    """Draws tokens as a `Sampling` says; holds the random state of one request."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = np.random.default_rng(sampling.seed)

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken each time."""
        return self._sampling.temperature <= 0

    def __call__(self, logits: NDArray[np.float32], written: Sequence[int] = ()) -> int:
        """Return the next token's id for logits ``[V]`` after the tokens `written` so far."""
        logits = self.penalised(logits, written)
        if self.greedy:
            return int(logits.argmax())
        tokens, probabilities = self.distribution(logits)
        place = int(np.searchsorted(np.cumsum(probabilities), self._random.random(), side="right"))
        return int(tokens[min(place, len(tokens) - 1)])  # rounding can leave the sum a little below 1

    def penalised(self, logits: NDArray[np.float32], written: Sequence[int]) -> NDArray[np.float32]:
        """Logits ``[V]`` with those of the last `PENALTY_WINDOW` tokens written made smaller.

        ``x / theta`` where ``x > 0``, else ``x * theta``; untouched if ``theta`` is 1.
        """
        if self._sampling.repetition_penalty <= 1 or not written:
            return logits
        lately = np.unique(written[-PENALTY_WINDOW:])
        changed = logits.copy()
        values, theta = changed[lately], self._sampling.repetition_penalty
        changed[lately] = np.where(values > 0, values / theta, values * theta)
        return changed

    def distribution(self, logits: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Candidate ids ``[c]`` and their probabilities ``[c]``, which sum to 1.

        ``p = softmax(logits / T)``; then min-p and top-p, both on that ``p``; then renormalised.
        """
        sampling = self._sampling
        scaled = logits.astype(np.float64) / sampling.temperature  # [V]
        weights = np.exp(scaled - scaled.max())  # [V], the top token has 1
        total = weights.sum()
        tokens = np.flatnonzero((weights >= sampling.min_p) & (weights > 0))  # [c]
        if sampling.top_p < 1:
            tokens = _nucleus(tokens, weights[tokens], sampling.top_p * total)
        kept = weights[tokens]
        return tokens, kept / kept.sum()


def _nucleus(tokens: NDArray[np.int64], weights: NDArray[np.float64], mass: float) -> NDArray[np.int64]:
    """Return the fewest heaviest tokens that reach `mass`, by id.

    The head of the distribution is found by partition and grown until it holds the mass.
    """
    size = 64
    while size < len(weights):
        head = np.argpartition(weights, -size)[-size:]
        if weights[head].sum() >= mass:
            break
        size *= 8
    else:
        head = np.arange(len(weights))
    order = head[np.argsort(-weights[head], kind="stable")]
    reached = int(np.searchsorted(np.cumsum(weights[order]), mass, side="left")) + 1
    # By id: two tokens that rounding makes change places would otherwise change the draw.
    return tokens[np.sort(order[:reached])]
