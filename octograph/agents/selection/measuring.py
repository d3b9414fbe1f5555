"""What selection scores are worth: each of them over the same answers of one worker."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from octograph.agents.evaluation.answering import Answerer, Graded, Reply
from octograph.agents.evaluation.answers import numeric_match, rouge_l
from octograph.agents.evaluation.question import Question
from octograph.agents.selection.curve import accuracy_coverage, auacc, auroc, bootstrap_intervals
from octograph.agents.selection.score import SelectionScore
from octograph.agents.selection.threshold import threshold_for_accuracy
from octograph.cancellation import CancelToken
from octograph.errors import UsageError

__all__ = ["Scoring", "Selective", "is_right"]

ALIKE = 0.7
"""Rouge-L with a reference above which an answer in words is right (Chen et al. 2023, section 5.1)."""

ACCURACIES = (0.7, 0.8, 0.9, 0.95)
"""For which the coverage is reported."""


def is_right(graded: Graded) -> bool:
    """Whether an answer counts as right: its choice, its number, or its words by Rouge-L."""
    question, text = graded.question, graded.reply.text
    if question.choices or graded.exact:
        return graded.exact
    if numeric_match(text, question.answers) is not None:
        return bool(graded.numeric)
    return rouge_l(text, question.answers) > ALIKE


class Scoring:
    """An `Answerer` whose answers are scored as soon as they are there, while they are in the model's cache.

    Attributes
    ----------
    scores
        By question and name of the score. A question without an answer has none.

    """

    def __init__(self, answerer: Answerer, scores: Sequence[SelectionScore]) -> None:
        self.scores: dict[Question, dict[str, float]] = {}
        self._answerer = answerer
        self._scores = tuple(scores)

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        """See `Answerer`."""
        reply = await self._answerer.reply(question, cancel=cancel)
        if reply.problem is None and reply.answered is not None:
            found = {one.name: await one.score(reply.answered, cancel=cancel) for one in self._scores}
            self.scores[question] = {name: score for name, score in found.items() if score is not None}
        return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Selective:
    """The answers of a worker with their scores.

    Attributes
    ----------
    right
        Whether each answer is; one that was not given is not.
    scores
        Of each answer by the score's name, ``-inf`` for one that was not given.

    """

    right: tuple[bool, ...]
    scores: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, graded: Sequence[Graded], scoring: Scoring) -> Selective:
        """Return graded answers with what was scored of them."""
        rows = [scoring.scores.get(one.question, {}) for one in graded]
        names = dict.fromkeys(name for row in rows for name in row)
        return cls(
            right=tuple(map(is_right, graded)),
            scores={name: tuple(row.get(name, -math.inf) for row in rows) for name in names},
        )

    def document(self, *, seed: int = 0, wanted: float = 0.8) -> dict[str, Any]:
        """Return the quality of each score.

        Returns
        -------
        dict
            By score: ``auroc`` and ``auacc`` with 95 % intervals, ``accuracy`` of all answers, ``coverage_at`` some
            accuracies (in hindsight), and ``tau``: the threshold for the `wanted` accuracy of answers to come, with
            its bound and confidence, None if it cannot be promised.

        """
        return {name: self._one(list(values), seed=seed, wanted=wanted) for name, values in self.scores.items()}

    def _one(self, values: list[float], *, seed: int, wanted: float) -> dict[str, Any]:
        right = list(self.right)
        intervals = bootstrap_intervals(values, right, seed=seed)
        curve = accuracy_coverage(values, right)
        try:
            threshold = threshold_for_accuracy(values, right, wanted, seed=seed)
        except UsageError:  # too few answers to promise anything
            threshold = None
        return {
            "auroc": auroc(values, right),
            "auroc_interval": intervals.auroc,
            "auacc": auacc(values, right),
            "auacc_interval": intervals.auacc,
            "accuracy": sum(right) / len(right),
            "coverage_at": {str(accuracy): curve.coverage_at(accuracy) for accuracy in ACCURACIES},
            "tau": None
            if threshold is None
            else {
                "tau": threshold.tau if math.isfinite(threshold.tau) else None,  # no number: all can be answered
                "accuracy": threshold.accuracy,
                "coverage": threshold.coverage,
                "bound": threshold.bound,
                "confidence": threshold.confidence,
                "n": threshold.n,
            },
        }
