"""Example queries as vectors: how near a query is to each worker, and how sure that makes one.

Shapes: ``n`` examples, ``d`` dimensions, ``w`` labels, ``q`` queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExampleIndex"]

TEMPERATURES = np.geomspace(0.005, 0.5, 60)
"""Candidates for ``T``: similarities lie within 1 of each other, and mostly within 0.3."""

DEFAULT_TEMPERATURE = 0.05
ROWS = 512
"""Queries whose similarities to all examples are in memory together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleIndex:
    """The examples of each label.

    ``score_c(x) = mean of the k largest cos(x, e) over the examples e of c``, and
    ``P(c|x) = softmax(score(x) / T)_c``. A label's own nearest examples are averaged, not the nearest of all
    counted: on 1,000 queries each, that was right for 0.713 against 0.691 (seventeen subjects) and 0.909 against
    0.899 (CLINC150's domains), and told queries out of scope apart with an AUROC of 0.93 against 0.68.

    Attributes
    ----------
    vectors
        float32 ``[n, d]``, each row of length 1.
    labels
        What each example belongs to, ``[n]``.
    names
        All labels ``[w]``, in the order of the scores; one without examples has the probability 0.
    neighbours
        Most examples of a label that count, ``k``.

    """

    vectors: NDArray[np.float32]
    labels: NDArray[np.str_]
    names: Sequence[str]
    neighbours: int

    def probabilities(self, query: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
        """Return ``P(c|x)`` for a query ``[d]``, as ``[w]``; sums to 1."""
        similarity = (self.vectors @ query)[np.newaxis]  # [1, n]
        return _softmax(self._scores(similarity) / temperature).ravel()

    def temperature(self) -> float:
        """Return the ``T`` with the least log loss over the examples, each scored by all others.

        It is chosen as for the master's head (Guo et al. 2017), here by leaving one out.
        """
        scores = np.concatenate([self._left_out(first) for first in range(0, len(self.vectors), ROWS)])  # [n, w]
        places = {name: place for place, name in enumerate(self.names)}
        right = np.array([places[label] for label in self.labels])  # [n]
        rows = np.flatnonzero(np.isfinite(scores[np.arange(len(right)), right]))  # those not alone in their label
        if rows.size == 0:
            return DEFAULT_TEMPERATURE
        losses = [
            -np.log(np.maximum(_softmax(scores[rows] / t)[np.arange(rows.size), right[rows]], 1e-12)).mean()
            for t in TEMPERATURES
        ]
        return float(TEMPERATURES[int(np.argmin(losses))])

    def _left_out(self, first: int) -> NDArray[np.float64]:
        """Scores ``[q, w]`` of the examples from `first` on, each without itself."""
        similarity = self.vectors[first : first + ROWS] @ self.vectors.T  # [q, n]
        rows = np.arange(len(similarity))
        similarity[rows, first + rows] = -np.inf
        return self._scores(similarity)

    def _scores(self, similarity: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores ``[q, w]`` from similarities ``[q, n]``; -inf, also among the similarities, is an absent example."""
        scores = np.full((len(similarity), len(self.names)), -np.inf)
        for place, name in enumerate(self.names):
            own = similarity[:, self.labels == name].astype(np.float64)  # [q, examples of the label]
            if own.shape[1] > self.neighbours:
                own = np.partition(own, -self.neighbours, axis=1)[:, -self.neighbours :]
            there = np.isfinite(own)
            counts = there.sum(axis=1)
            sums = np.where(there, own, 0.0).sum(axis=1)
            scores[counts > 0, place] = sums[counts > 0] / counts[counts > 0]
        return scores


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the last axis; -inf has the probability 0."""
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = weights / weights.sum(axis=-1, keepdims=True)
    return probabilities
