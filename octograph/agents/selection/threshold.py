"""The score from which on answers are given, and what may be said of those that will be.

Both statements are about questions to come, drawn as the validation questions were: independent, and of the same kind.

Shapes: ``n`` answers, ``k`` of them at or above a threshold, ``m`` whose grades are not looked at, ``c`` coverages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.agents.selection.tally import Grades, Numbers, graded, scored
from octograph.errors import UsageError

__all__ = ["Threshold", "threshold_for_accuracy", "threshold_for_coverage"]

STEPS = 50
"""Thresholds are tried at coverages of ``1/50, 2/50, ..., 1``: so close together that little is lost between two."""

PART = 0.1
"""Share of the answers that is spent on finding the scores that these coverages mean."""

SPARE = 0.5
"""The first test is over so many answers that it is passed if so much of the allowed share of wrong ones is used.
Over fewer, one unlucky answer would end it all; over more, there is nothing to be had of a score that is good only at
its top. Of 0.25 to 0.75, in simulations of 200 to 1,500 answers, the middle gave the most coverage."""

SHORT = 0.25
"""The chance at which it may be over fewer after all: a coverage read off few others is another one here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Answer if the score is at least `tau`.

    Attributes
    ----------
    tau
        The score; ``-inf`` if everything may be answered.
    accuracy
        Share of right ones among the validation answers that reach it.
    coverage
        Share of the validation answers that reach it.
    bound
        The accuracy of answers that reach it, on questions to come, is at least this ...
    confidence
        ... with this probability of having drawn such validation data.
    n
        Validation answers that `accuracy` and `coverage` are shares of, or are those that reach it shares of.

    """

    tau: float
    accuracy: float
    coverage: float
    bound: float
    confidence: float
    n: int


def threshold_for_accuracy(
    scores: Numbers,
    right: Grades,
    accuracy: float,
    *,
    confidence: float = 0.95,
    unlabelled: Numbers | None = None,
    seed: int = 0,
) -> Threshold | None:
    r"""Return the lowest threshold above which answers are right often enough, with the confidence that they are.

    Fixed-sequence testing of Learn then Test (Angelopoulos et al. 2021, arXiv 2110.01052): thresholds
    ``tau_1 > tau_2 > ...`` are tested in this order, each at the full ``delta = 1 - confidence``, up to the first
    that fails; the last that passed is the answer.
    The test of ``P(right | g >= tau) < accuracy`` is the lower bound of Clopper and Pearson (1934): of ``k`` answers
    at or above ``tau``, ``r`` are right, and ``B(delta; r, k - r + 1) >= accuracy`` is wanted, ``B`` the quantile of
    the beta distribution.
    Why it holds although the data chose: to answer from too low a threshold, the first of the sequence whose accuracy
    is too low must have passed, and that is one test, which passes with probability ``delta`` at most.

    That needs a sequence which the grades have no part in, and counts that are binomial given the thresholds.
    A grid of coverages over the same answers would give the first and not the second: how many answers lie between
    two of its thresholds would be fixed, and not drawn. So the thresholds are read off other answers, at a fixed grid
    of coverages, the last of which is everything; and where the sequence begins hangs on the numbers of these and of
    those, the accuracy and the confidence alone. Nothing is assumed of the scores: ties, scores of any scale, and
    scores whose highest are their worst leave the statement true.

    Parameters
    ----------
    scores
        Of each validation answer, ``[n]``; higher is surer.
    right
        Whether it is, ``[n]``.
    accuracy
        Wanted of the answers that are given.
    confidence
        Wanted of that statement.
    unlabelled
        Scores of other answers of the same kind, ``[m]``, whose grades nobody needs to know, to read the thresholds
        off. None: a tenth of the validation answers serves, and is not tested on.
    seed
        Of the draw of that tenth.

    Returns
    -------
    Threshold or None
        Its `bound` is the wanted accuracy and no more: the last test's own bound is higher, but it was not promised
        before. None if already the first test fails: the score cannot tell so many right answers apart.

    Raises
    ------
    UsageError
        There are no answers, not as many scores as grades, a score is not a number, the accuracy or the confidence is
        not between 0 and 1, or there are so few answers that even right ones alone could not show it.

    """
    values, grades = graded(scores, right)  # [n], [n]
    _check_share("accuracy", accuracy)
    _check_share("confidence", confidence)
    if unlabelled is None:
        order = np.random.default_rng(seed).permutation(len(values))
        spent, rest = np.split(order, [math.ceil(PART * len(values))])
        others, values, grades = values[spent], values[rest], grades[rest]
    else:
        others = scored(unlabelled)  # [m]
    first = _first_count(len(values), accuracy, confidence)
    taus = _sequence(others, least=first / len(values))  # [c]
    falling = np.argsort(-values, kind="stable")
    counts = np.searchsorted(-values[falling], -taus, side="right")  # [c], answers at or above each
    hits = np.concatenate([[0], np.cumsum(grades[falling])])[counts]  # [c]
    failed = _lower_bounds(hits, counts, confidence) < accuracy  # [c]
    passed = int(failed.argmax()) if failed.any() else len(taus)
    if not passed:
        return None
    last = passed - 1
    return Threshold(
        tau=float(taus[last]),
        accuracy=float(hits[last] / counts[last]),
        coverage=float(counts[last] / len(values)),
        bound=accuracy,
        confidence=confidence,
        n=len(values),
    )


def threshold_for_coverage(scores: Numbers, right: Grades, coverage: float, *, confidence: float = 0.95) -> Threshold:
    """Return the highest threshold that at least the wanted share of the validation answers reaches.

    It lies just above a validation score ``t``, or is ``-inf`` if all are to be answered. Given ``t``, the answers
    above it are independent draws of those that will be above it, so the lower bound of Clopper and Pearson (1934)
    over these holds although the data chose ``t``; with ties up to the rare case that one is cut or not by chance.

    Parameters
    ----------
    scores
        Of each validation answer, ``[n]``; higher is surer. A tie is answered whole.
    right
        Whether it is, ``[n]``.
    coverage
        Wanted share.
    confidence
        Of the accuracy's bound.

    Raises
    ------
    UsageError
        There are no answers, not as many scores as grades, a score is not a number, the coverage is not above 0 and
        at most 1, or the confidence not between 0 and 1.

    """
    values, grades = graded(scores, right)  # [n], [n]
    if not 0 < coverage <= 1:
        raise UsageError(f"the coverage is {coverage!r}", hint="Give a share above 0, at most 1.")
    _check_share("confidence", confidence)
    falling = np.sort(values)[::-1]
    shares = np.arange(1, len(values) + 1) / len(values)  # [n]
    lowest = falling[np.searchsorted(shares, coverage)]  # must be answered
    below = falling[falling < lowest]
    tau = float(np.nextafter(below[0], np.inf)) if len(below) else -math.inf
    reached = values >= tau  # [n]
    hits, count = int(grades[reached].sum()), int(reached.sum())
    return Threshold(
        tau=tau,
        accuracy=hits / count,
        coverage=count / len(values),
        bound=float(_lower_bounds(np.array([hits]), np.array([count]), confidence)[0]),
        confidence=confidence,
        n=len(values),
    )


def _check_share(what: str, value: float) -> None:
    if not 0 < value < 1:
        raise UsageError(f"the {what} is {value!r}", hint="Give a share between 0 and 1; neither can be had for sure.")


def _sequence(others: NDArray[np.float64], *, least: float) -> NDArray[np.float64]:
    """Return the scores that rising shares of other answers ``[m]`` reach, ``[c]``, the last of which is ``-inf``.

    The first is the score that a share `least` of further answers is likely to reach. How many do that is a draw too:
    the share above the ``j``-th of ``m`` scores is distributed as ``Beta(j, m - j + 1)``.
    """
    from scipy.special import betaincinv  # scipy takes most of a second

    steps = np.arange(1, STEPS)  # [c - 1]
    places = -(-steps * len(others) // STEPS)  # j, [c - 1], rounded up
    likely = betaincinv(places, len(others) - places + 1, SHORT) >= least  # [c - 1]
    falling = np.sort(others)[::-1]  # [m]
    return np.append(falling[places[likely] - 1], -np.inf)


def _first_count(n: int, accuracy: float, confidence: float) -> float:
    """How many answers the first test is over, at least; half of all where they are few."""
    least = math.ceil(math.log(1 - confidence) / math.log(accuracy))  # accuracy ** least <= 1 - confidence
    if n < least:
        raise UsageError(
            f"there are {n} answers, and an accuracy of {accuracy:g} cannot be shown with fewer than {least}, "
            "were they all right",
            hint="Grade more answers, or ask for less accuracy or confidence.",
        )
    counts = np.arange(1, n + 1)  # [n]
    hits = counts - np.floor(counts * (1 - accuracy) * SPARE).astype(np.int64)  # [n]
    enough = counts[_lower_bounds(hits, counts, confidence) >= accuracy]
    return max(least, min(enough[0] if len(enough) else n, n / 2))


def _lower_bounds(hits: NDArray[np.int64], counts: NDArray[np.int64], confidence: float) -> NDArray[np.float64]:
    """Lower confidence bounds of proportions (Clopper and Pearson 1934), ``[...]``; 0 for no hits."""
    from scipy.special import betaincinv

    bounds: NDArray[np.float64] = np.where(
        hits > 0, betaincinv(np.maximum(hits, 1), counts - hits + 1, 1 - confidence), 0.0
    )
    return bounds
