"""How well questions are answered, by one worker or by the whole graph."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from octograph.agents.evaluation.answers import best_f1, exact_match, numeric_match, proportion_interval
from octograph.agents.evaluation.choices import chosen
from octograph.agents.evaluation.question import Question
from octograph.agents.events import Event, Finished, Generated
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, ToolError
from octograph.nodes.answered import Answered
from octograph.nodes.generation import TextDelta
from octograph.nodes.grounded import NOT_FOUND
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.worker import Task, Worker

__all__ = [
    "Answerer",
    "AnswersReport",
    "Graded",
    "Reply",
    "WholeGraph",
    "WorkerAlone",
    "evaluate_answers",
    "grade",
]

AT_ONCE = 8
"""Questions in progress together, which share an engine's batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of a question.

    Attributes
    ----------
    text
        The answer; empty if there is none.
    worker
        Who gave it, None if nobody did.
    tokens
        Written by models, also for what was not taken in the end.
    problem
        Why there is no answer, None if there is one.
    answered
        The answer in tokens with their measures, if they are known.

    """

    text: str
    worker: str | None
    tokens: int = 0
    problem: str | None = None
    answered: Answered | None = None


class Answerer(Protocol):
    """Something that answers questions of evaluation data."""

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        """Answer; that it cannot answer this one is a reply too."""
        ...


class WorkerAlone:
    """One worker, asked without the master.

    Parameters
    ----------
    name
        Of the worker.
    worker
        It runs.
    reads
        Whether it takes passages; otherwise they are put in the question in the way of those that do.
    structure
        What it fills for each question, if it asks for a structure.

    """

    def __init__(self, name: str, worker: Worker, *, reads: bool, structure: ReasoningStructure | None = None) -> None:
        self._name = name
        self._worker = worker
        self._reads = reads
        self._structure = structure

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        """See `Answerer`."""
        task = Task(query=question.with_passages, structure=self._structure)
        if self._reads:
            task = replace(task, query=question.asked, evidence=question.passages)
        pieces: list[str] = []
        tokens, problem, answered = 0, None, None
        try:
            async for piece in self._worker.run(task, cancel=cancel):
                if isinstance(piece, TextDelta):
                    pieces.append(piece.text)
                    continue
                answered = piece.answered
                if piece.generation is not None:
                    tokens = piece.generation.completion_tokens
        except (ToolError, ContextOverflowError) as error:  # of this question: others may fare better
            pieces, problem = [], error.message
        text = "".join(pieces).strip()
        if text == NOT_FOUND:
            text, problem = "", NOT_FOUND
        elif not text and problem is None:
            problem = "it wrote nothing"
        return Reply(text=text, worker=self._name, tokens=tokens, problem=problem, answered=answered)


class WholeGraph:
    """All that happens to a question that a user asks: routed, answered, passed on, or not answered.

    Parameters
    ----------
    ask
        Asks a question in a thread of its own, such as `octograph.Octograph.astream`.

    """

    def __init__(self, ask: Callable[[str, CancelToken], AsyncIterator[Event]]) -> None:
        self._ask = ask

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        """See `Answerer`."""
        tokens, turn = 0, None
        own = CancelToken()  # a stream that ends cancels its token
        try:
            with cancel.calling(own.cancel):
                async for event in self._ask(question.with_passages, own):
                    if isinstance(event, Generated) and event.generation is not None:
                        tokens += event.generation.completion_tokens
                    elif isinstance(event, Finished):
                        turn = event.turn
        except ContextOverflowError as error:
            return Reply(text="", worker=None, tokens=tokens, problem=error.message)
        if turn is None:
            raise RuntimeError("a turn did not end")
        if turn.status != "answered":
            return Reply(text="", worker=turn.worker, tokens=tokens, problem=turn.text or turn.status)
        text = turn.text
        for citation in turn.citations:  # the marks are for people
            text = text.replace(f"[{citation.number}]", "")
        return Reply(text=text.strip(), worker=turn.worker, tokens=tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A reply and how good it is.

    Attributes
    ----------
    question, reply
        What was asked, and what came of it.
    exact
        Whether it is a right answer, of a question with choices the right choice.
    f1
        Of its words, see `octograph.agents.evaluation.answers.best_f1`.
    numeric
        Whether it ends with the right number, None if no number is wanted.

    """

    question: Question
    reply: Reply
    exact: bool
    f1: float
    numeric: bool | None

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "question": self.question.asked,
            "answers": list(self.question.answers),
            "prediction": self.reply.text,
            "worker": self.reply.worker,
            "exact_match": self.exact,
            "f1": self.f1,
            "numeric_match": self.numeric,
            "tokens": self.reply.tokens,
            "problem": self.reply.problem,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersReport:
    """What an evaluation came to: each graded reply in the order of the questions, and the seconds for all."""

    graded: tuple[Graded, ...]
    seconds: float

    def document(self) -> dict[str, Any]:
        """Return the scores.

        Returns
        -------
        dict
            ``n``; ``exact_match``, ``f1`` and ``numeric_match`` (over the ``numeric_n`` questions whose answer is a
            number; None if there is none); ``seconds`` for all; ``tokens_per_second``, None if no model wrote any;
            95 % intervals ``exact_match_interval`` and ``numeric_match_interval``; and ``unanswered``, how many got
            no answer.

        """
        count = len(self.graded)
        exact = sum(one.exact for one in self.graded)
        numeric = [one.numeric for one in self.graded if one.numeric is not None]
        tokens = sum(one.reply.tokens for one in self.graded)
        return {
            "n": count,
            "exact_match": exact / count,
            "f1": sum(one.f1 for one in self.graded) / count,
            "numeric_match": sum(numeric) / len(numeric) if numeric else None,
            "seconds": self.seconds,
            "tokens_per_second": tokens / self.seconds if tokens else None,
            "exact_match_interval": proportion_interval(exact, count),
            "numeric_match_interval": proportion_interval(sum(numeric), len(numeric)),
            "numeric_n": len(numeric),
            "unanswered": sum(not one.reply.text for one in self.graded),
        }


def grade(question: Question, reply: Reply) -> Graded:
    """Compare a reply with the answers that are right.

    Of a question with choices the choice that the reply means counts, and if that cannot be told, its words.
    """
    wanted: Sequence[str] = question.answers
    if question.choices:
        right = question.right_choices
        wanted = [question.choices[place] for place in sorted(right)]
        choice = chosen(reply.text, question.choices)
        if choice is not None:
            hit = choice in right
            numeric = None if numeric_match("", wanted) is None else hit
            return Graded(question=question, reply=reply, exact=hit, f1=float(hit), numeric=numeric)
    return Graded(
        question=question,
        reply=reply,
        exact=exact_match(reply.text, wanted or [""]),
        f1=best_f1(reply.text, wanted or [""]),
        numeric=numeric_match(reply.text, wanted),
    )


async def evaluate_answers(
    questions: Sequence[Question],
    answerer: Answerer,
    *,
    progress: Callable[[int, int], None],
    cancel: CancelToken,
    at_once: int = AT_ONCE,
) -> AnswersReport | None:
    """Ask every question, several at once, and grade the replies.

    Parameters
    ----------
    questions
        The data.
    answerer
        A worker, or the whole graph.
    progress
        Told how many are done, of how many.
    cancel
        Ends what is in progress.
    at_once
        Most questions in progress together.

    Returns
    -------
    AnswersReport or None
        None if it was cancelled.

    Raises
    ------
    OctographError
        What stops all of them, such as a model that does not start.

    """
    replies: dict[int, Reply] = {}
    room = asyncio.Semaphore(at_once)

    async def answer(place: int, question: Question) -> None:
        async with room:
            if not cancel.cancelled:
                replies[place] = await answerer.reply(question, cancel=cancel)
                progress(len(replies), len(questions))

    started = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for place, question in enumerate(questions):
                group.create_task(answer(place, question))
    except ExceptionGroup as failed:
        # One of them is what the user can do something about; the others are much the same.
        raise failed.exceptions[0] from failed
    seconds = time.perf_counter() - started
    if cancel.cancelled:
        return None
    graded = tuple(grade(question, replies[place]) for place, question in enumerate(questions))
    return AnswersReport(graded=graded, seconds=seconds)
