"""How well a router routes.

Shapes: ``n`` queries, ``w`` targets (the workers and `NO_WORKER`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.agents.evaluation.data import RoutingExample
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.master import NO_WORKER, Route, Router

__all__ = ["calibration_error", "evaluate_routing"]

BINS = 15


async def evaluate_routing(
    examples: Sequence[RoutingExample], router: Router, *, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Route every example and score the decisions.

    Returns
    -------
    dict
        ``n``, ``accuracy`` (over all), ``accuracy_in_scope`` (over examples with a worker), ``macro_f1``,
        ``ece`` (see `calibration_error`), ``auroc_none`` (of ``P(none)`` as a detector of out-of-scope queries;
        None if the data has only one kind), ``confusion`` (``labels``; rows are true, columns chosen) and
        ``latency_ms`` (``p50, p95``).

    Raises
    ------
    UsageError
        The data names a worker that the router does not know.

    """
    routes: list[Route] = []
    for done, example in enumerate(examples, start=1):
        route = await router.route(example.query, cancel=CancelToken())
        if route is None:
            raise RuntimeError("a route that nobody can cancel was cancelled")
        routes.append(route)
        progress(done, len(examples))
    return _scores(examples, routes)


def _scores(examples: Sequence[RoutingExample], routes: Sequence[Route]) -> dict[str, Any]:
    from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

    labels = list(routes[0].distribution)  # [w]
    true = np.array([example.worker for example in examples])  # [n]
    if unknown := sorted(set(true.tolist()) - set(labels)):
        raise UsageError(
            f"the data names workers that the graph does not have: {', '.join(unknown)}",
            hint=f"The graph has: {', '.join(labels)}.",
        )
    chosen = np.array([route.worker for route in routes])  # [n]
    confidence = np.array([route.probability for route in routes])  # [n]
    right = chosen == true
    outside = true == NO_WORKER
    p_none = np.array([route.distribution[NO_WORKER] for route in routes])  # [n]
    latency = np.array([route.latency_ms for route in routes])  # [n]
    return {
        "n": len(routes),
        "accuracy": float(right.mean()),
        "accuracy_in_scope": float(right[~outside].mean()) if (~outside).any() else None,
        "macro_f1": float(f1_score(true, chosen, average="macro", zero_division=0.0)),
        "ece": calibration_error(confidence, right),
        "auroc_none": float(roc_auc_score(outside, p_none)) if 0 < outside.sum() < len(true) else None,
        "confusion": {"labels": labels, "matrix": confusion_matrix(true, chosen, labels=labels).tolist()},
        "latency_ms": {"p50": float(np.percentile(latency, 50)), "p95": float(np.percentile(latency, 95))},
    }


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Expected calibration error (Naeini et al. 2015), over equal-width bins of the confidence.

    ``ECE = sum_b (n_b / n) |accuracy_b - confidence_b|``

    Parameters
    ----------
    confidence
        Probability of each decision, ``[n]``.
    right
        Whether it was right, ``[n]``.
    bins
        How many bins of equal width cover ``(0, 1]``.

    """
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)  # [n]
    counts = np.bincount(places, minlength=bins)  # [bins]
    gaps = np.abs(
        np.bincount(places, weights=right.astype(float), minlength=bins)
        - np.bincount(places, weights=confidence, minlength=bins)
    )  # [bins], each already times its count
    return float(gaps[counts > 0].sum() / len(confidence))
