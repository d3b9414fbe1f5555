"""Answers are evaluated before they are shown: taken, passed on, or withheld."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.agents import Decided, Evaluated, Finished, TextWritten, Turn, document
from octograph.testing import FixedEvaluator, FixedRouter, ScriptedWorker, make_octograph


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
