"""The contract of workers, which models and tools both keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.generation import Generation, Message, TextDelta
from octograph.nodes.tools import make_tool
from octograph.nodes.worker import ModelWorker, Outcome, Task, ToolWorker, Worker
from octograph.testing import FakeGenerator, FixedClock

NODE = graph.Worker(
    name="w",
    description="x",
    model="m",
    system="Be brief.",
    decoding="sample",
    temperature=0.3,
    repetition_penalty=1.2,
    max_tokens=5,
    examples=("x",),
)


def model_worker() -> Worker:
    return ModelWorker(NODE, FakeGenerator(["one ", "two"]))


def tool_worker() -> Worker:
    return ToolWorker(make_tool("calculator", clock=FixedClock()))


@pytest.mark.parametrize(("make", "source"), [(model_worker, "model"), (tool_worker, "tool")])
async def test_text_comes_first_and_one_outcome_last(make: object, source: str) -> None:
    worker = make()  # type: ignore[operator]  # one of the two makers above
    pieces = [piece async for piece in worker.run(Task(query="2 + 2"), cancel=CancelToken())]
    assert pieces
    assert all(isinstance(piece, TextDelta) for piece in pieces[:-1])
    end = pieces[-1]
    assert isinstance(end, Outcome)
    assert (end.finish, end.source) == ("stop", source)
    assert (end.generation is None) == (source == "tool")


async def test_a_model_gets_its_prompt_the_history_and_its_settings() -> None:
    generator = FakeGenerator(["fine"])
    history = (Message(role="user", content="hi"), Message(role="assistant", content="hello"))
    pieces = [
        p async for p in ModelWorker(NODE, generator).run(Task(query="how?", history=history), cancel=CancelToken())
    ]
    request = generator.requests[0]
    assert [message.content for message in request.messages] == ["Be brief.", "hi", "hello", "how?"]
    assert (request.max_tokens, request.sampling.temperature, request.sampling.repetition_penalty) == (5, 0.3, 1.2)
    assert isinstance(pieces[-1], Outcome)
    assert isinstance(pieces[-1].generation, Generation)


async def test_a_tool_that_cannot_answer_says_so() -> None:
    with pytest.raises(ToolError):
        _ = [piece async for piece in tool_worker().run(Task(query="why?"), cancel=CancelToken())]


ALONE = replace(NODE, history=False, decoding="greedy")
BEFORE = (Message(role="user", content="hi"), Message(role="assistant", content="hello"))


async def test_a_worker_without_history_sees_the_query_and_the_step_before() -> None:
    generator = FakeGenerator(["fine"])
    worker = ModelWorker(ALONE, generator)
    for task in (Task(query="how?", history=BEFORE), Task(query="make it polite", history=BEFORE, result="Go away.")):
        assert [piece async for piece in worker.run(task, cancel=CancelToken())]
    asked = [[message.content for message in request.messages] for request in generator.requests]
    assert asked == [["Be brief.", "how?"], ["Be brief.", "make it polite\n\nGo away."]]


async def test_json_is_held_to_one_flat_object() -> None:
    generator = FakeGenerator(['{"a": "b"}'])
    async for _ in ModelWorker(replace(ALONE, output="json"), generator).run(Task(query="x"), cancel=CancelToken()):
        pass
    schema = generator.requests[0].schema
    assert schema is not None
    assert schema["type"] == "object"
