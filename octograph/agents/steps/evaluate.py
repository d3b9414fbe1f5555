"""How sure one may be of an answer, before it is shown."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from octograph.agents.events import Evaluated, ScoreKind, StepStarted
from octograph.agents.steps.step import Emit
from octograph.cancellation import CancelToken
from octograph.graph import ModelGraph
from octograph.nodes.answered import Answered

__all__ = ["Evaluation", "Evaluator", "Verdict"]


class Evaluator(Protocol):
    """Something that tells how sure one may be of a worker's answer; `octograph.agents.selection.Aspire` does."""

    @property
    def kind(self) -> ScoreKind:
        """What its score rests on."""
        ...

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """Return the selection score ``g``, None if cancelled; higher is surer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The score of an answer and all about it, None if it was not evaluated, and what is wrong with that."""

    score: float | None = None
    tau: float | None = None
    kind: ScoreKind | None = None
    problem: str | None = None
    seconds: float = 0.0


class Evaluation:
    """Scores what a model wrote, and finds fault with a score below the worker's threshold.

    Parameters
    ----------
    graph
        Whose workers have thresholds.
    evaluators
        By worker; answers of others, such as tools, are not evaluated.

    """

    def __init__(self, graph: ModelGraph, evaluators: Mapping[str, Evaluator]) -> None:
        self._graph = graph
        self._evaluators = evaluators

    def withholds(self, worker: str) -> bool:
        """Whether a worker's answers are not to be shown before they were evaluated."""
        return self._graph.worker(worker).tau is not None

    async def __call__(self, worker: str, answered: Answered | None, *, emit: Emit, cancel: CancelToken) -> Verdict:
        """Evaluate an answer from what is in the model's cache still."""
        evaluator = self._evaluators.get(worker)
        if evaluator is None or answered is None:
            return Verdict()
        emit(StepStarted(step="evaluate", worker=worker))
        started = time.perf_counter()
        score = await evaluator.score(answered, cancel=cancel)
        if score is None:
            return Verdict()
        tau = self._graph.worker(worker).tau
        problem = f"not sure enough: g = {score:.2f}, below {tau:.2f}" if tau is not None and score < tau else None
        kind, seconds = evaluator.kind, time.perf_counter() - started
        emit(Evaluated(worker=worker, score=score, score_kind=kind, tau=tau, seconds=seconds, problem=problem))
        return Verdict(score=score, tau=tau, kind=kind, problem=problem, seconds=seconds)
