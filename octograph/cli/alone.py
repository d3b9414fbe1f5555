"""One worker that is asked alone, without the master, in the ways of answering that a command wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from octograph.agents.evaluation.answering import Answerer, AnswersReport, evaluate_answers
from octograph.agents.evaluation.question import Question
from octograph.agents.evaluation.techniques import with_ways
from octograph.cancellation import CancelToken
from octograph.cli.output import note
from octograph.composition import make_discoveries
from octograph.errors import GraphError, UsageError
from octograph.graph import ModelGraph, Worker, check
from octograph.graph.nodes import Decoding, Reasoning, StructureForm
from octograph.nodes.llama import LlamaClient
from octograph.nodes.pool import HostPool
from octograph.nodes.structure import ReasoningStructure

__all__ = ["altered", "discovered", "measured"]

EXAMPLES = 3
"""Questions, without their answers, from which a reasoning structure is discovered."""


def altered(
    graph: ModelGraph,
    node: Worker,
    *,
    decoding: Decoding | None = None,
    reasoning: Reasoning | None = None,
    structure: StructureForm | None = None,
) -> ModelGraph:
    """Return the graph in which a worker has other ways of answering; None leaves one as it is.

    Raises
    ------
    UsageError
        The worker, or its model, cannot do that.

    """
    try:
        changed = with_ways(node, decoding=decoding, reasoning=reasoning, structure=structure)
    except GraphError as error:
        raise UsageError(f"the worker {node.name!r} cannot do that: {error.message}", hint=error.hint) from error
    other = graph.with_changed(changed)
    for problem in check(other):
        raise UsageError(f"the worker {node.name!r} cannot do that: {problem.message}", hint=problem.mend)
    return other


async def discovered(
    graph: ModelGraph, node: Worker, pool: HostPool, questions: Sequence[Question], cancel: CancelToken
) -> ReasoningStructure | None:
    """Return a structure for the task that questions are of, and tell what it is; None if it was cancelled.

    Raises
    ------
    ToolError
        None could be found.
    ContextOverflowError
        The questions do not fit in the context of the model that is to find it.

    """
    examples = [question.asked for question in questions[:EXAMPLES]]
    found = await make_discoveries(graph, pool)[node.name].discover(examples, cancel=cancel)
    if found is None:
        return None
    note(f"discovered in {found.calls} calls:\n{found.structure.as_text()}")
    return found.structure


async def measured(
    questions: Sequence[Question],
    answerer: Answerer,
    model: LlamaClient | None,
    tell: Callable[[int, int], None],
    cancel: CancelToken,
) -> AnswersReport | None:
    """Ask all questions, once the model is loaded if there is one to load; None if it was cancelled."""
    if model is not None:
        await model.prepare()  # what is loaded at the first question is not a question's time
    return await evaluate_answers(questions, answerer, progress=tell, cancel=cancel)
