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
BLOCK = 256

COLDEST = 1e-6
"""Below this a temperature has no room in a float32, and the likeliest token all of the probability anyway."""


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
        sampling = self._sampling
        if sampling.top_p >= 1 and sampling.min_p <= 0:
            return self._draw(self._weights(logits))
        tokens, probabilities = self.distribution(logits)
        return int(tokens[self._draw(probabilities)])

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
        weights = self._weights(logits)
        tokens = np.flatnonzero((weights >= sampling.min_p) & (weights > 0))  # [c]
        if sampling.top_p < 1:
            tokens = _nucleus(tokens, weights[tokens], sampling.top_p * float(weights.sum()))
        kept = weights[tokens].astype(np.float64)
        return tokens, kept / kept.sum()

    def _weights(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """``exp((x - max x) / T)`` ``[V]``; the top token has 1."""
        weights: NDArray[np.float32] = logits - logits.max()
        weights /= np.float32(max(self._sampling.temperature, COLDEST))
        return np.exp(weights, out=weights)

    def _draw(self, weights: NDArray[np.float32] | NDArray[np.float64]) -> int:
        """Draw a place of `weights` ``[n]`` by their share.

        The sums of blocks first, then the weights of one: a running sum over the vocabulary takes longer than
        all the rest.
        """
        sums = np.add.reduceat(weights, np.arange(0, len(weights), BLOCK)).cumsum(dtype=np.float64)
        target = self._random.random() * sums[-1]
        block = int(np.searchsorted(sums, target, side="right"))
        before = sums[block - 1] if block else 0.0
        inside = weights[block * BLOCK : (block + 1) * BLOCK].cumsum(dtype=np.float64)
        place = block * BLOCK + int(np.searchsorted(inside, target - before, side="right"))
        # Rounding can lead behind the last weight of a block, or of all.
        return place if place < len(weights) and weights[place] > 0 else int(weights.argmax())


def _nucleus(tokens: NDArray[np.int64], weights: NDArray[np.float32], mass: float) -> NDArray[np.int64]:
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
    reached = int(np.searchsorted(np.cumsum(weights[order], dtype=np.float64), mass, side="left")) + 1
    # By id: two tokens that rounding makes change places would otherwise change the draw.
    return tokens[np.sort(order[:reached])]
