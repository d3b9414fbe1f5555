"""All steps of a graph, in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from octograph.agents.limits import Limits
from octograph.agents.self_discover import Discovery, StructureStore
from octograph.agents.steps.decide import DecideStep
from octograph.agents.steps.evaluate import Evaluation, Evaluator
from octograph.agents.steps.generate import GenerateStep
from octograph.agents.steps.judge import Comparison, JudgeStep
from octograph.agents.steps.retrieve import Retriever, RetrieveStep
from octograph.agents.steps.route import RouteStep
from octograph.agents.steps.step import Step
from octograph.agents.steps.structure import StructureStep
from octograph.graph import ModelGraph
from octograph.nodes.master import Router
from octograph.nodes.tools import Clock
from octograph.nodes.worker import Worker

__all__ = ["Steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a query goes through.

    Attributes
    ----------
    route, decide
        The first and the last step.
    answer
        Those between them, in order: gone through again when a query is passed on, or goes on with its plan.
    judge
        Gone through, and back to the last step, before that asks a person.

    """

    route: Step
    answer: tuple[Step, ...]
    decide: Step
    judge: Step

    @classmethod
    def of(
        cls,
        graph: ModelGraph,
        *,
        router: Router,
        bases: Mapping[str, Retriever],
        workers: Mapping[str, Worker],
        evaluators: Mapping[str, Evaluator],
        discoveries: Mapping[str, Discovery],
        judge: Comparison | None,
        structures: Callable[[], Awaitable[StructureStore]],
        clock: Clock,
        limits: Limits,
    ) -> Steps:
        """Return the steps of a graph over the parts that they need, by name."""
        return cls(
            route=RouteStep(router, clock=clock),
            answer=(
                RetrieveStep(graph, bases),
                StructureStep(graph, discoveries, structures, clock=clock),
                GenerateStep(workers, Evaluation(graph, evaluators)),
            ),
            decide=DecideStep(graph, clock=clock, limits=limits),
            judge=JudgeStep(judge),
        )
