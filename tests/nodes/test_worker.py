"""The contract of workers, which models and tools both keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

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


async def asked_in_turn(*queries: tuple[str, str]) -> list[str]:
    """What tools answer to (tool, query), each with the answer of the one before."""
    texts: list[str] = []
    value = None
    for name, query in queries:
        task = Task(query=query, result=texts[-1] if texts else None, value=value)
        worker = ToolWorker(make_tool(name, clock=FixedClock(datetime(2025, 3, 29, 12, tzinfo=UTC))))
        *pieces, end = [piece async for piece in worker.run(task, cancel=CancelToken())]
        assert isinstance(end, Outcome)
        value = end.value
        texts.append("".join(piece.text for piece in pieces if isinstance(piece, TextDelta)))
    return texts


@pytest.mark.parametrize(
    ("first", "then", "answer"),
    [
        (("clock", "how many days until Christmas"), ("calculator", "multiply it by 24"), "271 * 24 = 6504"),
        (("calculator", "3/7 + 2/5"), ("calculator", "multiply it by 35"), "(29 / 35) * 35 = 29"),
        (("calculator", "3/7 + 2/5"), ("calculator", "double it"), "2 * (29 / 35) = 58/35 ≈ 1.65714286"),
        (("units", "1 gigabit in MB"), ("units", "convert it to kB"), "125 megabytes = 125000 kilobytes"),
        (
            ("units", "180 cm in feet and inches"),
            ("units", "convert it to cm"),
            "5 feet 10.8661 inches = 179.999894 cent",
        ),
        (
            ("clock", "what date is in 3 days"),
            ("clock", "what day of the week is it"),
            "1 April 2025 will be a Tuesday.",
        ),
    ],
)
async def test_a_tool_goes_on_with_the_exact_value(first: tuple[str, str], then: tuple[str, str], answer: str) -> None:
    texts = await asked_in_turn(first, then)
    assert texts[-1].startswith(answer)


async def test_a_tool_refuses_to_go_on_with_one_of_several_solutions() -> None:
    with pytest.raises(ToolError):
        await asked_in_turn(("calculator", "x^2 = 16"), ("calculator", "double it"))


ALONE = replace(NODE, history=False, decoding="greedy")
BEFORE = (Message(role="user", content="hi"), Message(role="assistant", content="hello"))


async def test_a_worker_without_history_sees_the_query_and_the_step_before() -> None:
    generator = FakeGenerator(["fine"])
    worker = ModelWorker(ALONE, generator)
    for task in (Task(query="how?", history=BEFORE), Task(query="make it polite", history=BEFORE, result="Go away.")):
        assert [piece async for piece in worker.run(task, cancel=CancelToken())]
    asked = [[message.content for message in request.messages] for request in generator.requests]
    assert asked == [["Be brief.", "how?"], ["Be brief.", "make it polite\n\nGo away."]]


async def test_a_worker_that_writes_programs_finds_the_value_in_the_query() -> None:
    generator = FakeGenerator(["fine"])
    task = Task(query="multiply it by 24", result="There are 271 days until 25 December 2025.", value="271")
    worker = ModelWorker(replace(ALONE, decoding="program"), generator)
    assert [piece async for piece in worker.run(task, cancel=CancelToken())]
    assert generator.requests[0].messages[-1].content == "multiply 271 by 24"


async def test_json_is_held_to_one_flat_object() -> None:
    generator = FakeGenerator(['{"a": "b"}'])
    async for _ in ModelWorker(replace(ALONE, output="json"), generator).run(Task(query="x"), cancel=CancelToken()):
        pass
    schema = generator.requests[0].schema
    assert schema is not None
    assert schema["type"] == "object"
