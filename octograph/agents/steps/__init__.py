"""The steps that a query goes through, one a module."""

from octograph.agents.steps.decide import DecideStep
from octograph.agents.steps.evaluate import Evaluation, Evaluator
from octograph.agents.steps.generate import GenerateStep
from octograph.agents.steps.judge import Comparison, JudgeStep
from octograph.agents.steps.retrieve import Retriever, RetrieveStep
from octograph.agents.steps.route import RouteStep
from octograph.agents.steps.step import Emit, Step, as_node
from octograph.agents.steps.steps import Steps

__all__ = [
    "Comparison",
    "DecideStep",
    "Emit",
    "Evaluation",
    "Evaluator",
    "GenerateStep",
    "JudgeStep",
    "RetrieveStep",
    "Retriever",
    "RouteStep",
    "Step",
    "Steps",
    "as_node",
]
