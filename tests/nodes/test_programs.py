"""Answers by programs: one, or the one that most agree with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.errors import GraphError, ToolError
from octograph.nodes.decoding import Branch, BranchDelta, Chat, DecodeRequest, TokenMeasures
from octograph.nodes.generation import Generation, Message, TextDelta
from octograph.nodes.programs import ProgramWorker, elected
from octograph.nodes.worker import Outcome, Task

NODE = graph.Worker(name="w", description="x", model="m", system="Sums.", history=False, decoding="program")


def branch(text: str, *, index: int = 0, logprob: float = -1.0) -> Branch:
    values = np.array([logprob], np.float32)
    measures = TokenMeasures(logprobs=values, margins=values, entropies=values)
    return Branch(branch=index, text=text, tokens=(1,), finish="stop", measures=measures)


class Programs:
    """A `BranchDecoder` that writes these programs."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.requests: list[DecodeRequest] = []

    async def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        self.requests.append(request)
        for index, text in enumerate(self.texts):
            yield BranchDelta(branch=index, text=text)
            yield branch(text, index=index)
        yield Generation(
            finish="cancelled" if cancel.cancelled else "stop",
            prompt_tokens=1, cached_tokens=0, completion_tokens=1, prefill_seconds=0.0, decode_seconds=0.0,
        )  # fmt: skip


async def answered(worker: ProgramWorker, task: Task, cancel: CancelToken | None = None) -> tuple[str, Outcome]:
    pieces = [piece async for piece in worker.run(task, cancel=cancel or CancelToken())]
    assert isinstance(pieces[-1], Outcome)
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)), pieces[-1]


async def test_one_program_is_written_greedily_and_its_last_result_stated(tmp_path: Path) -> None:
    model = Programs("48/2=24\n48+24=72")
    worker = ProgramWorker(NODE, model, adapter=tmp_path / "math.gguf")
    text, outcome = await answered(worker, Task(query="add 24 to it", result="the sum is 48"))
    assert text == "48/2=24\n48+24=72\n\nThe answer is 72."
    assert outcome.finish == "stop"
    (request,) = model.requests
    assert request.program
    assert (request.branches, request.sampling.temperature) == (1, 0.0)
    assert request.adapter == tmp_path / "math.gguf"
    asked = (Message(role="system", content="Sums."), Message(role="user", content="add 24 to 48"))
    assert request.prompt == (Chat(asked),)


async def test_of_several_the_commonest_result_wins() -> None:
    model = Programs("1+1=2", "2*2=4", "what?", "1+3=4")
    text, _ = await answered(ProgramWorker(replace(NODE, branches=4, temperature=0.5), model), Task(query="?"))
    assert text == "2*2=4\n\nThe answer is 4."
    (request,) = model.requests
    assert (request.branches, request.sampling.temperature, request.measured) == (4, 0.5, True)


def test_of_equally_common_results_the_likeliest_wins() -> None:
    programs = [branch("1+1=2", logprob=-3.0), branch("2+2=4", logprob=-1.0), branch("3", logprob=0.0)]
    assert elected(programs).text == "2+2=4"


async def test_without_a_result_there_is_no_answer() -> None:
    run = ProgramWorker(NODE, Programs("I cannot say")).run(Task(query="why?"), cancel=CancelToken())
    assert isinstance(await anext(run), TextDelta)
    outcome = await anext(run)
    assert isinstance(outcome, Outcome)  # what it cost is told all the same
    assert (outcome.generation and outcome.generation.completion_tokens) == 1
    with pytest.raises(ToolError, match="no calculation"):
        await anext(run)


async def test_a_cancelled_program_is_no_answer() -> None:
    cancel = CancelToken()
    cancel.cancel()
    _, outcome = await answered(ProgramWorker(NODE, Programs("48/2=")), Task(query="?"), cancel)
    assert outcome.finish == "cancelled"


@pytest.mark.parametrize("changes", [{"branches": 0}, {"branches": 99}, {"branches": 3, "decoding": "greedy"}])
def test_branches_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match="branches"):
        replace(NODE, **changes)
