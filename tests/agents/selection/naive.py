"""What the curve and the threshold are, said as plainly as can be."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

__all__ = ["naive_auacc", "naive_auroc", "naive_bound", "naive_points", "naive_tau"]


def naive_auroc(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """Each right answer against each wrong one."""
    good = [score for score, hit in zip(scores, right, strict=True) if hit]
    bad = [score for score, hit in zip(scores, right, strict=True) if not hit]
    won = [1.0 if a > b else 0.5 if a == b else 0.0 for a in good for b in bad]
    return sum(won) / len(won) if won else None


def naive_auacc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """The mean over every order in which the answers may have come, ties staying in that order."""
    areas = []
    for order in itertools.permutations(range(len(scores))):
        ranked = sorted(order, key=lambda place: -scores[place])
        hits = [right[place] for place in ranked]
        areas.append(sum(sum(hits[:k]) / k for k in range(1, len(hits) + 1)) / len(hits))
    return sum(areas) / len(areas)


def naive_points(scores: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float, float]]:
    """Threshold, coverage and accuracy for each score as the threshold."""
    points = []
    for threshold in sorted(set(scores), reverse=True):
        hits = [hit for score, hit in zip(scores, right, strict=True) if score >= threshold]
        points.append((threshold, len(hits) / len(scores), sum(hits) / len(hits)))
    return points


def naive_bound(hits: int, count: int, confidence: float) -> float:
    """The proportion of which so many hits or more are as rare as that, by bisection over sums of binomials."""
    if hits == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        tail = math.fsum(math.comb(count, k) * middle**k * (1 - middle) ** (count - k) for k in range(hits, count + 1))
        low, high = (middle, high) if tail < 1 - confidence else (low, middle)
    return low


def naive_tau(
    scores: Sequence[float], right: Sequence[bool], accuracy: float, confidence: float, unlabelled: Sequence[float]
) -> float | None:
    """Go down the thresholds one by one, and stop where a test fails."""
    n = len(scores)
    least = 1
    while accuracy**least > 1 - confidence:
        least += 1
    enough = n
    for count in range(1, n + 1):
        wrong = math.floor(count * (1 - accuracy) / 2)
        if naive_bound(count - wrong, count, confidence) >= accuracy:
            enough = count
            break
    first = max(least, min(enough, n / 2))
    others = sorted(unlabelled, reverse=True)
    found = None
    for step in range(1, 51):
        place = math.ceil(step * len(others) / 50)
        # Below the share that a draw from Beta(j, m - j + 1) has with a chance of 0.25, j of m others are rarer.
        if step < 50 and naive_bound(place, len(others), 0.75) < first / n:
            continue
        tau = -math.inf if step == 50 else others[place - 1]
        hits = [hit for score, hit in zip(scores, right, strict=True) if score >= tau]
        if naive_bound(sum(hits), len(hits), confidence) < accuracy:
            break
        found = tau
    return found
