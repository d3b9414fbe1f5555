"""The contract of workers, which models and tools both keep."""

from __future__ import annotations

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
