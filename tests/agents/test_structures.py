"""Structures on the way of a query: discovered once for a task, kept, used again, and missing in the open."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from octograph.agents import Event, Finished, Structured, document
from octograph.agents.self_discover import Discovery
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, HostRequestError, OctographError
from octograph.nodes.generation import Generation, GenerationRequest, TextDelta
from octograph.testing import FixedRouter, ScriptedWorker, make_octograph

GOOD = (
    json.dumps(["break down", "check assumptions"]),
    json.dumps({"break down": "Take each thing alone.", "check assumptions": "Ask what is only assumed."}),
    json.dumps([{"key": "Things", "what": "List all of them"}, {"key": "Which", "what": "Mark those that count"}]),
)


class Model:
    """A `Generator` that writes one text after the other."""

    def __init__(self, texts: Sequence[str] = GOOD) -> None:
        self.requests: list[GenerationRequest] = []
        self._texts = texts

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        self.requests.append(request)
        yield TextDelta(text=self._texts[(len(self.requests) - 1) % len(self._texts)])
        yield Generation(
            finish="stop",
            prompt_tokens=1,
            cached_tokens=0,
            completion_tokens=1,
            prefill_seconds=0.0,
            decode_seconds=0.0,
        )


class Refusing:
    """A `Generator` that cannot do what it is asked."""

    def __init__(self, error: OctographError) -> None:
        self._error = error

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        raise self._error
        yield  # what makes it a generator


def structured(events: Sequence[Event]) -> Structured:
    (event,) = [event for event in events if isinstance(event, Structured)]
    return event


def test_a_structure_is_discovered_once_for_a_task_and_given_to_the_worker(tmp_path: Path) -> None:
    model, worker = Model(), ScriptedWorker(["Two."])
    with make_octograph(tmp_path, {"counting": worker}, discoveries={"counting": Discovery(model)}) as octo:
        first = structured(list(octo.stream("How many pets?")))
        again = structured(list(octo.stream("How many fruits?")))
    assert (first.task, first.calls, first.problem) == ("counting", 3, None)
    assert first.structure is not None
    assert first.structure.keys == ("Things", "Which", "Final answer")
    assert (again.calls, again.structure) == (0, first.structure)
    assert len(model.requests) == 3
    assert [task.structure for task in worker.tasks] == [first.structure] * 2
    # It outlives the process.
    with make_octograph(tmp_path, {"counting": worker}, discoveries={"counting": Discovery(Model(["no"]))}) as octo:
        assert structured(list(octo.stream("How many?"))).structure == first.structure


def test_what_the_master_took_a_query_for_is_part_of_its_task(tmp_path: Path) -> None:
    workers = {"sums": ScriptedWorker(), "steps": ScriptedWorker(["4"])}
    router = FixedRouter(tuple(workers), {"2+2": {"sums": 0.9, "steps": 0.05, "none": 0.05}})
    with make_octograph(
        tmp_path, workers, router=router, escalations={"sums": "steps"}, discoveries={"steps": Discovery(Model())}
    ) as octo:
        assert structured(list(octo.stream("2+2"))).task == "steps/sums"
        assert structured(list(octo.stream("2+2", worker="steps"))).task == "steps"


def test_a_failure_is_told_and_the_worker_answers_without(tmp_path: Path) -> None:
    worker = ScriptedWorker(["Two."])
    with make_octograph(tmp_path, {"counting": worker}, discoveries={"counting": Discovery(Model(["[]"]))}) as octo:
        events = list(octo.stream("How many pets?"))
    event = structured(events)
    assert event.structure is None
    assert event.problem is not None
    assert "SELECT failed" in event.problem
    assert json.loads(json.dumps(document(event)))["structure"] is None
    assert worker.tasks[0].structure is None
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn.text == "Two."


@pytest.mark.parametrize(
    "error", [ContextOverflowError("the text is too long", tokens=9, limit=8), HostRequestError("it runs no schemas")]
)
def test_a_model_that_cannot_plan_is_told_and_the_worker_answers_without(tmp_path: Path, error: OctographError) -> None:
    worker = ScriptedWorker(["Two."])
    with make_octograph(tmp_path, {"counting": worker}, discoveries={"counting": Discovery(Refusing(error))}) as octo:
        events = list(octo.stream("How many pets?"))
    event = structured(events)
    assert (event.structure, event.problem) == (None, error.message)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.turn.text == "Two."
