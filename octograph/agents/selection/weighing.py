"""How much the self-evaluation counts in ASPIRE's score, and what that is worth.

Shapes: ``n`` answers, ``r`` of them right and ``w`` wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.agents.selection.curve import auroc
from octograph.agents.selection.tally import graded
from octograph.errors import UsageError

__all__ = ["Weighing", "weigh"]

STEPS = 20

FEWEST = 10
"""Right answers, and wrong ones, below which luck says more than the answers do."""

RESAMPLES, CHANCE = 1000, 0.05
"""Draws of the bootstrap, and how many of them may be without a gain."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """The weight of the self-evaluation, and how well the scores tell right answers from wrong ones.

    Attributes
    ----------
    alpha
        The weight; 0 if what the self-evaluation gains may be chance.
    likelihood, aspire
        AUROC of the likelihood alone, and of both together. Either is the mean over two halves of the answers, each
        under the weight that does best on the other half, so no answer is measured under a weight that it chose.
    n
        Answers.

    """

    alpha: float
    likelihood: float
    aspire: float
    n: int


def weigh(
    likely: Sequence[float], correct: Sequence[float], right: Sequence[bool], *, seed: int = 0
) -> Weighing | None:
    """Return the weight at which the score tells validation answers apart best, and what it is worth on others.

    It is above 0 only if there is a gain in AUROC over the likelihood, measured across the halves, with a confidence
    of 95 %: a paired bootstrap (Efron 1979, percentiles), in which both scores are of the same draw.

    Parameters
    ----------
    likely
        ``log f_norm(y|x)`` of each answer, ``[n]``, in nats.
    correct
        ``log P(correct|x,y)``, ``[n]``, in nats.
    right
        Whether it is, ``[n]``.
    seed
        Of the halves and the draws.

    Returns
    -------
    Weighing or None
        None if so few are right, or wrong, that nothing can be told.

    Raises
    ------
    UsageError
        There are no answers.

    """
    if not right:
        raise UsageError(
            "none of the held-out questions got an answer that can be scored",
            hint="See what the worker makes of them with `octograph eval answers`, or hold out others: --validation.",
        )
    one, grades = graded(likely, right)  # [n], [n]
    other, _ = graded(correct, right)  # [n]
    if min(grades.sum(), (~grades).sum()) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(np.flatnonzero(side)) for side in (grades, ~grades)])  # [n]
    halves = order[::2], order[1::2]  # each with half of the right ones and half of the wrong ones
    alone, both = [], []
    for half, rest in (halves, halves[::-1]):
        alpha = _best(one[rest], other[rest], grades[rest])
        alone.append(_won(one[half], grades[half]))
        both.append(_won(_mixed(one, other, alpha)[half], grades[half]))
    gains = [ours - theirs for ours, theirs in zip(both, alone, strict=True)]
    least = np.quantile([_redrawn(gains, rng) for _ in range(RESAMPLES)], CHANCE)
    return Weighing(
        alpha=_best(one, other, grades) if least > 0 else 0.0,
        likelihood=_mean(alone),
        aspire=_mean(both),
        n=len(grades),
    )


def _mixed(one: Array, other: Array, alpha: float) -> Array:
    """The score at a weight ``[n]``; a part of weight 0 does not count, be it infinite."""
    parts = [weight * part for weight, part in ((1 - alpha, one), (alpha, other)) if weight]
    mixed: Array = np.sum(parts, axis=0)
    return mixed


def _best(one: Array, other: Array, right: NDArray[np.bool_]) -> float:
    """The weight of the highest AUROC; of equally good ones the middle: the AUROC of few answers is a staircase."""
    weights = [step / STEPS for step in range(STEPS + 1)]
    found = [auroc(_mixed(one, other, alpha), right) or 0.0 for alpha in weights]
    best = [alpha for alpha, value in zip(weights, found, strict=True) if value == max(found)]
    return best[len(best) // 2]


def _won(scores: Array, right: NDArray[np.bool_]) -> Array:
    """Whether each right answer outranks each wrong one, ties one half, ``[r, w]``; the mean is the AUROC."""
    ours, theirs = scores[right][:, np.newaxis], scores[~right]
    won: Array = (ours > theirs) + (ours == theirs) / 2
    return won


def _mean(parts: Sequence[Array]) -> float:
    return float(np.mean([part.mean() for part in parts]))


def _redrawn(parts: Sequence[Array], rng: np.random.Generator) -> float:
    """The mean over as many answers, drawn with replacement: the right ones and the wrong ones of each half."""
    return _mean([part[np.ix_(*(rng.integers(size, size=size) for size in part.shape))] for part in parts])
