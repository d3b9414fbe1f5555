"""Answers that nobody was sure of are compared by the graph's judge, before the person is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from octograph import CancelToken, Octograph
from octograph.agents import Asked, Decided, Event, Finished, Judged, StepStarted, Turn, document
from octograph.agents.limits import Limits
from octograph.errors import HostCrashedError, ModelMissingError, OctographError
from octograph.retrieval.documents import Document
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.library import Library
from octograph.retrieval.splitting import Splitter
from octograph.testing import FakeEmbedder, FixedEvaluator, FixedJudge, FixedRouter, ScriptedWorker, make_octograph

QUESTION = "Which city?"
ASK = Limits(unsure="ask")


def unsure(folder: Path, judge: FixedJudge | None, *, limits: Limits = ASK, texts: tuple[str, ...] = ()) -> Octograph:
    """Two workers, neither of them sure, the second surer by `g`; a third that is not asked, and is not sure either."""
    names = ("facts", "more", "other")
    workers = {
        name: ScriptedWorker([text]) for name, text in zip(names, texts or ("Lyon", "Nice", "Paris"), strict=True)
    }
    return make_octograph(
        folder,
        workers,
        escalations={"facts": "more"},
        thresholds=dict.fromkeys(names, -1.0),
        evaluators={name: FixedEvaluator(otherwise=g) for name, g in zip(names, (-2.0, -1.5, -3.0), strict=True)},
        router=FixedRouter(names, {QUESTION: {"facts": 0.6, "other": 0.1, "none": 0.3}}),
        judge=judge,
        limits=limits,
    )


def waited(events: list[Event]) -> Asked:
    asked, last = events[-2:]
    assert isinstance(asked, Asked)
    assert isinstance(last, Finished)
    assert last.turn.status == "waiting"
    assert last.turn.tried == asked.attempts
    return asked


def ended(events: list[Event]) -> Turn:
    last = events[-1]
    assert isinstance(last, Finished)
    return last.turn


def judgements(events: list[Event]) -> list[dict[str, float]]:
    """What each judgement came to, by worker in its order."""
    return [
        {worker: one.mean for worker, one in event.judgements.items()} for event in events if isinstance(event, Judged)
    ]


def test_the_judged_best_is_offered_and_taken(tmp_path: Path) -> None:
    judge = FixedJudge({"Lyon": -1.0, "Nice": -2.0})
    with unsure(tmp_path, judge) as octo:
        events = list(octo.stream(QUESTION, thread="t"))
        turn = ended(list(octo.resume("t", choice="answer")))
    asked = waited(events)
    assert [(one.worker, one.text, one.score) for one in asked.attempts] == [
        ("facts", "Lyon", -2.0),
        ("more", "Nice", -1.5),
    ]
    assert judgements(events) == [{"facts": -1.0, "more": -2.0}]
    assert judge.asked == [(QUESTION, ("Nice", "Lyon"), None)]
    assert (turn.status, turn.worker, turn.text, turn.score) == ("answered", "facts", "Lyon", -2.0)
    assert [one.worker for one in turn.tried] == ["more"]


def test_the_judgement_is_an_event_like_the_others(tmp_path: Path) -> None:
    with unsure(tmp_path, FixedJudge({"Lyon": -1.0, "Nice": -2.0})) as octo:
        events = list(octo.stream(QUESTION))
    (begun,) = [event for event in events if isinstance(event, StepStarted) and event.step == "judge"]
    assert events.index(begun) == len(events) - 4
    trace = document(events[-3])
    assert trace.pop("seconds") >= 0
    assert trace == {
        "kind": "judged",
        "judgements": {
            "facts": {"answer": "Lyon", "scores": {"relevance": -1.0}, "mean": -1.0},
            "more": {"answer": "Nice", "scores": {"relevance": -2.0}, "mean": -2.0},
        },
        "problem": None,
    }
    assert list(trace["judgements"]) == ["facts", "more"]


def test_a_turn_that_waits_is_not_judged_again(tmp_path: Path) -> None:
    with unsure(tmp_path, FixedJudge({"Lyon": -1.0, "Nice": -2.0})) as octo:
        octo.ask(QUESTION, thread="t")
    other = FixedJudge({"Lyon": -2.0, "Nice": -1.0})
    with unsure(tmp_path, other) as octo:  # another process, whose judge thinks otherwise
        (waiting,) = octo.threads.turns("t")
        assert [one.worker for one in waiting.tried] == ["facts", "more"]
        assert waiting.text == "I am not sure. facts would say: Lyon"
        events = list(octo.resume("t", choice="answer"))
    assert ended(events).text == "Lyon"
    assert judgements(events) == []
    assert other.asked == []


def test_a_choice_that_was_offered_before_there_was_a_judge_is_kept(tmp_path: Path) -> None:
    with unsure(tmp_path, None) as octo:
        octo.ask(QUESTION, thread="t")
    judge = FixedJudge({"Lyon": -1.0, "Nice": -2.0})
    with unsure(tmp_path, judge) as octo:
        assert ended(list(octo.resume("t", choice="answer"))).text == "Nice"
    assert judge.asked == []


@pytest.mark.parametrize("judge", [None, FixedJudge({"Lyon": -2.0, "Nice": -2.0})], ids=["no judge", "a tie"])
def test_where_no_judge_decides_it_is_the_score_as_ever(judge: FixedJudge | None, tmp_path: Path) -> None:
    with unsure(tmp_path, judge) as octo:
        events = list(octo.stream(QUESTION, thread="t"))
        assert [one.worker for one in waited(events).attempts] == ["more", "facts"]
        assert ended(list(octo.resume("t", choice="answer"))).text == "Nice"
    assert len(judgements(events)) == (0 if judge is None else 1)


@pytest.mark.parametrize(
    ("limits", "texts"),
    [
        (ASK, ("Lyon", "Lyon ", "Paris")),  # one answer of two workers
        (ASK, ("", "Nice", "Paris")),  # one worker with an answer
        (Limits(), ()),  # nobody is asked, so nothing hangs on it
    ],
)
def test_where_there_is_nothing_to_compare_nothing_is(limits: Limits, texts: tuple[str, ...], tmp_path: Path) -> None:
    judge = FixedJudge()
    with unsure(tmp_path, judge, limits=limits, texts=texts) as octo:
        events = list(octo.stream(QUESTION))
    assert ended(events).status == ("waiting" if limits is ASK else "abstained")
    assert judgements(events) == []
    assert judge.asked == []


@pytest.mark.parametrize("error", [ModelMissingError("the weights are gone"), HostCrashedError("the host died")])
def test_a_judge_that_fails_costs_no_turn_and_is_told(error: OctographError, tmp_path: Path) -> None:
    judge = FixedJudge({"Lyon": -1.0}, errors=[error])
    with unsure(tmp_path, judge) as octo:
        events = list(octo.stream(QUESTION, thread="t"))
    assert [one.worker for one in waited(events).attempts] == ["more", "facts"]
    (judged,) = [event for event in events if isinstance(event, Judged)]
    assert (judged.problem, judged.judgements) == (error.message, {})
    with unsure(tmp_path, judge) as octo:  # it would work now, and what was offered stays what it was
        assert ended(list(octo.resume("t", choice="answer"))).text == "Nice"
    assert len(judge.asked) == 1


def test_a_judge_that_is_stopped_leaves_the_turn_waiting(tmp_path: Path) -> None:
    cancel, events = CancelToken(), []
    with unsure(tmp_path, FixedJudge({"Lyon": -1.0}, delay=60)) as octo:
        for event in octo.stream(QUESTION, thread="t", cancel=cancel):
            events.append(event)
            if isinstance(event, StepStarted) and event.step == "judge":
                cancel.cancel()
        assert [one.worker for one in waited(events).attempts] == ["more", "facts"]
        (judged,) = [event for event in events if isinstance(event, Judged)]
        assert judged.problem == "it was stopped"
        assert ended(list(octo.resume("t", choice="answer"))).text == "Nice"


def test_an_answer_more_is_judged_with_the_others(tmp_path: Path) -> None:
    judge = FixedJudge({"Lyon": -1.0, "Nice": -2.0, "Paris": -0.5})
    with unsure(tmp_path, judge) as octo:
        octo.ask(QUESTION, thread="t")
        events = list(octo.resume("t", choice="other"))
        asked = waited(events)
        turn = ended(list(octo.resume("t", choice="answer")))
    assert judgements(events) == [{"other": -0.5, "facts": -1.0, "more": -2.0}]
    assert [one.worker for one in asked.attempts] == ["other", "facts", "more"]
    assert (turn.worker, turn.text) == ("other", "Paris")
    assert [answers for _, answers, _ in judge.asked] == [("Nice", "Lyon"), ("Nice", "Lyon", "Paris")]


def test_each_step_of_a_plan_is_judged_for_itself(tmp_path: Path) -> None:
    workers = {"facts": ScriptedWorker(["Lyon"]), "more": ScriptedWorker(["Nice"])}
    judge = FixedJudge({"Lyon": -1.0, "Nice": -2.0})
    with make_octograph(
        tmp_path,
        workers,
        escalations={"facts": "more"},
        thresholds=dict.fromkeys(workers, -1.0),
        evaluators=dict.fromkeys(workers, FixedEvaluator(otherwise=-2.0)),
        router=FixedRouter(tuple(workers), plans={"both": [("facts", "the first?"), ("facts", "the second?")]}),
        judge=judge,
        limits=ASK,
    ) as octo:
        octo.ask("both", thread="t")
        events = list(octo.resume("t", choice="answer"))
        waited(events)
        turn = ended(list(octo.resume("t", choice="answer")))
    assert [event.decision for event in events if isinstance(event, Decided)] == ["advance", "escalate"]
    assert [question for question, _, _ in judge.asked] == ["the first?", "the second?"]
    assert turn.text == "Lyon\n\nLyon"


def test_a_judgement_costs_no_tokens(tmp_path: Path) -> None:
    limits = Limits(unsure="ask", tokens=1)
    with unsure(tmp_path, FixedJudge({"Lyon": -1.0}), limits=limits) as octo:
        waited(list(octo.stream(QUESTION, thread="t")))
        turn = ended(list(octo.resume("t", choice="abstain")))
    assert "budget" not in turn.text


def test_the_judge_sees_the_passages_and_not_their_numbers(tmp_path: Path, tokenizer: Path) -> None:
    base = KnowledgeBase(tmp_path / "base", embedder=FakeEmbedder(), splitter=lambda: Splitter(tokenizer))
    lease = Document(text="The notice period is three months.", markup="text", title="Lease")
    asyncio.run(base.add_documents({"/home/me/lease.txt": lease}, cancel=CancelToken()))
    judge, question = FixedJudge({"Three months.": -1.0}), "What is the notice period of the lease?"
    workers: dict[str, Any] = {"reader": ScriptedWorker(["Three months."]), "chat": ScriptedWorker(["Ask [1]"])}
    with make_octograph(
        tmp_path,
        workers,
        escalations={"reader": "chat"},
        reads={"reader": "documents"},
        library=Library({"documents": base}),
        thresholds=dict.fromkeys(workers, -1.0),
        evaluators={"reader": FixedEvaluator(otherwise=-3.0), "chat": FixedEvaluator(otherwise=-2.0)},
        judge=judge,
        limits=ASK,
    ) as octo:
        asked = waited(list(octo.stream(question, thread="t")))
        turn = ended(list(octo.resume("t", choice="answer")))
    # What a worker wrote itself stays, be it like a number of ours.
    assert judge.asked == [(question, ("Ask [1]", "Three months."), "Lease\nThe notice period is three months.")]
    assert [one.text for one in asked.attempts] == ["Three months. [1]", "Ask [1]"]
    assert (turn.text, [one.title for one in turn.citations]) == ("Three months. [1]", ["Lease"])
