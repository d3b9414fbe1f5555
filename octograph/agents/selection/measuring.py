"""What selection scores are worth: each of them over the same answers of one worker."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from octograph.agents.evaluation.answering import Answerer, Graded, Reply
from octograph.agents.evaluation.answers import numeric_match, rouge_l
from octograph.agents.evaluation.question import Question
from octograph.agents.selection.curve import accuracy_coverage, auacc, auroc, bootstrap_intervals
from octograph.agents.selection.score import SelectionScore
from octograph.agents.selection.threshold import Threshold, threshold_for_accuracy, threshold_for_coverage
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, UsageError
from octograph.nodes.answered import Answered

__all__ = ["Scoring", "Selective", "is_right"]

ALIKE = 0.7
"""Rouge-L with a reference above which an answer in words is right (Chen et al. 2023, section 5.1)."""

ACCURACIES = (0.7, 0.8, 0.9, 0.95)
"""For which the coverage is reported."""


def is_right(graded: Graded, *, alike: float = ALIKE) -> bool:
    """Whether an answer counts as right: its choice, its number, or its words by Rouge-L.

    One that was not given does not, be it rightly: there is no score by which it could have been told from others.

    Parameters
    ----------
    graded
        The answer.
    alike
        Rouge-L with a reference above which its words are right.

    """
    question, text = graded.question, graded.reply.text
    if not text:
        return False
    if question.choices or graded.exact:
        return graded.exact
    if numeric_match(text, question.answers) is not None:
        return bool(graded.numeric)
    return rouge_l(text, question.answers) > alike


class Scoring:
    """An `Answerer` whose answers are scored as soon as they are there, while they are in the model's cache.

    Attributes
    ----------
    scores
        By question and name of the score. A question without an answer has none, nor has an answer that leaves no
        room in the model's context for what a score puts behind it.

    """

    def __init__(self, answerer: Answerer, scores: Sequence[SelectionScore]) -> None:
        self.scores: dict[Question, dict[str, float]] = {}
        self._answerer = answerer
        self._scores = tuple(scores)

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        """See `Answerer`."""
        reply = await self._answerer.reply(question, cancel=cancel)
        if reply.problem is None and reply.answered is not None:
            found = {one.name: await _fitting(one, reply.answered, cancel) for one in self._scores}
            self.scores[question] = {name: score for name, score in found.items() if score is not None}
        return reply


async def _fitting(score: SelectionScore, answered: Answered, cancel: CancelToken) -> float | None:
    try:
        return await score.score(answered, cancel=cancel)
    except ContextOverflowError:  # of this answer: others may be shorter
        return None


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

    def document(self, *, seed: int = 0, wanted: float = 0.8, coverage: float | None = None) -> dict[str, Any]:
        """Return the quality of each score.

        Parameters
        ----------
        seed
            Of the bootstrap, and of the draw behind a threshold for an accuracy.
        wanted
            The accuracy that a threshold is found for ...
        coverage
            ... unless it is to be that which this share of the answers reaches.

        Returns
        -------
        dict
            By score: ``auroc`` and ``auacc`` with 95 % intervals, ``accuracy`` of all answers, ``coverage_at`` some
            accuracies (in hindsight), and ``tau``: the threshold for answers to come, with its bound and confidence,
            None if the `wanted` accuracy cannot be promised.

        """
        return {
            name: self._quality(values, seed) | {"tau": self._threshold(values, seed, wanted, coverage)}
            for name, values in self.scores.items()
        }

    def _quality(self, values: Sequence[float], seed: int) -> dict[str, Any]:
        intervals = bootstrap_intervals(values, self.right, seed=seed)
        curve = accuracy_coverage(values, self.right)
        return {
            "auroc": auroc(values, self.right),
            "auroc_interval": intervals.auroc,
            "auacc": auacc(values, self.right),
            "auacc_interval": intervals.auacc,
            "accuracy": sum(self.right) / len(self.right),
            "coverage_at": {str(accuracy): curve.coverage_at(accuracy) for accuracy in ACCURACIES},
        }

    def _threshold(
        self, values: Sequence[float], seed: int, wanted: float, coverage: float | None
    ) -> dict[str, Any] | None:
        found: Threshold | None
        if coverage is not None:
            found = threshold_for_coverage(values, self.right, coverage)
        else:
            try:
                found = threshold_for_accuracy(values, self.right, wanted, seed=seed)
            except UsageError:  # too few answers to promise anything
                found = None
        if found is None:
            return None
        # No number: all can be answered.
        return asdict(found) | {"tau": found.tau if math.isfinite(found.tau) else None}
