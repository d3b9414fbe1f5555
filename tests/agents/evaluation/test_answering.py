"""Evaluating answers, over workers and a graph of fakes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octograph.agents import Event
from octograph.agents.evaluation.answering import (
    Answerer,
    AnswersReport,
    Reply,
    WholeGraph,
    WorkerAlone,
    evaluate_answers,
    grade,
)
from octograph.agents.evaluation.question import Question
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, HostCrashedError, ToolError
from octograph.graph import Worker as WorkerNode
from octograph.nodes.grounded import NOT_FOUND, question_over
from octograph.nodes.worker import Evidence, ModelWorker
from octograph.testing import FakeGenerator, FixedRouter, ScriptedWorker, make_octograph, pause

HOW_MANY = Question(text="How many?", answers=("7",))
IN_CONTEXT = Question(
    text="Who calls?", answers=("Anna",), passages=(Evidence(text="Anna calls.", title="Notes", weight=1.0),)
)


async def reply(worker: ScriptedWorker | ModelWorker, question: Question, *, reads: bool = False) -> Reply:
    return await WorkerAlone("w", worker, reads=reads).reply(question, cancel=CancelToken())


async def evaluated(answerer: Answerer, *questions: Question) -> AnswersReport:
    report = await evaluate_answers(questions, answerer, progress=lambda *_: None, cancel=CancelToken())
    assert report is not None
    return report


# --- one worker ------------------------------------------------------------------------------------------------


async def test_a_worker_that_reads_gets_the_context_as_evidence() -> None:
    worker = ScriptedWorker(["Anna"])
    await reply(worker, IN_CONTEXT, reads=True)
    (task,) = worker.tasks
    assert (task.query, task.history) == ("Who calls?", ())
    assert task.evidence == (Evidence(text="Anna calls.", title="Notes", weight=1.0),)
    await reply(worker, HOW_MANY, reads=True)
    assert worker.tasks[1].evidence == ()


async def test_another_gets_it_in_the_question_as_a_reader_would() -> None:
    worker = ScriptedWorker(["Anna"])
    await reply(worker, IN_CONTEXT)
    (task,) = worker.tasks
    passage = Evidence(text="Anna calls.", title="Notes", weight=1.0)
    assert (task.query, task.evidence) == (question_over([passage], "Who calls?"), ())
    await reply(worker, HOW_MANY)
    assert worker.tasks[1].query == "How many?"


async def test_choices_follow_the_question() -> None:
    worker = ScriptedWorker(["(B)"])
    await reply(worker, Question(text="Which?", answers=("B",), choices=("red", "blue")))
    assert worker.tasks[0].query == "Which?\n(A) red\n(B) blue"


async def test_text_and_tokens_are_those_of_the_worker() -> None:
    node = WorkerNode(name="w", description="x", model="m")
    assert await reply(ModelWorker(node, FakeGenerator([" The answer", " is", " 7.\n"])), HOW_MANY) == Reply(
        text="The answer is 7.", worker="w", tokens=3
    )


@pytest.mark.parametrize(
    "error", [ToolError("cannot read this"), ContextOverflowError("cannot read this", tokens=9, limit=8)]
)
async def test_a_question_that_it_cannot_answer_is_a_reply_too(error: ToolError | ContextOverflowError) -> None:
    worker = ScriptedWorker(["7"], errors=[error])
    assert await reply(worker, HOW_MANY) == Reply(text="", worker="w", problem="cannot read this")
    assert (await reply(ScriptedWorker(), HOW_MANY)).problem == "it wrote nothing"


async def test_a_reader_that_finds_nothing_does_not_answer() -> None:
    found = await reply(ScriptedWorker([NOT_FOUND]), IN_CONTEXT, reads=True)
    assert (found.text, found.problem) == ("", NOT_FOUND)


# --- grades ----------------------------------------------------------------------------------------------------


def graded(text: str, question: Question) -> tuple[bool, float, bool | None]:
    one = grade(question, Reply(text=text, worker="w"))
    return one.exact, one.f1, one.numeric


def test_words_and_numbers_are_graded() -> None:
    assert graded("7", HOW_MANY) == (True, 1.0, True)
    assert graded("The answer is 7.", HOW_MANY) == (False, 0.5, True)
    assert graded("", HOW_MANY) == (False, 0.0, False)
    assert graded("Anna", IN_CONTEXT) == (True, 1.0, None)


def test_choices_are_graded_by_letter_or_text() -> None:
    by_letter = Question(text="Which?", answers=("(B)",), choices=("-1", "1"))
    by_text = Question(text="Which?", answers=("1",), choices=("-1", "1"))
    for question in (by_letter, by_text):
        for right in ("(B)", "1", "The answer is B."):
            assert graded(right, question) == (True, 1.0, True)
        assert graded("-1", question) == (False, 0.0, False)
        assert graded("(A) 1", question) == (False, 0.0, False)
        assert graded("none of them", question) == (False, 0.0, False)
    colours = Question(text="Which?", answers=("C",), choices=("red", "dark red", "light blue"))
    assert graded("C", colours) == (True, 1.0, None)
    assert graded("something blue", colours) == (False, 0.5, None)


def test_where_nothing_is_right_no_answer_is() -> None:
    unanswerable = Question(text="Who knows?", answers=())
    assert graded("", unanswerable) == (True, 1.0, None)
    assert graded("Anna", unanswerable) == (False, 0.0, None)


# --- all questions ---------------------------------------------------------------------------------------------


class Counting:
    """Answers with the question after a while, and counts how many are in progress."""

    def __init__(self) -> None:
        self.running = self.most = 0

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        self.running += 1
        self.most = max(self.most, self.running)
        # The later ones are done first.
        await pause(0.05 / int(question.text), cancel)
        self.running -= 1
        return Reply(text=question.text, worker="w", tokens=2)


async def test_scores_of_all() -> None:
    questions = [Question(text=str(n), answers=(str(n % 5),)) for n in range(1, 11)]
    told: list[tuple[int, int]] = []
    counting = Counting()
    report = await evaluate_answers(
        questions, counting, progress=lambda *counts: told.append(counts), cancel=CancelToken(), at_once=3
    )
    assert report is not None
    assert counting.most == 3
    assert told == [(done, 10) for done in range(1, 11)]
    assert [one.reply.text for one in report.graded] == [str(n) for n in range(1, 11)]
    scores = report.document()
    assert (scores["n"], scores["exact_match"], scores["f1"], scores["numeric_match"]) == (10, 0.4, 0.4, 0.4)
    low, high = scores["exact_match_interval"]
    assert 0 < low < 0.4 < high < 1
    assert scores["numeric_match_interval"] == scores["exact_match_interval"]
    assert (scores["numeric_n"], scores["unanswered"]) == (10, 0)
    assert scores["tokens_per_second"] == pytest.approx(20 / scores["seconds"])
    assert report.graded[0].document() == {
        "question": "1",
        "answers": ["1"],
        "prediction": "1",
        "worker": "w",
        "exact_match": True,
        "f1": 1.0,
        "numeric_match": True,
        "tokens": 2,
        "problem": None,
    }


async def test_what_was_not_there_is_none() -> None:
    scores = (await evaluated(WorkerAlone("w", ScriptedWorker(), reads=False), IN_CONTEXT)).document()
    assert scores["numeric_match"] is None
    assert scores["numeric_match_interval"] is None
    assert scores["tokens_per_second"] is None
    assert scores["unanswered"] == 1


async def test_cancelling_ends_it_without_a_report() -> None:
    cancel = CancelToken()
    worker = ScriptedWorker(["7"], delay=30)
    timer = threading.Timer(0.05, cancel.cancel)
    timer.start()
    found = await asyncio.wait_for(
        evaluate_answers(
            [HOW_MANY] * 20, WorkerAlone("w", worker, reads=False), progress=lambda *_: None, cancel=cancel
        ),
        timeout=10,
    )
    assert found is None
    assert len(worker.tasks) == 8  # those that waited never began
    timer.join()


async def test_what_stops_all_is_raised_as_it_is() -> None:
    worker = ScriptedWorker(["7"], delay=0.01, errors=[HostCrashedError("it died", hint="look")] * 3)
    with pytest.raises(HostCrashedError, match="it died"):
        await evaluated(WorkerAlone("w", worker, reads=False), *[HOW_MANY] * 20)


# --- the whole graph -------------------------------------------------------------------------------------------


async def test_the_whole_graph_routes_escalates_and_abstains(tmp_path: Path) -> None:
    workers = {
        "sums": ScriptedWorker(["never"], errors=[ToolError("no sum")] * 5, source="tool"),
        "math": ScriptedWorker(["It is", " 7."]),
    }
    router = FixedRouter(tuple(workers), {"How many?": "sums", "Who knows?": "none"}, otherwise="math")
    octo = make_octograph(tmp_path, workers, router=router, escalations={"sums": "math"})

    def ask(query: str, cancel: CancelToken) -> AsyncIterator[Event]:
        return octo.astream(query, cancel=cancel)

    async with octo:
        report = await evaluated(WholeGraph(ask), HOW_MANY, Question(text="Who knows?", answers=()), IN_CONTEXT)
    escalated, abstained, in_context = report.graded
    assert (escalated.reply.text, escalated.reply.worker, escalated.numeric) == ("It is 7.", "math", True)
    assert (abstained.reply.text, abstained.exact) == ("", True)
    assert abstained.reply.problem
    assert in_context.reply.worker == "math"
    assert any(task.query.endswith("Question: Who calls?") for task in workers["math"].tasks)
    assert report.document()["unanswered"] == 1
