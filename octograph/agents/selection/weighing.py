"""How much the self-evaluation counts in ASPIRE's score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from octograph.agents.selection.curve import auroc

__all__ = ["best_alpha"]

STEPS = 20


def best_alpha(likely: Sequence[float], correct: Sequence[float], right: Sequence[bool]) -> tuple[float, float] | None:
    """Return the weight at which the score tells validation answers apart best, and its AUROC; None if none can.

    Of equally good weights the middle one is taken: the AUROC of few answers is a staircase.

    Parameters
    ----------
    likely
        ``log f_norm(y|x)`` of each answer, ``[n]``, in nats.
    correct
        ``log P(correct|x,y)``, ``[n]``, in nats.
    right
        Whether it is, ``[n]``.

    """
    if all(right) or not any(right):
        return None
    one, other = np.array(likely), np.array(correct)
    found = [
        (auroc(((1 - step / STEPS) * one + step / STEPS * other).tolist(), right) or 0.0, step)
        for step in range(STEPS + 1)
    ]
    best = max(value for value, _ in found)
    steps = [step for value, step in found if value == best]
    return steps[len(steps) // 2] / STEPS, best
