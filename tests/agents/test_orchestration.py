"""What becomes of a query, with fakes for all that takes time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from octograph.agents import Decided, Event, Finished, Generated, Routed, Started, StepStarted, TextWritten, document
from octograph.cancellation import CancelToken
from octograph.errors import GraphError, HostCrashedError, ToolError, UsageError
from octograph.nodes.generation import Message, TextDelta
from octograph.nodes.tools import make_tool
from octograph.nodes.worker import Outcome, Task, ToolWorker
from octograph.testing import FixedClock, FixedRouter, ScriptedWorker, make_octograph


def kinds(events: Sequence[Event]) -> list[str]:
    return [document(event)["kind"] for event in events]


def unable(times: int = 1) -> ScriptedWorker:
    return ScriptedWorker(errors=[ToolError("no sum in it") for _ in range(times)], source="tool")


def test_an_answer_is_accepted(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello", " there "])}) as octo:
        turn = octo.ask("  Hi  ")
    assert (turn.status, turn.text, turn.worker, turn.source) == ("answered", "Hello there", "chat", "model")
    assert turn.query == "Hi"
    assert turn.route is not None
    assert turn.route["worker"] == "chat"
    assert sum(turn.route["distribution"].values()) == pytest.approx(1.0)


def test_events_come_in_order_and_are_json(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["a", "b"])}) as octo:
        events = list(octo.stream("Hi"))
    assert kinds(events) == ["started", "step", "routed", "step", "text", "text", "generated", "decided", "finished"]
    documents = json.loads(json.dumps([document(event) for event in events]))
    assert [(step["worker"], step["query"]) for step in documents[2]["route"]["plan"]] == [("chat", "Hi")]
    assert [body["text"] for body in documents if body["kind"] == "text"] == ["a", "b"]
    assert documents[-1]["turn"]["text"] == "ab"


def test_a_problem_is_passed_on_along_the_edge_first(tmp_path: Path) -> None:
    workers = {"sums": unable(), "chat": ScriptedWorker(["chat"]), "math": ScriptedWorker(["4"])}
    router = FixedRouter(tuple(workers), {"2+2": {"sums": 0.6, "chat": 0.3, "math": 0.05, "none": 0.05}})
    with make_octograph(tmp_path, workers, router=router, escalations={"sums": "math"}) as octo:
        events = list(octo.stream("2+2"))
    decided = [event for event in events if isinstance(event, Decided)]
    assert [(event.decision, event.worker, event.next) for event in decided] == [
        ("escalate", "sums", "math"),
        ("accept", "math", None),
    ]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn.text == "4"
    assert [(attempt.worker, attempt.reason) for attempt in finished.turn.tried] == [("sums", "no sum in it")]


def test_after_the_edges_comes_the_next_best_token(tmp_path: Path) -> None:
    workers = {"sums": unable(), "chat": ScriptedWorker(["chat"]), "math": ScriptedWorker()}
    router = FixedRouter(tuple(workers), {"2+2": {"sums": 0.6, "math": 0.1, "chat": 0.25, "none": 0.05}})
    with make_octograph(tmp_path, workers, router=router, escalations={"sums": "math"}) as octo:
        turn = octo.ask("2+2")
    assert (turn.status, turn.worker) == ("answered", "chat")
    assert [(attempt.worker, attempt.reason) for attempt in turn.tried] == [
        ("sums", "no sum in it"),
        ("math", "it wrote nothing"),
    ]


@pytest.mark.parametrize("passed_on", [False, True])
def test_a_worker_that_declines_says_why_and_only_an_edge_leads_on(passed_on: bool, tmp_path: Path) -> None:
    workers = {"chat": ScriptedWorker(["chat"]), "cloud": ScriptedWorker(["bonjour"])}
    names = (*workers, "translation")
    router = FixedRouter(names, {"hello in French": {"translation": 0.6, "chat": 0.3, "cloud": 0.05, "none": 0.05}})
    with make_octograph(
        tmp_path,
        workers,
        router=router,
        declining={"translation": "it knows no French"},
        escalations={"translation": "cloud"} if passed_on else {},
    ) as octo:
        turn = octo.ask("hello in French")
    assert [(attempt.worker, attempt.reason) for attempt in turn.tried] == [("translation", "it knows no French")]
    if passed_on:
        assert (turn.status, turn.worker, turn.text) == ("answered", "cloud", "bonjour")
    else:
        assert (turn.status, turn.text) == ("abstained", "I don't know. Tried translation: it knows no French.")


def test_workers_less_likely_than_none_are_not_asked(tmp_path: Path) -> None:
    chat = ScriptedWorker(["chat"])
    router = FixedRouter(("sums", "chat"), {"2+2": {"sums": 0.5, "none": 0.3, "chat": 0.2}})
    with make_octograph(tmp_path, {"sums": unable(), "chat": chat}, router=router) as octo:
        turn = octo.ask("2+2")
    assert turn.status == "abstained"
    assert chat.tasks == []


def test_three_are_asked_at_most_and_none_of_them_twice(tmp_path: Path) -> None:
    workers = {name: unable(9) for name in ("a", "b", "c", "d")}
    router = FixedRouter(tuple(workers), {"?": {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.09, "none": 0.01}})
    with make_octograph(tmp_path, workers, router=router, escalations={"a": "b", "b": "c", "c": "d"}) as octo:
        turn = octo.ask("?")
    assert turn.status == "abstained"
    assert turn.worker is None
    assert [attempt.worker for attempt in turn.tried] == ["a", "b", "c"]
    assert {name: len(worker.tasks) for name, worker in workers.items()} == {"a": 1, "b": 1, "c": 1, "d": 0}
    assert turn.text == "I don't know. Tried a: no sum in it; b: no sum in it; c: no sum in it."


def test_no_worker_fits(tmp_path: Path) -> None:
    chat = ScriptedWorker(["chat"])
    with make_octograph(tmp_path, {"chat": chat}, router=FixedRouter(("chat",))) as octo:
        turn = octo.ask("Where are my keys?")
    assert (turn.status, turn.worker, turn.source) == ("abstained", None, None)
    assert turn.text.startswith("I don't know")
    assert chat.tasks == []


def test_a_named_worker_is_asked_without_the_master(tmp_path: Path) -> None:
    router = FixedRouter(("chat", "math"), otherwise="chat")
    workers = {"chat": ScriptedWorker(["chat"]), "math": ScriptedWorker(["math"])}
    with make_octograph(tmp_path, workers, router=router) as octo:
        events = list(octo.stream("Hi", worker="math"))
        turn = octo.ask("Hi", thread=_thread(events))
    assert not any(isinstance(event, Routed) for event in events)
    assert kinds(events)[:2] == ["started", "step"]
    assert router.asked == ["Hi"]
    assert turn.worker == "chat"


def test_a_named_worker_that_cannot_is_passed_on_along_edges_only(tmp_path: Path) -> None:
    workers = {"sums": unable(2), "math": ScriptedWorker(["4"]), "chat": ScriptedWorker(["chat"])}
    with make_octograph(tmp_path, workers, escalations={"sums": "math"}) as octo:
        assert octo.ask("2+2", worker="sums").worker == "math"
    with make_octograph(tmp_path, workers) as octo:
        assert octo.ask("2+2", worker="sums").status == "abstained"


@pytest.mark.parametrize("query", ["", "  \n\t", "\udcff"])
def test_a_query_that_is_none_is_refused(tmp_path: Path, query: str) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["chat"])}) as octo:
        for ask in (octo.ask, octo.route):
            with pytest.raises(UsageError):
                ask(query)
        assert octo.threads.list() == []


def test_an_unknown_worker_is_refused(tmp_path: Path) -> None:
    with (
        make_octograph(tmp_path, {"chat": ScriptedWorker(["chat"])}) as octo,
        pytest.raises(GraphError, match="'chta'"),
    ):
        octo.ask("Hi", worker="chta")


def test_a_crash_is_tried_again_once(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hel", "lo"], errors=[HostCrashedError("died")])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        events = list(octo.stream("Hi"))
    assert kinds(events).count("step") == 3
    begun = [place for place, event in enumerate(events) if isinstance(event, StepStarted)][-1]
    assert [event.text for event in events[begun:] if isinstance(event, TextWritten)] == ["Hel", "lo"]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn.text == "Hello"


def test_a_crash_of_the_master_is_tried_again_once(tmp_path: Path) -> None:
    router = FixedRouter(("chat",), otherwise="chat", errors=[HostCrashedError("died")])
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, router=router) as octo:
        assert octo.ask("Hi").text == "Hello"
    assert router.asked == ["Hi", "Hi"]


def test_a_second_crash_is_told_and_the_thread_goes_on(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"], errors=[HostCrashedError("died"), HostCrashedError("died again")])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        with pytest.raises(HostCrashedError, match="died again"):
            octo.ask("Hi", thread="t")
        assert [(turn.query, turn.status, turn.text) for turn in octo.threads.turns("t")] == [
            ("Hi", "failed", "died again")
        ]
        assert octo.ask("Still there?", thread="t").text == "Hello"
        assert [turn.status for turn in octo.threads.turns("t")] == ["failed", "answered"]
    assert chat.tasks[-1].history == ()


def test_cancelled_while_the_master_thinks(tmp_path: Path) -> None:
    chat, cancel = ScriptedWorker(["Hello"]), CancelToken()
    router = FixedRouter(("chat",), otherwise="chat", delay=60)
    with make_octograph(tmp_path, {"chat": chat}, router=router) as octo:
        events = []
        for event in octo.stream("Hi", thread="t", cancel=cancel):
            events.append(event)
            if isinstance(event, StepStarted):
                cancel.cancel()
        (turn,) = octo.threads.turns("t")
    assert kinds(events) == ["started", "step", "decided", "finished"]
    assert (turn.status, turn.text, turn.worker) == ("cancelled", "", None)
    assert chat.tasks == []


def test_cancelled_while_the_worker_writes(tmp_path: Path) -> None:
    cancel = CancelToken()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["one "] * 1000, delay=0.01)}) as octo:
        events = []
        for event in octo.stream("Count", thread="t", cancel=cancel):
            events.append(event)
            if isinstance(event, TextWritten):
                cancel.cancel()
        (turn,) = octo.threads.turns("t")
        assert octo.threads.turns("t")[0] == turn
    generated = next(event for event in events if isinstance(event, Generated))
    assert generated.finish == "cancelled"
    assert (turn.status, turn.worker) == ("cancelled", "chat")
    assert turn.text.startswith("one")
    assert len(turn.text) < 400


def test_cancelled_before_it_began(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"], delay=0.01)}) as octo:
        assert octo.ask("Hi", cancel=cancel).status == "cancelled"


def test_the_worker_gets_the_answered_turns_before(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    router = FixedRouter(("chat",), {"???": "none"}, otherwise="chat")
    with make_octograph(tmp_path, {"chat": chat}, router=router) as octo:
        octo.ask("Hi", thread="t")
        octo.ask("???", thread="t")
        octo.ask("And now?", thread="t")
        octo.ask("Elsewhere", thread="u")
    assert chat.tasks[1].history == (
        Message(role="user", content="Hi"),
        Message(role="assistant", content="Hello"),
    )
    assert chat.tasks[2].history == ()


def test_a_long_thread_is_kept_whole_and_grows_in_a_line(tmp_path: Path) -> None:
    answer = "All work and no play makes Jack a dull boy. " * 20
    with make_octograph(tmp_path, {"chat": ScriptedWorker([answer])}) as octo:
        sizes = []
        for number in range(100):
            octo.ask(f"Question {number}", thread="t")
            if number in (24, 49, 99):
                sizes.append(_size(tmp_path))
        turns = octo.threads.turns("t")
    assert [turn.query for turn in turns] == [f"Question {number}" for number in range(100)]
    assert {turn.text for turn in turns} == {answer.strip()}
    # Growing with the square, the second half would add three times what the first half did.
    at_25, at_50, at_100 = sizes
    assert at_100 - at_50 < 2.5 * (at_50 - at_25)


def _size(folder: Path) -> int:
    """Bytes that the checkpoints hold; the file itself grows by its write-ahead log in leaps."""
    with closing(sqlite3.connect(folder / "threads.sqlite")) as database:
        query = (
            "SELECT (SELECT sum(length(checkpoint) + length(metadata)) FROM checkpoints)"
            " + (SELECT sum(length(value)) FROM writes)"
        )
        (size,) = database.execute(query).fetchone()
        return int(size)


def _thread(events: Sequence[Event]) -> str:
    first = events[0]
    assert isinstance(first, Started)
    return first.thread


PLAN = {"sum, then note": [("sums", "add them"), ("letters", "write it down")]}


def test_the_steps_of_a_plan_are_done_in_order_and_each_sees_the_one_before(tmp_path: Path) -> None:
    workers = {"sums": ScriptedWorker(["2 + 2 = 4"], source="tool"), "letters": ScriptedWorker(["Dear Ann: 4."])}
    router = FixedRouter(tuple(workers), plans=PLAN)
    with make_octograph(tmp_path, workers, router=router) as octo:
        events = list(octo.stream("sum, then note", thread="t"))
        kept = octo.threads.turns("t")[0]
    decided = [(event.decision, event.worker, event.next) for event in events if isinstance(event, Decided)]
    assert decided == [("advance", "sums", "letters"), ("accept", "letters", None)]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn == kept
    assert kept.text == "2 + 2 = 4\n\nDear Ann: 4."
    assert (kept.worker, kept.source) == ("letters", "model")
    assert [(step.worker, step.query, step.text) for step in kept.steps] == [
        ("sums", "add them", "2 + 2 = 4"),
        ("letters", "write it down", "Dear Ann: 4."),
    ]
    task = workers["letters"].tasks[0]
    assert (task.query, task.result) == ("write it down", "2 + 2 = 4")
    assert task.history == (Message(role="user", content="add them"), Message(role="assistant", content="2 + 2 = 4"))


def test_a_step_goes_on_with_the_exact_value_of_the_one_before(tmp_path: Path) -> None:
    clock = FixedClock()
    workers = {name: ToolWorker(make_tool(name, clock=clock)) for name in ("clock", "calculator")}
    asked = [("clock", "how many days until 25 December 2026"), ("calculator", "multiply it by 24")]
    router = FixedRouter(tuple(workers), plans={"hours": asked})
    with make_octograph(tmp_path, workers, router=router, clock=clock) as octo:
        turn = octo.ask("hours")
    assert [step.text for step in turn.steps][1] == "354 * 24 = 8496"


def test_a_step_that_fails_is_passed_on_and_the_plan_goes_on(tmp_path: Path) -> None:
    workers = {"sums": unable(), "math": ScriptedWorker(["4"]), "letters": ScriptedWorker(["Four."])}
    router = FixedRouter(tuple(workers), plans=PLAN)
    with make_octograph(tmp_path, workers, router=router, escalations={"sums": "math"}) as octo:
        turn = octo.ask("sum, then note")
    assert [(step.worker, step.text) for step in turn.steps] == [("math", "4"), ("letters", "Four.")]
    assert [(attempt.worker, attempt.step) for attempt in turn.tried] == [("sums", 1)]


class OnceWorker(ScriptedWorker):
    """Answers its first task and none after that."""

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        if self.tasks:
            self.tasks.append(task)
            raise ToolError("no sum in it")
        async for piece in super().run(task, cancel=cancel):
            yield piece


def test_a_plan_that_cannot_be_finished_keeps_what_was_done(tmp_path: Path) -> None:
    workers = {"sums": OnceWorker(["4"], source="tool"), "letters": unable(9)}
    router = FixedRouter(tuple(workers), plans=PLAN)
    with make_octograph(tmp_path, workers, router=router) as octo:
        turn = octo.ask("sum, then note")
    assert turn.status == "abstained"
    assert [(step.worker, step.text) for step in turn.steps] == [("sums", "4")]
    assert turn.text.startswith("4\n\nI don't know. Tried letters: ")
    # For the second step a worker of the first may be asked again, but nobody twice for one step.
    assert [(attempt.worker, attempt.step) for attempt in turn.tried] == [("letters", 2), ("sums", 2)]


def test_cancelled_in_the_second_step_keeps_the_first(tmp_path: Path) -> None:
    cancel = CancelToken()
    workers = {"sums": ScriptedWorker(["4"], source="tool"), "letters": ScriptedWorker(["Dear ", "Ann"], delay=0.05)}
    router = FixedRouter(tuple(workers), plans=PLAN)
    with make_octograph(tmp_path, workers, router=router) as octo:
        for event in octo.stream("sum, then note", cancel=cancel):
            if isinstance(event, TextWritten) and event.worker == "letters":
                cancel.cancel()
            last = event
    assert isinstance(last, Finished)
    assert (last.turn.status, last.turn.text) == ("cancelled", "4\n\nDear")
    assert last.turn.remainder == "Dear"
