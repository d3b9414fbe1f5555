"""Fitting a functional head: regularised logistic regression on the hidden states of example queries.

Shapes: ``n`` queries, ``f`` features, ``t`` functional tokens.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError

__all__ = ["Fit", "fit_rows"]

STRENGTHS = (0.003, 0.01, 0.03, 0.1)
"""Candidates for ``C``, the inverse of the regularisation's strength."""

DEFAULT_STRENGTH = 0.03
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Fitted rows and how well they did on queries held out from them.

    Attributes
    ----------
    tokens
        The functional tokens, a row each.
    weight, bias
        ``W [t, f]`` and ``b [t]`` over raw features.
    temperature
        ``T`` with the least log loss over the held-out folds.
    strength
        ``C`` with the least log loss over the held-out folds.
    accuracy
        Share of held-out queries whose first token is right; None if there are too few queries to hold any out.

    """

    tokens: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    strength: float
    accuracy: float | None


def fit_rows(features: NDArray[np.float32], labels: Sequence[str], *, seed: int = 0) -> Fit:
    """Fit a row for each label.

    ``C`` and ``T`` are chosen on held-out folds (Guo et al. 2017 for the temperature), so that neither sees
    the queries it is judged on.

    Parameters
    ----------
    features
        ``[n, f]``.
    labels
        The right functional token of each query, ``n`` of them, at least two different.
    seed
        Of the folds.

    Raises
    ------
    HeadError
        There are fewer than two different labels.

    """
    tokens, codes = np.unique(np.asarray(labels), return_inverse=True)  # [t], [n]
    if len(tokens) < 2:
        raise HeadError(
            "a functional head needs examples for at least two targets",
            hint="Add `examples` to the workers or `none_examples` to the master in the graph file.",
        )
    mean = features.mean(axis=0)  # [f]
    scale = features.std(axis=0) + 1e-6  # [f]
    scaled = (features - mean) / scale
    folds = min(FOLDS, int(np.bincount(codes).min()))
    strength, temperature, accuracy = DEFAULT_STRENGTH, 1.0, None
    if folds >= 2:
        held_out = {c: _held_out(scaled, codes, c, folds, seed) for c in STRENGTHS}  # each [n, t]
        chosen = {c: _temperature(logits, codes) for c, logits in held_out.items()}
        strength = min(STRENGTHS, key=lambda c: _log_loss(held_out[c] / chosen[c], codes))
        temperature = chosen[strength]
        accuracy = float((held_out[strength].argmax(axis=1) == codes).mean())
    weight, bias = _regress(scaled, codes, strength)
    folded = weight / scale  # W x = W' (x - mean) / scale, so W = W' / scale and b = b' - W mean
    return Fit(
        tokens=tuple(tokens.tolist()),
        weight=np.ascontiguousarray(folded, dtype=np.float32),  # scikit-learn gives Fortran order
        bias=(bias - folded @ mean).astype(np.float32),
        temperature=temperature,
        strength=strength,
        accuracy=accuracy,
    )


def _regress(
    features: NDArray[np.float32], codes: NDArray[np.int64], strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``[t, f]`` and biases ``[t]`` of a multinomial logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=150, tol=1e-3)
    with warnings.catch_warnings():
        # Stopping early is one more regulariser here; what counts is measured on the held-out folds.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features, codes)
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # two classes: scikit-learn keeps only the difference
        weight, bias = np.vstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    return weight, bias


def _held_out(
    features: NDArray[np.float32], codes: NDArray[np.int64], strength: float, folds: int, seed: int
) -> NDArray[np.float64]:
    """Logits ``[n, t]`` of each query, by a regression that did not see it."""
    from sklearn.model_selection import StratifiedKFold

    logits = np.empty((len(codes), codes.max() + 1))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, codes):
        weight, bias = _regress(features[train], codes[train], strength)
        logits[test] = features[test] @ weight.T + bias
    return logits


def _temperature(logits: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    from scipy.optimize import minimize_scalar

    result = minimize_scalar(
        lambda log_t: _log_loss(logits / np.exp(log_t), codes), bounds=(-3.0, 3.0), method="bounded"
    )
    return float(np.exp(result.x))


def _log_loss(logits: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """Mean of ``-log softmax(logits)[code]``."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sums - shifted[np.arange(len(codes)), codes]).mean())
