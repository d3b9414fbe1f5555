"""What ASPIRE's evaluation is learned from: likely answers of the very model, with whether each is right.

Chen et al. 2023, arXiv 2310.11689, section 4: the reference and ``k_c`` right ones, ``k_w`` wrong ones, of ``k`` that a
beam search finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from octograph import graph
from octograph.agents.evaluation.answering import Reply, grade
from octograph.agents.evaluation.question import Question
from octograph.agents.selection.kept import KeptLessons
from octograph.agents.selection.measuring import is_right
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError
from octograph.nodes.beams import BeamRequest, BeamSearcher, Hypothesis
from octograph.nodes.decoding import Chat, Tokenizer
from octograph.nodes.training.job import Judged
from octograph.nodes.worker import Task, conversation

__all__ = ["AnswersModel", "find_lessons", "judged"]

WIDTH = 10
"""``k`` answers of the beam search."""

RIGHT, WRONG = 2, 10
"""``k_c`` and ``k_w``."""

ALIKE = 0.9
"""Rouge-L with a reference above which an answer in words is right while this is learned."""

AT_ONCE = 2


class AnswersModel(BeamSearcher, Tokenizer, Protocol):
    """A model that finds likely answers, and tells its tokens."""


async def find_lessons(
    questions: Sequence[Question],
    *,
    node: graph.Worker,
    model: AnswersModel,
    adapter: Path | None,
    kept: KeptLessons,
    tell: Callable[[int, int], None],
    cancel: CancelToken,
) -> dict[Question, Judged] | None:
    """Return the lessons of questions, None if cancelled; a question too long for the model's context has none.

    Parameters
    ----------
    questions
        With their references.
    node, model, adapter
        The worker, its model, and the adapter over that.
    kept
        Holds those that were found before, and is given those that are found now.
    tell
        Told how many are found, of how many.
    cancel
        Ends the search; what was found is kept.

    """
    found = {one: lesson for one in questions if (lesson := kept.of(one)) is not None}
    missing = [one for one in dict.fromkeys(questions) if one not in found]
    room = asyncio.Semaphore(AT_ONCE)

    async def find(question: Question) -> None:
        async with room:
            if cancel.cancelled:
                return
            try:
                lesson = await judged(question, node=node, model=model, adapter=adapter, cancel=cancel)
            except ContextOverflowError:  # of this question: others are shorter
                return
        if lesson is not None:
            found[question] = lesson
            kept.keep(question, lesson)
            tell(len(found), len(questions))

    await asyncio.gather(*map(find, missing))
    return None if cancel.cancelled else found


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

    Raises
    ------
    ContextOverflowError
        The question leaves no room for an answer in the model's context.

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
    right, wrong = _sides(beams.hypotheses, question)
    # The shortest reference is the one that people would give.
    reference = await model.tokenize(min(question.answers, key=len))
    answers = [(reference, True), *((tokens, True) for tokens in right if tokens != reference)]
    # A model that is right ten times has to see a wrong answer too.
    return query, [*answers, *((tokens, False) for tokens in wrong or [()])]


def _sides(hypotheses: Sequence[Hypothesis], question: Question) -> tuple[list[tuple[int, ...]], ...]:
    """The likeliest right and wrong ones."""
    right: list[tuple[int, ...]] = []
    wrong: list[tuple[int, ...]] = []
    for one in hypotheses:  # the likeliest first
        graded = grade(question, Reply(text=one.text.strip(), worker=None))
        (right if is_right(graded, alike=ALIKE) else wrong).append(one.tokens)
    return right[:RIGHT], wrong[:WRONG]
