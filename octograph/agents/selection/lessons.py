"""What ASPIRE's evaluation is learned from: likely answers of the very model, with whether each is right.

Chen et al. 2023, arXiv 2310.11689, section 4: the reference and ``k_c`` right ones, ``k_w`` wrong ones, of ``k`` that a
beam search finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from octograph import graph
from octograph.agents.evaluation.answers import rouge_l
from octograph.agents.evaluation.question import Question
from octograph.cancellation import CancelToken
from octograph.nodes.beams import BeamRequest, BeamSearcher, Hypothesis
from octograph.nodes.decoding import Chat, Tokenizer
from octograph.nodes.training.job import Judged
from octograph.nodes.worker import Task, conversation

__all__ = ["AnswersModel", "judged"]

WIDTH = 10
"""``k`` answers of the beam search."""

RIGHT, WRONG = 2, 10
"""``k_c`` and ``k_w``."""

ALIKE = 0.9
"""Rouge-L with a reference above which an answer is right while this is learned."""


class AnswersModel(BeamSearcher, Tokenizer, Protocol):
    """A model that finds likely answers, and tells its tokens."""


async def judged(
    question: Question, *, node: graph.Worker, model: AnswersModel, adapter: Path | None, cancel: CancelToken
) -> Judged | None:
    """Return a question as its worker gets it, with answers and whether each is right; None if cancelled.

    A question without a right answer has none that can be learned from.

    Parameters
    ----------
    question
        With its references.
    node, model, adapter
        The worker, its model, and the adapter over that.
    cancel
        Ends the search.

    """
    query = question.with_passages
    request = BeamRequest(
        prompts=((Chat(conversation(node, Task(query=query))),),),
        width=WIDTH,
        max_tokens=node.max_tokens,
        adapter=adapter,
    )
    beams = await model.beams(request, cancel=cancel)
    if beams is None:
        return None
    right, wrong = _sides(beams.hypotheses, question.answers)
    # The shortest reference is the one that people would give.
    reference = await model.tokenize(min(question.answers, key=len))
    answers = [(reference, True), *((tokens, True) for tokens in right if tokens != reference)]
    # A model that is right ten times has to see a wrong answer too.
    return query, [*answers, *((tokens, False) for tokens in wrong or [()])]


def _sides(hypotheses: Sequence[Hypothesis], references: Sequence[str]) -> tuple[list[tuple[int, ...]], ...]:
    """The likeliest right and wrong ones."""
    right: list[tuple[int, ...]] = []
    wrong: list[tuple[int, ...]] = []
    for one in hypotheses:  # the likeliest first
        (right if rouge_l(one.text, references) > ALIKE else wrong).append(one.tokens)
    return right[:RIGHT], wrong[:WRONG]
