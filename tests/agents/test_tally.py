"""What the workers of a graph did."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from octograph.agents import Decided, Evaluated, Event, Finished, Generated, Routed, TextWritten
from octograph.agents.tally import Tally, WorkerTally
from octograph.errors import ToolError
from octograph.nodes.generation import Generation
from octograph.nodes.master import PlannedStep, Route
from octograph.testing import FixedEvaluator, FixedRouter, ScriptedWorker, make_octograph


def tally(*events: Event) -> Tally:
    counted = Tally()
    for event in events:
        counted = counted.after(event)
    return counted


def route(*workers: str) -> Route:
    plan = tuple(PlannedStep(worker=one, token="<fn_0>", probability=1, distribution={}, query="q") for one in workers)
    first = workers[0] if workers else "none"
    return Route(
        worker=first,
        token="<fn_0>",
        probability=1,
        distribution={},
        reformulated="q",
        latency_ms=1,
        plan=plan if len(plan) > 1 else (),
    )


def generated(worker: str, *, tokens: int = 0, seconds: float = 1.0, problem: str | None = None) -> Generated:
    generation = Generation(
        finish="stop",
        prompt_tokens=9,
        cached_tokens=0,
        completion_tokens=tokens,
        prefill_seconds=0.1,
        decode_seconds=0.9,
    )
    return Generated(
        worker=worker,
        finish="stop",
        source="model" if tokens else "tool",
        seconds=seconds,
        generation=generation if tokens else None,
        problem=problem,
    )


def evaluated(worker: str, *, problem: str | None = None) -> Evaluated:
    return Evaluated(worker=worker, score=-1.0, score_kind="likelihood", tau=-0.5, seconds=0.25, problem=problem)


def test_an_answer_that_is_taken() -> None:
    counted = tally(
        Routed(route=route("chat"), seconds=0.1),
        generated("chat", tokens=12),
        evaluated("chat"),
        Decided(decision="accept", worker="chat", reason="answered"),
    )
    assert counted.workers == (WorkerTally(worker="chat", chosen=1, calls=1, taken=1, tokens=12, seconds=1.25),)


def test_answers_that_are_withheld_and_failures_are_told_apart() -> None:
    counted = tally(
        Routed(route=route("sums"), seconds=0.1),
        generated("sums", problem="no sum in it", seconds=0.5),
        Decided(decision="escalate", worker="sums", reason="no sum in it", next="math"),
        generated("math", tokens=5),
        evaluated("math", problem="not sure enough"),
        Decided(decision="abstain", worker="math", reason="not sure enough"),
    )
    assert counted.of("sums") == WorkerTally(worker="sums", chosen=1, calls=1, failed=1, seconds=0.5)
    assert counted.of("math") == WorkerTally(worker="math", calls=1, withheld=1, tokens=5, seconds=1.25)
    assert [one.worker for one in counted.workers] == ["sums", "math"]


def test_each_step_of_a_plan_was_chosen_and_is_taken() -> None:
    counted = tally(
        Routed(route=route("calculator", "writing"), seconds=0.1),
        generated("calculator"),
        Decided(decision="advance", worker="calculator", reason="step 1 of 2 is done", next="writing"),
        generated("writing", tokens=30),
        Decided(decision="accept", worker="writing", reason="answered"),
    )
    assert {one.worker: (one.chosen, one.calls, one.taken) for one in counted.workers} == {
        "calculator": (1, 1, 1),
        "writing": (1, 1, 1),
    }


@pytest.mark.parametrize(
    "event",
    [
        Routed(route=route(), seconds=0.1),
        Decided(decision="abstain", worker=None, reason="no worker fits the query"),
        Decided(decision="cancel", worker="chat", reason="cancelled"),
        TextWritten(worker="chat", text="x"),
    ],
)
def test_what_tells_nothing_of_workers_changes_nothing(event: Event) -> None:
    before = tally(generated("chat"))
    assert before.after(event) is before


def test_a_snapshot_stays_as_it_is_and_is_plain_data() -> None:
    before = tally(generated("chat", tokens=3))
    before.after(generated("chat", tokens=4))
    assert before.of("chat").tokens == 3
    assert asdict(before)["workers"][0]["tokens"] == 3
    assert before.of("nobody") == WorkerTally(worker="nobody")


def test_the_events_of_real_turns(tmp_path: Path) -> None:
    workers = {
        "sums": ScriptedWorker(errors=[ToolError("no sum in it")], source="tool"),
        "math": ScriptedWorker(["4"]),
        "chat": ScriptedWorker(["hm"]),
    }
    router = FixedRouter(tuple(workers), {"2+2": {"sums": 0.6, "chat": 0.35, "none": 0.05}}, otherwise="chat")
    counted = Tally()
    with make_octograph(
        tmp_path,
        workers,
        router=router,
        escalations={"sums": "math"},
        thresholds={"chat": 0.0},
        evaluators={"chat": FixedEvaluator(otherwise=-1.0)},
    ) as octo:
        for query in ("2+2", "Hi"):
            for event in octo.stream(query):
                counted = counted.after(event)
                last = event
    assert isinstance(last, Finished)
    taken = {one.worker: (one.chosen, one.calls, one.taken, one.withheld, one.failed) for one in counted.workers}
    assert taken["sums"] == (1, 1, 0, 0, 1)
    assert taken["chat"] == (1, 1, 0, 1, 0)
    assert taken["math"][2] >= 1
