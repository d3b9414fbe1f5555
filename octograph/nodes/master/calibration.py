"""Calibration: the temperature that makes probabilities honest, and the threshold from which a query is out of scope.

Both are chosen on queries that the rows were not fitted on. Shapes: ``n`` queries, ``t`` functional tokens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fitted_temperature", "log_loss", "softmax", "threshold"]

_ABOVE_ALL = 1.001

_LOWEST, _HIGHEST = -3.0, 3.0
"""Bounds of ``log T``."""


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities ``[n, t]`` of logits ``[n, t]``."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def log_loss(logits: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """Mean of ``-log softmax(logits)[code]`` over queries with the right tokens `codes` ``[n]``."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sums - shifted[np.arange(len(codes)), codes]).mean())


def fitted_temperature(logits: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """The ``T`` for which ``softmax(logits / T)`` has the least log loss (Guo et al. 2017, section 4.2)."""
    from scipy.optimize import minimize_scalar

    result = minimize_scalar(
        lambda log_t: log_loss(logits / np.exp(log_t), codes), bounds=(_LOWEST, _HIGHEST), method="bounded"
    )
    return float(np.exp(result.x))


def threshold(p_none: NDArray[np.float64], outside: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """The ``P(none)`` from which a query counts as out of scope.

    It maximises the mean of two shares: of the queries out of scope that are kept out, and of the others that reach
    their worker. So it does not depend on how many there are of each.

    Parameters
    ----------
    p_none
        ``P(none)`` of each query, ``[n]``.
    outside
        Whether it is out of scope, ``[n]``; both kinds must be there.
    right
        Whether the most probable worker is the right one, ``[n]``; of no account for a query out of scope.

    """
    order = np.argsort(-p_none, kind="stable")  # as the threshold falls, these leave for none one by one
    sorted_p, sorted_outside = p_none[order], outside[order]
    gained = np.concatenate([[0], np.cumsum(sorted_outside)]) / outside.sum()  # [n+1]
    lost = np.concatenate([[0], np.cumsum(~sorted_outside & right[order])]) / (~outside).sum()  # [n+1]
    # Between two queries of the same probability no threshold can stand.
    cuts = np.concatenate([[True], sorted_p[1:] < sorted_p[:-1], [True]])
    value = np.where(cuts, gained - lost, -np.inf)
    best = np.flatnonzero(value >= value.max() - 1e-12)
    bounds = np.concatenate([[_ABOVE_ALL], sorted_p, [0.0]])
    # Of equally good places the middle one: it is farthest from either mistake.
    place = best[len(best) // 2]
    return float((bounds[place] + bounds[place + 1]) / 2)
