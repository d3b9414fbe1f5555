"""Answers by filling a structure: what the model is shown, what the user reads, what is no answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.decoding import Chat
from octograph.nodes.generation import (
    Finish,
    Generation,
    GenerationRequest,
    Message,
    Sampling,
    TextDelta,
    TokenMeasures,
    Written,
)
from octograph.nodes.structure import FINAL, LONGEST_VALUE, ReasoningStep, ReasoningStructure
from octograph.nodes.structured import StructuredWorker
from octograph.nodes.worker import Outcome, Task
from octograph.testing import FakeGenerator

NODE = graph.Worker(name="w", description="x", model="m", system="Be brief.", max_tokens=200)
PLAN = ReasoningStructure(
    steps=(ReasoningStep(key="Facts", what="What is given"), ReasoningStep(key="Unknown", what="What is asked for")),
    final="A number",
)
FILLED = json.dumps({"Facts": "2 and\n2", "Unknown": "the sum", "Final answer": " 4. "})


class Ending:
    """A `Generator` whose text of one token ends for this reason."""

    def __init__(self, text: str, finish: Finish) -> None:
        self.text = text
        self.finish = finish

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Written | Generation]:
        yield TextDelta(text=self.text)
        if request.measured:
            one = np.zeros(1, np.float32)
            yield Written(tokens=(7,), measures=TokenMeasures(logprobs=one, margins=one, entropies=one))
        yield Generation(
            finish=self.finish,
            prompt_tokens=1, cached_tokens=0, completion_tokens=1, prefill_seconds=0.0, decode_seconds=0.0,
        )  # fmt: skip


async def answered(
    worker: StructuredWorker, task: Task, cancel: CancelToken | None = None
) -> tuple[list[str], Outcome]:
    *texts, outcome = [piece async for piece in worker.run(task, cancel=cancel or CancelToken())]
    assert isinstance(outcome, Outcome)
    return [piece.text for piece in texts if isinstance(piece, TextDelta)], outcome


async def test_a_filled_object_is_told_in_lines_with_the_answer_behind_them(tmp_path: Path) -> None:
    model = FakeGenerator([FILLED[:20], FILLED[20:]])
    node = replace(NODE, decoding="sample", temperature=0.3)
    worker = StructuredWorker(node, model, adapter=tmp_path / "a.gguf")
    texts, outcome = await answered(worker, Task(query="2 + 2?", structure=PLAN))
    assert texts == ["Facts: 2 and 2\nUnknown: the sum\n\nThe answer is 4."]
    assert (outcome.finish, outcome.source) == ("stop", "model")
    assert outcome.generation is not None
    (request,) = model.requests
    assert request.schema is not None
    assert list(request.schema["properties"]) == list(PLAN.keys)
    assert request.adapter == tmp_path / "a.gguf"
    assert request.sampling == Sampling(temperature=0.3, top_p=node.top_p, min_p=node.min_p)
    system, user = request.messages
    assert system == Message(role="system", content="Be brief.")
    assert user.content.index("JSON object") < user.content.index(PLAN.as_json()) < user.content.index("Task: 2 + 2?")


async def test_numbered_lines_are_told_as_they_stand() -> None:
    model = FakeGenerator(["1. Facts: 2 and 2\n2. Unknown: the sum\n3. Final answer: 4\n\nDone!"])
    worker = StructuredWorker(NODE, model, form="text")
    texts, _ = await answered(worker, Task(query="2 + 2?", structure=PLAN))
    assert texts == ["1. Facts: 2 and 2\n2. Unknown: the sum\n\nThe answer is 4."]
    (request,) = model.requests
    assert request.schema is None
    assert PLAN.as_text() in request.messages[-1].content
    assert PLAN.as_json() not in request.messages[-1].content
    assert request.messages[-1].content.endswith('"Final answer:".')


async def test_an_answer_without_steps_before_it_stands_alone() -> None:
    texts, _ = await answered(
        StructuredWorker(NODE, FakeGenerator(["Final answer: 4"]), form="text"), Task(query="?", structure=PLAN)
    )
    assert texts == ["The answer is 4."]


async def test_without_a_structure_it_answers_as_any_model_does() -> None:
    model = FakeGenerator(["It is ", "4."])
    texts, outcome = await answered(StructuredWorker(replace(NODE, output="json"), model), Task(query="2 + 2?"))
    assert texts == ["It is ", "4."]
    assert outcome.finish == "stop"
    (request,) = model.requests
    assert request.messages[-1] == Message(role="user", content="2 + 2?")
    assert request.schema is not None
    assert "properties" not in request.schema  # the free fields of such a worker


async def test_what_came_before_comes_before_the_structure() -> None:
    model = FakeGenerator([FILLED])
    told = (Message(role="user", content="Hello"), Message(role="assistant", content="Hi"))
    await answered(StructuredWorker(NODE, model), Task(query="2 + 2?", history=told, structure=PLAN))
    assert [message.content for message in model.requests[0].messages[:3]] == ["Be brief.", "Hello", "Hi"]


async def test_the_result_of_the_step_before_is_put_into_the_query_and_not_into_the_plan() -> None:
    model = FakeGenerator([FILLED])
    plan = ReasoningStructure(steps=(ReasoningStep(key="Facts", what="What is in it"),))
    node = replace(NODE, history=False, decoding="program")
    with pytest.raises(ToolError):  # the keys are those of another structure
        await answered(StructuredWorker(node, model), Task(query="add 2 to it", result="It is 2", structure=plan))
    content = model.requests[0].messages[-1].content
    assert content.endswith("Task: add 2 to 2")
    assert plan.as_json() in content


async def test_options_hold_the_final_answer() -> None:
    model = FakeGenerator([FILLED])
    worker = StructuredWorker(NODE, model, choices=lambda query: ["3", "4"] if query == "2 + 2?" else [])
    await answered(worker, Task(query="2 + 2?", structure=PLAN))
    await answered(worker, Task(query="2 + 3?", structure=PLAN))
    first, second = (request.schema for request in model.requests)
    assert first is not None
    assert second is not None
    assert first["properties"][FINAL] == {"enum": ["3", "4"]}
    assert second["properties"][FINAL]["type"] == "string"


@pytest.mark.parametrize(("tokens", "longest"), [(20, 40), (200, 184), (4_000, LONGEST_VALUE)])
async def test_values_are_held_to_what_the_limit_of_tokens_leaves_room_for(tokens: int, longest: int) -> None:
    model = FakeGenerator([FILLED])
    await answered(StructuredWorker(replace(NODE, max_tokens=tokens), model), Task(query="?", structure=PLAN))
    schema = model.requests[0].schema
    assert schema is not None
    assert schema["properties"]["Facts"]["maxLength"] == longest


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_structure_cut_off_by_the_limit_is_no_answer(form: str) -> None:
    model = Ending(FILLED[:30], "length")
    worker = StructuredWorker(NODE, model, form="json" if form == "json" else "text")
    with pytest.raises(ToolError, match="limit of 200 tokens") as caught:
        await answered(worker, Task(query="?", structure=PLAN))
    assert "max_tokens" in caught.value.hint


async def test_the_answer_can_be_evaluated_behind_what_the_model_was_shown() -> None:
    _, outcome = await answered(StructuredWorker(NODE, Ending(FILLED, "stop")), Task(query="2 + 2?", structure=PLAN))
    model = FakeGenerator([FILLED])
    await answered(StructuredWorker(NODE, model), Task(query="2 + 2?", structure=PLAN))
    assert outcome.answered is not None
    assert outcome.answered.prompt == (Chat(model.requests[0].messages),)
    assert (outcome.answered.text, outcome.answered.tokens) == (FILLED, (7,))


async def test_text_that_runs_on_behind_its_answer_has_one() -> None:
    worker = StructuredWorker(NODE, Ending("Final answer: 4\n\nAnd then", "length"), form="text")
    texts, outcome = await answered(worker, Task(query="?", structure=PLAN))
    assert texts == ["The answer is 4."]
    assert outcome.finish == "length"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("I would rather not", "no JSON"),
        ('{"Facts": "x"}', "other keys"),
        (json.dumps({"Facts": "x", "Unknown": "y", "Final answer": " "}), "no final answer"),
        (json.dumps({"Facts": "What is given", "Unknown": "y", "Final answer": "A number."}), "copied"),
    ],
)
async def test_a_structure_that_was_not_filled_is_no_answer(text: str, message: str) -> None:
    with pytest.raises(ToolError, match=message) as caught:
        await answered(StructuredWorker(NODE, FakeGenerator([text])), Task(query="?", structure=PLAN))
    assert caught.value.hint


async def test_a_cancelled_structure_is_no_answer() -> None:
    cancel = CancelToken()
    cancel.cancel()
    texts, outcome = await answered(
        StructuredWorker(NODE, FakeGenerator([FILLED])), Task(query="?", structure=PLAN), cancel
    )
    assert texts == []
    assert outcome.finish == "cancelled"
