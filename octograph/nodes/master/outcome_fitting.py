"""Fitting outcome rows: ridge regression of scores on the landmarks of a query.

One score of one worker is little more than the toss of a coin, and what it is tossed for is mostly how hard the query
is, which tells nothing about whom to choose. So the scores are rotated into what is common to all workers and the
principal directions of what is left, and each has a regularisation of its own. The chances are calibrated on folds
that the rows were not fitted on.

Shapes: ``n`` queries, ``w`` workers, ``f`` features, ``m`` landmarks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.landmarks import Landmarks
from octograph.nodes.master.outcomes import OutcomeRows, calibrated, chance_error
from octograph.nodes.master.reader import QueryReader, read_vectors

__all__ = ["fit_outcomes", "train_outcomes"]

Floats = NDArray[np.float64]

PENALTIES = tuple(np.geomspace(0.003, 300, 16).tolist())
"""Candidates for the regularisation, in units of the mean square of a standardised share."""

SHARPNESS = (3.0, 6.0, 12.0)
"""Candidates for how sharply landmarks are told apart; in between there is no difference to speak of."""

QUERIES_PER_LANDMARK = 10
MOST_LANDMARKS = 256
FOLDS = 5

LEAST = 20
"""Queries below which nothing can be held out."""

_COLDEST, _HOTTEST = -5.0, 2.0
"""Bounds of ``log T``."""


async def train_outcomes(
    queries: Sequence[str],
    scores: Floats,
    *,
    workers: Sequence[str],
    head: FunctionalHead,
    reader: QueryReader,
    adapter: Path | None = None,
    progress: Callable[[int, int], None],
    seed: int = 0,
) -> OutcomeRows:
    """Read queries as a master does and fit rows on how the workers did on them.

    Parameters
    ----------
    queries
        ``n`` of them.
    scores
        ``[n, w]``, from 0 (wrong) to 1 (right).
    workers
        ``w`` names.
    head
        The master's: its prompt, layer and adapter are those of the rows, so one pass over a query serves both.
    reader
        Of the master's model.
    adapter
        Where the adapter is that the head names.
    progress
        Told about the reading, which takes nearly all of the time.
    seed
        Of the folds.

    Raises
    ------
    HeadError
        See `fit_outcomes`.

    """
    _check(len(queries), scores, workers)
    features = await read_vectors(
        reader, queries, system=head.system, layer=head.layer, adapter=adapter, progress=progress
    )
    return fit_outcomes(
        features,
        scores,
        workers=workers,
        system=head.system,
        layer=head.layer,
        adapter=head.adapter,
        model=head.model,
        seed=seed,
    )


def fit_outcomes(
    features: NDArray[np.float32],
    scores: Floats,
    *,
    workers: Sequence[str],
    system: str,
    layer: int,
    adapter: str | None,
    model: str,
    seed: int = 0,
) -> OutcomeRows:
    """Fit a row for each worker.

    Parameters
    ----------
    features
        Hidden states of the queries, ``[n, f]``.
    scores
        ``[n, w]``, from 0 (wrong) to 1 (right).
    workers
        ``w`` names.
    system, layer, adapter, model
        How the features were read, see `OutcomeRows`.
    seed
        Of the folds.

    Raises
    ------
    HeadError
        There are fewer than two workers or twenty queries, or the shapes do not agree, or a score is not within 0
        and 1.

    """
    _check(len(features), scores, workers)
    started = time.perf_counter()
    held_out = _held_out(features, scores, seed)
    sharpness = min(held_out, key=lambda value: float((_apart(scores - held_out[value]) ** 2).sum()))
    slope, offset = _calibrated(held_out[sharpness], scores)
    chances = calibrated(held_out[sharpness], slope, offset)  # [n, w]
    landmarks = _landmarks(features, seed).sharpened(sharpness)
    weight, bias = _regress(landmarks.shares(features), scores)
    fitted = {"landmarks": len(landmarks.points), "sharpness": sharpness, "fit_seconds": time.perf_counter() - started}
    return OutcomeRows(
        workers=tuple(workers),
        landmarks=landmarks,
        weight=weight.astype(np.float32),
        bias=bias.astype(np.float32),
        slope=slope.astype(np.float32),
        offset=offset.astype(np.float32),
        temperature=_temperature(chances, scores),
        system=system,
        layer=layer,
        adapter=adapter,
        model=model,
        report=_report(chances, scores, workers) | fitted,
    )


def _check(count: int, scores: Floats, workers: Sequence[str]) -> None:
    if scores.shape != (count, len(workers)):
        raise HeadError(
            f"{count} queries and {len(workers)} workers have scores of the shape {scores.shape}",
            hint="Give a score for each query and worker.",
        )
    if len(workers) < 2 or count < LEAST:
        raise HeadError(
            f"outcome rows cannot be fitted on {count} queries and {len(workers)} workers",
            hint=f"Give at least {LEAST} queries with the scores of at least two workers.",
        )
    if not ((scores >= 0) & (scores <= 1)).all():
        raise HeadError("a score is not within 0 and 1", hint="Give scores from 0 (wrong) to 1 (right).")


def _landmarks(features: NDArray[np.float32], seed: int) -> Landmarks:
    count = min(MOST_LANDMARKS, max(2, len(features) // QUERIES_PER_LANDMARK))
    return Landmarks.among(features, count, seed=seed)


def _held_out(features: NDArray[np.float32], scores: Floats, seed: int) -> dict[float, Floats]:
    """For each sharpness, outputs ``[n, w]`` of rows that did not see the query."""
    outputs = {sharpness: np.empty_like(scores) for sharpness in SHARPNESS}
    for test in np.array_split(np.random.default_rng(seed).permutation(len(scores)), FOLDS):
        train = np.setdiff1d(np.arange(len(scores)), test)
        found = _landmarks(features[train], seed)
        for sharpness, output in outputs.items():
            landmarks = found.sharpened(sharpness)
            weight, bias = _regress(landmarks.shares(features[train]), scores[train])
            output[test] = landmarks.shares(features[test]) @ weight.T + bias
    return outputs


def _regress(shares: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Weights ``[w, m]`` and biases ``[w]`` of a ridge regression.

    The regularisation of each direction has the least leave-one-out error, which has a closed form:
    ``y - y_loo = (y - y') / (1 - h)`` with the leverages ``h [n]`` (Allen's PRESS).
    """
    count, centre, middle = len(scores), shares.mean(axis=0), scores.mean(axis=0)
    scale = shares.std(axis=0) + 1e-9  # [m]
    scaled = (shares - centre) / scale
    directions = _directions(scores - middle)  # [w, w]
    wanted = (scores - middle) @ directions  # [n, w]
    values, vectors = np.linalg.eigh(scaled.T @ scaled)  # [m], [m, m]
    turned = scaled @ vectors  # [n, m]
    products, squares = turned.T @ wanted, turned**2  # [m, w], [n, m]
    least = np.full(wanted.shape[1], np.inf)
    coefficients = np.empty_like(products)
    for penalty in PENALTIES:
        shrunk = 1 / (np.maximum(values, 0) + penalty * count)  # [m]
        leverage = squares @ shrunk + 1 / count  # [n]
        found = products * shrunk[:, None]
        errors = (((wanted - turned @ found) / (1 - leverage)[:, None]) ** 2).sum(axis=0)  # [w]
        better = errors < least
        least[better], coefficients[:, better] = errors[better], found[:, better]
    weight = directions @ (vectors @ coefficients).T / scale  # W x = W' (x - centre) / scale, so W = W' / scale
    return weight, middle - weight @ centre


def _directions(centred: Floats) -> Floats:
    """An orthonormal basis ``[w, w]`` of score space: what is common to all workers, then what tells them apart."""
    width = centred.shape[1]
    common = np.full((width, 1), width**-0.5)
    apart = _apart(centred)
    spread = apart.T @ apart
    # Nothing is left of the common direction; taken further down, it is surely the first of the eigenvectors.
    vectors = np.linalg.eigh(spread - (np.trace(spread) + 1) * common @ common.T)[1]
    basis: Floats = np.concatenate([common, vectors[:, 1:]], axis=1)
    return basis


def _apart(scores: Floats) -> Floats:
    """What differs between the workers: scores without each query's mean."""
    rest: Floats = scores - scores.mean(axis=1, keepdims=True)
    return rest


def _calibrated(outputs: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """``a [w]`` and ``c [w]`` for which ``sigmoid(a z + c)`` has the least log loss (Platt 1999).

    The scores are drawn in as Platt does it, so that a worker who never failed is not held for infallible.
    ``a`` is not negative: the rows may know nothing of a worker, but not the opposite.
    """
    from scipy.optimize import minimize

    slopes, offsets = [], []
    for z, score in zip(outputs.T, scores.T, strict=True):
        right, wrong = score.sum(), (1 - score).sum()
        wanted = score * (right + 1) / (right + 2) + (1 - score) / (wrong + 2)  # [n]

        def loss(x: Floats, z: Floats = z, wanted: Floats = wanted) -> tuple[float, Floats]:
            logits = x[0] * z + x[1]
            off = (0.5 * (1 + np.tanh(logits / 2)) - wanted) / len(z)
            return float((np.logaddexp(0, logits) - wanted * logits).mean()), np.array([off @ z, off.sum()])

        found = minimize(loss, np.array([4.0, -2.0]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
        slopes.append(found.x[0])
        offsets.append(found.x[1])
    return np.array(slopes), np.array(offsets)


def _temperature(chances: Floats, scores: Floats) -> float:
    """The ``T`` for which ``softmax(chance / T)`` best foretells who is best; those who tie share a query."""
    from scipy.optimize import minimize_scalar

    best = scores == scores.max(axis=1, keepdims=True)
    shares = best / best.sum(axis=1, keepdims=True)  # [n, w]

    def loss(log_t: float) -> float:
        logits = chances / np.exp(log_t)
        top = logits.max(axis=1, keepdims=True)
        sums = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        return float((sums - (shares * logits).sum(axis=1)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(_COLDEST, _HOTTEST), method="bounded").x))


def _report(chances: Floats, scores: Floats, workers: Sequence[str]) -> dict[str, Any]:
    """How well the chances did on queries held out."""
    taken = scores[np.arange(len(scores)), chances.argmax(axis=1)]
    means = scores.mean(axis=0)
    return {
        "queries": len(scores),
        "held_out_score": float(taken.mean()),
        "best_single": {"worker": workers[int(means.argmax())], "score": float(means.max())},
        "oracle": float(scores.max(axis=1).mean()),
        "ece": chance_error(chances, scores),
    }
