"""Linear heads over sentence vectors: logistic regression and centroids, with temperatures that fit.

Shapes: ``n`` examples, ``d`` dimensions, ``w`` labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearHead", "fit_centroids", "fit_logistic"]

FOLDS = 5
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Candidates for ``C``; vectors of length 1 want larger ones than scaled features."""

Weights = tuple[NDArray[Any], NDArray[Any]]
"""``W [w, d]`` and ``b [w]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearHead:
    """``P(c|x) = softmax((W x + b) / T)``.

    Attributes
    ----------
    names
        The labels.
    weight, bias
        ``W [w, d]`` and ``b [w]``.
    temperature
        ``T`` with the least log loss on held-out folds.
    settings
        What else was chosen, for the report.

    """

    names: Sequence[str]
    weight: NDArray[Any]
    bias: NDArray[Any]
    temperature: float
    settings: dict[str, float]

    def distribution(self, vector: NDArray[np.float32]) -> dict[str, float]:
        """Return the probability of each label for a vector ``[d]``."""
        logits = (self.weight @ vector + self.bias) / self.temperature
        weights = np.exp(logits - logits.max())
        return dict(zip(self.names, (weights / weights.sum()).tolist(), strict=True))


def fit_logistic(vectors: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
    """Fit a multinomial logistic regression; ``C`` and ``T`` have the least log loss on held-out folds."""
    from sklearn.linear_model import LogisticRegression

    names, codes = np.unique(np.asarray(labels), return_inverse=True)

    def regress(strength: float) -> Callable[[NDArray[Any], NDArray[Any]], Weights]:
        def fit(some: NDArray[Any], some_codes: NDArray[Any]) -> Weights:
            model = LogisticRegression(C=strength, max_iter=1000).fit(some, some_codes)
            return model.coef_, model.intercept_

        return fit

    chosen = {strength: _temperature(regress(strength), vectors, codes, seed) for strength in STRENGTHS}
    strength = min(chosen, key=lambda candidate: chosen[candidate][1])
    weight, bias = regress(strength)(vectors, codes)
    return LinearHead(
        names=names.tolist(),
        weight=weight,
        bias=bias,
        temperature=chosen[strength][0],
        settings={"C": strength, "temperature": chosen[strength][0]},
    )


def fit_centroids(vectors: NDArray[np.float32], labels: Sequence[str], *, seed: int) -> LinearHead:
    """Take the direction of each label's mean vector; ``T`` has the least log loss on held-out folds."""
    names, codes = np.unique(np.asarray(labels), return_inverse=True)

    def fit(some: NDArray[Any], some_codes: NDArray[Any]) -> Weights:
        means = np.stack([some[some_codes == code].mean(axis=0) for code in range(len(names))])
        return means / np.linalg.norm(means, axis=1, keepdims=True), np.zeros(len(names))

    temperature, _ = _temperature(fit, vectors, codes, seed)
    weight, bias = fit(vectors, codes)
    return LinearHead(
        names=names.tolist(), weight=weight, bias=bias, temperature=temperature, settings={"temperature": temperature}
    )


def _temperature(
    fit: Callable[[NDArray[Any], NDArray[Any]], Weights], vectors: NDArray[Any], codes: NDArray[Any], seed: int
) -> tuple[float, float]:
    """``T`` and the log loss with it, over examples that the weights were not fitted on."""
    from scipy.optimize import minimize_scalar
    from sklearn.model_selection import StratifiedKFold

    logits = np.empty((len(codes), codes.max() + 1))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(vectors, codes):
        weight, bias = fit(vectors[train], codes[train])
        logits[test] = vectors[test] @ weight.T + bias

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(codes)), codes]).mean())

    found = minimize_scalar(loss, bounds=(-5.0, 3.0), method="bounded")
    return float(np.exp(found.x)), float(found.fun)
