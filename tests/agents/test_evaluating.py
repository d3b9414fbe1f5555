"""Answers are evaluated before they are shown: taken, passed on, or withheld."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octograph import Octograph
from octograph.agents import Asked, Decided, Evaluated, Finished, TextWritten, Turn, document
from octograph.agents.limits import Limits
from octograph.cancellation import CancelToken
from octograph.errors import ThreadError, ToolError, UsageError
from octograph.nodes.answered import Answered
from octograph.nodes.generation import Generation, TextDelta, TokenMeasures
from octograph.nodes.worker import Outcome, Task
from octograph.testing import FixedClock, FixedEvaluator, FixedRouter, ScriptedWorker, make_octograph

NOTHING = np.zeros(1, np.float32)
CERTAIN = TokenMeasures(logprobs=NOTHING, margins=NOTHING, entropies=NOTHING)


def test_a_score_goes_into_event_and_turn(tmp_path: Path) -> None:
    evaluator = FixedEvaluator({"Paris": -0.25})
    with make_octograph(tmp_path, {"facts": ScriptedWorker(["Par", "is"])}, evaluators={"facts": evaluator}) as octo:
        events = list(octo.stream("Which city?"))
    kinds = [document(event)["kind"] for event in events]
    assert kinds[-7:] == ["text", "text", "generated", "step", "evaluated", "decided", "finished"]
    (evaluated,) = [event for event in events if isinstance(event, Evaluated)]
    assert (evaluated.score, evaluated.score_kind, evaluated.tau, evaluated.problem) == (
        -0.25,
        "self-evaluated",
        None,
        None,
    )
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn.score == -0.25
    assert Turn.from_document(finished.turn.document()) == finished.turn
    (answered,) = evaluator.answers
    assert (answered.text, answered.tokens) == ("Paris", (0, 1))


def test_an_answer_is_shown_once_it_is_known_to_be_sure_enough(tmp_path: Path) -> None:
    with make_octograph(
        tmp_path,
        {"facts": ScriptedWorker(["Par", "is"])},
        thresholds={"facts": -0.5},
        evaluators={"facts": FixedEvaluator({"Paris": -0.5})},
    ) as octo:
        events = list(octo.stream("Which city?"))
    kinds = [document(event)["kind"] for event in events]
    assert kinds[-6:] == ["generated", "step", "evaluated", "text", "decided", "finished"]
    assert [event.text for event in events if isinstance(event, TextWritten)] == ["Paris"]


def test_an_unsure_answer_is_passed_on_and_kept(tmp_path: Path) -> None:
    workers = {"facts": ScriptedWorker(["Lyon"]), "sure": ScriptedWorker(["Paris"])}
    with make_octograph(
        tmp_path,
        workers,
        escalations={"facts": "sure"},
        thresholds={"facts": -0.5},
        evaluators={"facts": FixedEvaluator({"Lyon": -2.0}), "sure": FixedEvaluator()},
    ) as octo:
        events = list(octo.stream("Which city?"))
    assert [event.text for event in events if isinstance(event, TextWritten)] == ["Paris"]
    assert [(one.decision, one.worker, one.next) for one in events if isinstance(one, Decided)] == [
        ("escalate", "facts", "sure"),
        ("accept", "sure", None),
    ]
    finished = events[-1]
    assert isinstance(finished, Finished)
    (attempt,) = finished.turn.tried
    assert (attempt.worker, attempt.text, attempt.score) == ("facts", "Lyon", -2.0)
    assert attempt.reason == "not sure enough: g = -2.00, below -0.50"


def test_where_nobody_is_sure_the_turn_abstains_and_says_how_sure_each_was(tmp_path: Path) -> None:
    workers = {"facts": ScriptedWorker(["Lyon"]), "more": ScriptedWorker(["Nice"])}
    evaluators = {"facts": FixedEvaluator(otherwise=-2.0), "more": FixedEvaluator(otherwise=-1.5)}
    router = FixedRouter(tuple(workers), {"Which city?": {"facts": 0.6, "more": 0.3, "none": 0.1}})
    with make_octograph(
        tmp_path, workers, router=router, thresholds=dict.fromkeys(workers, -1.0), evaluators=evaluators
    ) as octo:
        events = list(octo.stream("Which city?"))
    assert not [event for event in events if isinstance(event, TextWritten)]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn.status == "abstained"
    assert finished.turn.text == (
        "I don't know. Tried facts: not sure enough: g = -2.00, below -1.00; "
        "more: not sure enough: g = -1.50, below -1.00."
    )
    assert [(one.text, one.score) for one in finished.turn.tried] == [("Lyon", -2.0), ("Nice", -1.5)]


@pytest.mark.parametrize("source", ["tool", "model"])
def test_what_cannot_be_evaluated_is_shown_as_it_is(source: str, tmp_path: Path) -> None:
    worker = ScriptedWorker(["4"], source="tool" if source == "tool" else "model")
    evaluators = {"sums": FixedEvaluator(otherwise=-9.0)} if source == "tool" else {}
    with make_octograph(tmp_path, {"sums": worker}, thresholds={"sums": -0.1}, evaluators=evaluators) as octo:
        events = list(octo.stream("2 + 2"))
    assert [event.text for event in events if isinstance(event, TextWritten)] == ["4"]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert (finished.turn.status, finished.turn.score) == ("answered", None)


def unsure(folder: Path, **options: Any) -> Octograph:
    """Two workers, neither of them sure."""
    workers = {"facts": ScriptedWorker(["Lyon"]), "more": ScriptedWorker(["Nice"]), "other": ScriptedWorker(["Paris"])}
    scores = {"facts": FixedEvaluator(otherwise=-2.0), "more": FixedEvaluator(otherwise=-1.5)}
    return make_octograph(
        folder,
        workers,
        escalations={"facts": "more"},
        thresholds={"facts": -1.0, "more": -1.0},
        evaluators=scores,
        router=FixedRouter(tuple(workers), {"Which city?": {"facts": 0.6, "other": 0.1, "none": 0.3}}),
        **options,
    )


@pytest.mark.parametrize(
    ("choice", "status", "text", "worker"),
    [
        ("answer", "answered", "Nice", "more"),
        ("other", "answered", "Paris", "other"),
        ("abstain", "abstained", "I don't know. Tried facts", None),
    ],
)
def test_a_person_can_be_asked_and_answer_days_later(
    choice: str, status: str, text: str, worker: str | None, tmp_path: Path
) -> None:
    with unsure(tmp_path, limits=Limits(unsure="ask")) as octo:
        *_, asked, last = octo.stream("Which city?", thread="t")
    assert isinstance(asked, Asked)
    assert [(one.worker, one.text) for one in asked.attempts] == [("more", "Nice"), ("facts", "Lyon")]
    assert [one.score for one in asked.attempts] == [-1.5, -2.0]
    assert asked.choices == ("answer", "abstain", "other")
    assert isinstance(last, Finished)
    assert last.turn.status == "waiting"
    with unsure(tmp_path, limits=Limits(unsure="ask")) as octo:  # another process
        assert [turn.status for turn in octo.threads.turns("t")] == ["waiting"]
        for wrong in (None, "nobody", "facts"):
            with pytest.raises(UsageError, match="choice"):
                list(octo.resume("t", choice=wrong))
        *_, last = octo.resume("t", choice=choice)
        assert isinstance(last, Finished)
        assert (last.turn.status, last.turn.worker) == (status, worker)
        assert last.turn.text.startswith(text)
        assert [turn.status for turn in octo.threads.turns("t")] == [status]
        with pytest.raises(ThreadError):
            list(octo.resume("t", choice="answer"))


def asked_for_an_hour(clock: FixedClock, octo: Octograph, choice: str) -> Turn:
    """A turn whose person takes an hour to choose."""
    assert octo.ask("?", thread="t").status == "waiting"
    clock.advance(hours=1)
    *_, last = octo.resume("t", choice=choice)
    assert isinstance(last, Finished)
    return last.turn


@pytest.mark.parametrize("choice", ["answer", "other"])
def test_the_time_for_which_a_person_thinks_is_not_charged(choice: str, tmp_path: Path) -> None:
    clock = FixedClock()
    workers = {"a": Costly(clock, "one", sure=False), "b": Costly(clock, "two"), "other": Costly(clock, "three")}
    router = FixedRouter(("a", "b"), plans={"?": [("a", "first"), ("b", "second")]})
    with make_octograph(
        tmp_path,
        workers,
        router=router,
        thresholds={"a": -1.0},
        evaluators={"a": FixedEvaluator(otherwise=-2.0)},
        limits=Limits(unsure="ask", seconds=60, workers=1),
        clock=clock,
    ) as octo:
        turn = asked_for_an_hour(clock, octo, choice)
    assert (turn.status, [step.text for step in turn.steps][-1]) == ("answered", "two")
    assert turn.seconds == (2.0 if choice == "answer" else 3.0)


def test_a_person_who_has_it_withheld_is_not_told_of_a_budget(tmp_path: Path) -> None:
    clock = FixedClock()
    with make_octograph(
        tmp_path,
        {"a": Costly(clock, "one", sure=False)},
        thresholds={"a": -1.0},
        evaluators={"a": FixedEvaluator(otherwise=-2.0)},
        limits=Limits(unsure="ask", seconds=60),
        clock=clock,
    ) as octo:
        turn = asked_for_an_hour(clock, octo, "abstain")
    assert turn.text == "I don't know. Tried a: not sure enough: g = -2.00, below -1.00."
    assert [one.reason for one in turn.decisions] == ["you chose"]


def test_what_was_withheld_is_not_shown_when_it_is_cancelled(tmp_path: Path) -> None:
    for moment in ("text", "evaluate"):
        cancel = CancelToken()
        with make_octograph(
            tmp_path / moment,
            {"facts": Interrupted(cancel, at=moment)},
            thresholds={"facts": -1.0},
            evaluators={"facts": FixedEvaluator()},
        ) as octo:
            turn = octo.ask("Which city?", cancel=cancel)
        assert (turn.status, turn.text) == ("cancelled", "")


def test_what_failed_is_not_offered_as_an_answer(tmp_path: Path) -> None:
    broken = ScriptedWorker(["apples = 3"], errors=[ToolError("it found no calculation", hint="")])
    with make_octograph(tmp_path, {"math": broken}, limits=Limits(unsure="ask")) as octo:
        turn = octo.ask("?")
    assert (turn.status, [one.text for one in turn.tried]) == ("abstained", [""])


def test_what_a_worker_wrote_before_it_failed_is_charged(tmp_path: Path) -> None:
    clock = FixedClock()
    workers = {name: Costly(clock, fails=True) for name in "ab"}
    router = FixedRouter(tuple(workers), {"?": {"a": 0.6, "b": 0.3, "none": 0.1}})
    with make_octograph(tmp_path, workers, router=router, limits=Limits(tokens=1), clock=clock) as octo:
        turn = octo.ask("?")
    assert [one.worker for one in turn.tried] == ["a"]
    assert turn.text.endswith("the budget of 1 tokens is spent.")


def test_a_choice_that_nobody_waits_for_is_refused(tmp_path: Path) -> None:
    with unsure(tmp_path) as octo:
        assert octo.ask("Which city?", thread="t").status == "abstained"
        with pytest.raises(ThreadError):
            list(octo.resume("t", choice="answer"))


def test_a_later_question_closes_a_waiting_turn(tmp_path: Path) -> None:
    with unsure(tmp_path, limits=Limits(unsure="ask")) as octo:
        assert octo.ask("Which city?", thread="t").status == "waiting"
        octo.ask("And now?", thread="t", worker="other")
        assert [turn.status for turn in octo.threads.turns("t")] == ["interrupted", "answered"]


class Costly:
    """A worker that takes a second and many tokens for its text."""

    def __init__(self, clock: FixedClock, text: str = "", *, sure: bool = True, fails: bool = False) -> None:
        self._clock = clock
        self._text = text
        self._answered = None if sure else Answered(prompt=(), text=text, tokens=(0,), measures=CERTAIN)
        self._fails = fails

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        generation = Generation(
            finish="stop", prompt_tokens=1, cached_tokens=0, completion_tokens=60, prefill_seconds=0, decode_seconds=0
        )
        self._clock.advance(seconds=1)
        yield TextDelta(text=self._text)
        yield Outcome(finish="stop", source="model", generation=generation, answered=self._answered)
        if self._fails:
            raise ToolError("it found no calculation", hint="")


class Interrupted(ScriptedWorker):
    """A worker that somebody stops while it writes, or once it has written."""

    def __init__(self, cancel: CancelToken, *, at: str) -> None:
        super().__init__(["Lyon"])
        self._cancel = cancel
        self._at = at

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        async for piece in super().run(task, cancel=cancel):
            if isinstance(piece, TextDelta) == (self._at == "text"):
                self._cancel.cancel()
            yield piece


@pytest.mark.parametrize(
    ("limits", "tried", "said"),
    [
        (Limits(), ["a", "b", "c"], ""),
        (Limits(workers=2), ["a", "b"], ""),
        (Limits(tokens=100), ["a", "b"], " Nobody else was asked: the budget of 100 tokens is spent."),
        (Limits(seconds=0.5), ["a"], " Nobody else was asked: the budget of 0.5 seconds is spent."),
    ],
)
def test_a_budget_ends_the_asking(limits: Limits, tried: list[str], said: str, tmp_path: Path) -> None:
    clock = FixedClock()
    workers = {name: Costly(clock) for name in "abcd"}
    router = FixedRouter(tuple(workers), {"?": {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.09, "none": 0.01}})
    with make_octograph(tmp_path, workers, router=router, limits=limits, clock=clock) as octo:
        turn = octo.ask("?")
    assert [one.worker for one in turn.tried] == tried
    assert turn.text.endswith(f"{tried[-1]}: it wrote nothing.{said}")


def test_a_plan_stops_where_its_budget_is_spent(tmp_path: Path) -> None:
    clock = FixedClock()
    workers = {"a": Costly(clock, "one"), "b": Costly(clock, "two")}
    router = FixedRouter(tuple(workers), plans={"both": [("a", "first"), ("b", "second")]})
    with make_octograph(tmp_path, workers, router=router, limits=Limits(seconds=0.5), clock=clock) as octo:
        turn = octo.ask("both")
    assert turn.status == "abstained"
    assert turn.text == "one\n\nI stopped behind step 1 of 2: the budget of 0.5 seconds is spent."
    assert [step.text for step in turn.steps] == ["one"]
