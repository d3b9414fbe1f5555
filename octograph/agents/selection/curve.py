"""How accuracy falls as more is answered, and how well a score tells right answers from wrong ones.

Answers of one score are a tie. A threshold takes all of them or none, so the curve has a point where a tie ends and
none within it. The area under it would then hang on how ties happen to be cut, so there each answer of a tie counts as
likely to come first as any other: the area is the mean over all orders. So the order of the input matters nowhere.

Shapes: ``n`` answers, ``t`` different scores among them, ``b`` resamples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.agents.selection.tally import Grades, Numbers, tally
from octograph.errors import UsageError

__all__ = [
    "AccuracyCoverage",
    "Intervals",
    "accuracy_coverage",
    "auacc",
    "auroc",
    "bootstrap_intervals",
    "coverage_at",
]

RESAMPLES = 1000

OUTSIDE = 0.05
"""Share of the resamples outside an interval."""

CELLS_AT_ONCE = 2**21
"""Counts of resamples that are held in memory together."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyCoverage:
    """The accuracy of what is answered at each coverage that a threshold can give.

    Attributes
    ----------
    thresholds
        What the score must reach, falling, ``[t]``.
    coverages
        Share of the answers that reach it, rising to 1, ``[t]``.
    accuracies
        Share of those that are right, ``[t]``; the last one is the accuracy of all.

    """

    thresholds: NDArray[np.float64]
    coverages: NDArray[np.float64]
    accuracies: NDArray[np.float64]

    def coverage_at(self, accuracy: float) -> float:
        """Return the largest coverage at which the accuracy is still reached, 0 if it is at none."""
        reached = self.coverages[self.accuracies >= accuracy]
        return float(reached.max(initial=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Bootstrap intervals of 95 %; that of AUROC is None if all answers are right or all wrong."""

    auroc: Interval | None
    auacc: Interval


def accuracy_coverage(scores: Numbers, right: Grades) -> AccuracyCoverage:
    """Return the curve of accuracy over coverage (Chen et al. 2023, arXiv 2310.11689).

    Parameters
    ----------
    scores
        Of each answer, ``[n]``; higher is surer.
    right
        Whether it is, ``[n]``.

    Raises
    ------
    UsageError
        There are no answers, not as many scores as grades, or a score is not a number.

    Examples
    --------
    >>> curve = accuracy_coverage([0.9, 0.7, 0.7, 0.1], [True, True, False, False])
    >>> curve.coverages.tolist(), curve.accuracies.round(2).tolist()
    ([0.25, 0.75, 1.0], [1.0, 0.67, 0.5])

    """
    counted = tally(scores, right)
    answered = np.cumsum(counted.right + counted.wrong)  # [t]
    return AccuracyCoverage(
        thresholds=counted.scores,
        coverages=answered / counted.n,
        accuracies=np.cumsum(counted.right) / answered,
    )


def coverage_at(scores: Numbers, right: Grades, accuracy: float) -> float:
    """Return the largest coverage at which the accuracy is still reached, 0 if it is at none.

    It is that of these very answers, found in hindsight; what holds for others is `threshold_for_accuracy`.

    Raises
    ------
    UsageError
        As `accuracy_coverage`, or the accuracy is not within 0 and 1.

    Examples
    --------
    >>> coverage_at([0.9, 0.7, 0.5, 0.1], [True, False, True, False], 0.6)
    0.75

    """
    if not 0 <= accuracy <= 1:
        raise UsageError(f"the accuracy is {accuracy!r}", hint="Give a share from 0 to 1.")
    return accuracy_coverage(scores, right).coverage_at(accuracy)


def auroc(scores: Numbers, right: Grades) -> float | None:
    """Return the chance that a right answer has a higher score than a wrong one, ties counting one half.

    ``AUROC = P(g(right) > g(wrong)) + P(g(right) = g(wrong)) / 2`` (Mann and Whitney 1947).

    Parameters
    ----------
    scores
        Of each answer, ``[n]``; higher is surer.
    right
        Whether it is, ``[n]``.

    Returns
    -------
    float or None
        None if all are right or all wrong.

    Raises
    ------
    UsageError
        As `accuracy_coverage`.

    Examples
    --------
    >>> auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    0.875

    """
    counted = tally(scores, right)
    found = float(_auroc(counted.right, counted.wrong))
    return None if math.isnan(found) else found


def auacc(scores: Numbers, right: Grades) -> float:
    """Return the area under accuracy over coverage (Chen et al. 2023, arXiv 2310.11689), from 0 to 1.

    ``AUACC = (1/n) sum_k E[accuracy of the k surest]``, ``k = 1, ..., n``, the mean over all orders of ties.

    Parameters
    ----------
    scores
        Of each answer, ``[n]``; higher is surer.
    right
        Whether it is, ``[n]``.

    Raises
    ------
    UsageError
        As `accuracy_coverage`.

    Examples
    --------
    >>> auacc([0.9, 0.1], [True, False]), auacc([0.5, 0.5], [True, False])
    (0.75, 0.5)

    """
    counted = tally(scores, right)
    return float(_auacc(counted.right, counted.wrong))


def bootstrap_intervals(scores: Numbers, right: Grades, *, seed: int, resamples: int = RESAMPLES) -> Intervals:
    """Return how far AUROC and AUACC would spread over other answers of this kind (Efron 1979, percentiles).

    Parameters
    ----------
    scores
        Of each answer, ``[n]``; higher is surer.
    right
        Whether it is, ``[n]``.
    seed
        Makes the draws repeatable.
    resamples
        How often ``n`` answers are drawn with replacement. Draws in which all are right or all wrong have no AUROC,
        and are left out of its interval.

    Raises
    ------
    UsageError
        As `accuracy_coverage`, or there are no resamples.

    """
    if resamples < 1:
        raise UsageError(f"the number of resamples is {resamples!r}", hint="Draw at least one.")
    counted = tally(scores, right)
    # To draw answers is to draw how many there are of each score and grade.
    chances = np.concatenate([counted.right, counted.wrong]) / counted.n  # [2t]
    rng = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // len(chances))
    pairs = []
    for first in range(0, resamples, at_once):
        drawn = rng.multinomial(counted.n, chances, size=min(at_once, resamples - first))  # [b, 2t]
        hits, misses = np.split(drawn, 2, axis=1)  # [b, t], [b, t]
        pairs.append((_auroc(hits, misses), _auacc(hits, misses)))
    aurocs, auaccs = (np.concatenate(values) for values in zip(*pairs, strict=True))  # [b], [b]
    told = aurocs[~np.isnan(aurocs)]
    return Intervals(auroc=_interval(told) if len(told) else None, auacc=_interval(auaccs))


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [OUTSIDE / 2, 1 - OUTSIDE / 2])
    return float(low), float(high)


def _auroc(right: NDArray[np.int64], wrong: NDArray[np.int64]) -> NDArray[np.float64]:
    """AUROC of counts ``[..., t]`` by falling score; not a number where all are right or all wrong."""
    below = wrong.sum(axis=-1, keepdims=True) - np.cumsum(wrong, axis=-1)  # [..., t], wrong ones with a lower score
    won = (right * (below + wrong / 2)).sum(axis=-1)  # [...]
    pairs = right.sum(axis=-1) * wrong.sum(axis=-1)  # [...]
    found: NDArray[np.float64] = np.where(pairs > 0, won / np.maximum(pairs, 1), np.nan)
    return found


def _auacc(right: NDArray[np.int64], wrong: NDArray[np.int64]) -> NDArray[np.float64]:
    """AUACC of counts ``[..., t]`` by falling score.

    Of a tie of ``m`` answers, ``r`` of them right, behind ``K`` others, ``R`` of them right, the first ``j`` have
    ``j r / m`` right ones in expectation. The tie's part of the sum over ``k`` is
    ``sum_j (R + j r / m) / (K + j) = r + (R - K r / m) (H(K + m) - H(K))`` with the harmonic numbers ``H``.
    """
    size = right + wrong  # m, [..., t]
    after, hits = np.cumsum(size, axis=-1), np.cumsum(right, axis=-1)  # K + m, R + r
    before, behind = after - size, hits - right  # K, R
    n = int(after.flat[-1])  # alike in all resamples
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])  # H, [n + 1]
    share = right / np.maximum(size, 1)  # r / m; a score that no resampled answer has adds nothing
    parts = right + (behind - before * share) * (harmonic[after] - harmonic[before])  # [..., t]
    area: NDArray[np.float64] = parts.sum(axis=-1) / n
    return area
