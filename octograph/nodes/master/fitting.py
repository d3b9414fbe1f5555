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
from octograph.graph import NONE
from octograph.nodes.master.calibration import fitted_temperature, log_loss, softmax, threshold

__all__ = ["Fit", "Labelled", "fit_rows", "regress"]

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
"""Candidates for ``C``, the inverse of the regularisation's strength."""

DEFAULT_STRENGTH = 0.03
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Queries as the master reads them, with the functional tokens that are right for them.

    Attributes
    ----------
    features
        ``[n, f]``.
    tokens
        ``n`` of them.

    """

    features: NDArray[np.float32]
    tokens: tuple[str, ...]


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
        ``T`` with the least log loss on the held-out queries that have a worker.
    threshold
        ``P(none)`` from which a query is out of scope; None if no held-out query is, or all are.
    strength
        ``C`` with the least log loss on the held-out queries.
    accuracy
        Share of held-out queries whose token is right; None if there are too few queries to hold any out.

    """

    tokens: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    threshold: float | None
    strength: float
    accuracy: float | None


def fit_rows(examples: Labelled, *, validation: Labelled | None = None, seed: int = 0) -> Fit:
    """Fit a row for each token.

    ``C``, ``T`` and the threshold are chosen on queries that the rows were not fitted on: those of `validation`, or
    else on folds. Queries by another hand make the better judge: those of one hand resemble each other, and
    probabilities that are honest about them are too sure of others.

    Parameters
    ----------
    examples
        At least two different tokens among them.
    validation
        Queries that were not used in any way, of the same tokens or some of them.
    seed
        Of the folds.

    Raises
    ------
    HeadError
        There are fewer than two different tokens, or the validation has another.

    """
    tokens, codes = np.unique(np.asarray(examples.tokens), return_inverse=True)  # [t], [n]
    if len(tokens) < 2:
        raise HeadError(
            "a functional head needs examples for at least two targets",
            hint="Add `examples` to the workers or `none_examples` to the master in the graph file.",
        )
    held_out: dict[float, NDArray[np.float64]] = {}  # by C, logits [n, t]
    judged = codes
    if validation is not None:
        judged = _codes(validation, tokens.tolist())
        for strength in STRENGTHS:
            weight, bias = regress(examples.features, codes, strength)
            held_out[strength] = (validation.features @ weight.T + bias).astype(np.float64)
    elif (folds := min(FOLDS, int(np.bincount(codes).min()))) >= 2:
        held_out = {strength: _folded(examples.features, codes, strength, folds, seed) for strength in STRENGTHS}
    strength, temperature, limit, accuracy = DEFAULT_STRENGTH, 1.0, None, None
    if held_out:
        # Queries out of scope say nothing about how sure to be among workers; the threshold is for them.
        inside = tokens[judged] != NONE
        told = inside if inside.any() else ~inside
        fitted = {c: fitted_temperature(logits[told], judged[told]) for c, logits in held_out.items()}
        strength = min(held_out, key=lambda c: log_loss(held_out[c] / fitted[c], judged))
        temperature = fitted[strength]
        limit, accuracy = _judge(held_out[strength] / temperature, judged, tokens.tolist())
    weight, bias = regress(examples.features, codes, strength)
    return Fit(
        tokens=tuple(tokens.tolist()),
        weight=weight,
        bias=bias,
        temperature=temperature,
        threshold=limit,
        strength=strength,
        accuracy=accuracy,
    )


def _codes(validation: Labelled, tokens: Sequence[str]) -> NDArray[np.int64]:
    places = {token: place for place, token in enumerate(tokens)}
    if unknown := sorted(set(validation.tokens) - set(places)):
        raise HeadError(
            f"the validation queries have targets without examples: {', '.join(unknown)}",
            hint="Add `examples` for them, or remove them from the validation file.",
        )
    return np.array([places[token] for token in validation.tokens])


def _judge(logits: NDArray[np.float64], codes: NDArray[np.int64], tokens: Sequence[str]) -> tuple[float | None, float]:
    """Threshold of ``P(none)`` and accuracy with it, of calibrated logits ``[n, t]``."""
    chosen = logits.argmax(axis=1)  # [n]
    if NONE not in tokens:
        return None, float((chosen == codes).mean())
    none = tokens.index(NONE)
    outside = codes == none
    if outside.all() or not outside.any():
        return None, float((chosen == codes).mean())
    p_none = softmax(logits)[:, none]
    inside = np.where(np.arange(len(tokens)) == none, -np.inf, logits).argmax(axis=1)  # the likeliest worker, [n]
    limit = threshold(p_none, outside, inside == codes)
    return limit, float((np.where(p_none >= limit, none, inside) == codes).mean())


def regress(
    features: NDArray[np.float32], codes: NDArray[np.int64], strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows ``W [t, f]`` and ``b [t]`` of a multinomial logistic regression with L2 regularisation.

    Parameters
    ----------
    features
        ``[n, f]``. They are scaled to unit variance for the fit, and the rows hold for them as they come.
    codes
        Row of each query, ``[n]``; every row from 0 to ``t - 1`` must have one.
    strength
        ``C``, the inverse of the regularisation's strength.

    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean = features.mean(axis=0)  # [f]
    scale = features.std(axis=0) + 1e-6  # [f]
    model = LogisticRegression(C=strength, max_iter=150, tol=1e-3)
    with warnings.catch_warnings():
        # Stopping early is one more regulariser here; what counts is measured on the held-out queries.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((features - mean) / scale, codes)
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # two classes: scikit-learn keeps only the difference
        weight, bias = np.vstack([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    folded = weight / scale  # W x = W' (x - mean) / scale, so W = W' / scale and b = b' - W mean
    # scikit-learn gives Fortran order.
    return np.ascontiguousarray(folded, dtype=np.float32), (bias - folded @ mean).astype(np.float32)


def _folded(
    features: NDArray[np.float32], codes: NDArray[np.int64], strength: float, folds: int, seed: int
) -> NDArray[np.float64]:
    """Logits ``[n, t]`` of each query, by a regression that did not see it."""
    from sklearn.model_selection import StratifiedKFold

    logits = np.empty((len(codes), codes.max() + 1))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, codes):
        weight, bias = regress(features[train], codes[train], strength)
        logits[test] = features[test] @ weight.T + bias
    return logits
