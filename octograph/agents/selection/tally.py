"""Answers counted by their score: the one form in which ties and the order of the answers cannot matter.

Shapes: ``n`` answers, ``t`` different scores among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.errors import UsageError

__all__ = ["Grades", "Numbers", "Tally", "graded", "scored", "tally"]

Numbers = Sequence[float] | NDArray[np.float64]
"""Scores, ``[n]``."""

Grades = Sequence[bool] | NDArray[np.bool_]
"""Whether each answer is right, ``[n]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many answers are right and how many wrong at each score.

    Attributes
    ----------
    scores
        The different scores, falling, ``[t]``.
    right, wrong
        Answers with each, int64 ``[t]``.

    """

    scores: NDArray[np.float64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]

    @property
    def n(self) -> int:
        """All answers."""
        return int(self.right.sum() + self.wrong.sum())


def graded(scores: Numbers, right: Grades) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return scores and grades as arrays ``[n]``.

    A score may be infinite: only its rank counts.

    Raises
    ------
    UsageError
        There are none, not as many of the one as of the other, or a score is not a number.

    """
    values, grades = scored(scores), np.asarray(right, dtype=np.bool_)  # [n], [n]
    if values.shape != grades.shape:
        raise UsageError(
            f"there are {len(values)} scores, and grades of shape {list(grades.shape)}",
            hint="Give one score and one grade for each answer.",
        )
    return values, grades


def scored(scores: Numbers) -> NDArray[np.float64]:
    """Return scores as an array ``[n]``; raises as `graded` does."""
    values = np.asarray(scores, dtype=np.float64)  # [n]
    if values.ndim != 1 or not len(values):
        raise UsageError("there are no answers to measure", hint="Give at least one answer with its score.")
    if (odd := np.isnan(values)).any():
        raise UsageError(
            f"the score of answer {int(odd.argmax())} is not a number",
            hint="Leave out answers that have no score; -inf stands for the least sure of all.",
        )
    return values


def tally(scores: Numbers, right: Grades) -> Tally:
    """Count answers by their score; raises as `graded` does."""
    values, grades = graded(scores, right)
    rising, places = np.unique(values, return_inverse=True)  # [t], [n]
    hits = np.bincount(places, weights=grades, minlength=len(rising)).astype(np.int64)  # [t]
    counts = np.bincount(places, minlength=len(rising)).astype(np.int64)  # [t]
    return Tally(scores=rising[::-1], right=hits[::-1], wrong=(counts - hits)[::-1])
