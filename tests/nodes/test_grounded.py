"""Passages in prompts: how they are laid out, how many fit, and what the ways of using them give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.graph.nodes import Grounding
from octograph.nodes.beams import BeamRequest, Beams, Hypothesis
from octograph.nodes.decoding import Chat
from octograph.nodes.generation import Message, TextDelta
from octograph.nodes.grounded import GroundedWorker, question_over
from octograph.nodes.worker import Evidence, ModelWorker, Outcome, Task
from octograph.retrieval.documents.cleaning import clean
from octograph.testing import FakeGenerator

INJECTIONS = json.loads((Path(__file__).parents[1] / "retrieval" / "injections.json").read_text(encoding="utf-8"))
NODE = graph.Worker(name="reader", description="Reads", model="m", system="Answer.", max_tokens=20)
PASSAGES = tuple(Evidence(text=f"Fact {number}.", title=f"Book {number}", weight=1.0) for number in range(4))


class FakeModel(FakeGenerator):
    """Writes, counts words for tokens, and finds one hypothesis."""

    def __init__(self, *, context: int | None = 1000) -> None:
        super().__init__(["Fine."])
        self.beam_requests: list[BeamRequest] = []
        self._context = context

    async def count(self, messages: tuple[Message, ...]) -> int:
        return sum(len(message.content.split()) for message in messages)

    async def context(self, *, adapted: bool) -> int:
        if self._context is None:
            await asyncio.Event().wait()  # the model never comes
            return 0
        return self._context // 2 if adapted else self._context

    async def beams(self, request: BeamRequest, *, cancel: CancelToken) -> Beams | None:
        self.beam_requests.append(request)
        if cancel.cancelled:
            return None
        logprobs = np.log(np.array([0.2, 0.6], dtype=np.float32))
        found = Hypothesis(text="Three.", tokens=(1, 2), end=0, finish="stop", logprobs=logprobs, marginal=-1.0)
        return Beams(hypotheses=(found,), prompt_tokens=50, cached_tokens=10, seconds=0.5)


def grounded(node: graph.Worker, model: FakeModel) -> GroundedWorker:
    return GroundedWorker(node, model, plain=ModelWorker(node, model))


async def run(worker: GroundedWorker, task: Task, cancel: CancelToken | None = None) -> tuple[str, Outcome]:
    pieces = [piece async for piece in _run(worker, task, cancel or CancelToken())]
    assert isinstance(pieces[-1], Outcome)
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)), pieces[-1]


def _run(worker: GroundedWorker, task: Task, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
    return worker.run(task, cancel=cancel)


async def test_all_passages_stand_before_the_question() -> None:
    model = FakeModel()
    text, outcome = await run(grounded(NODE, model), Task(query="Which fact?", evidence=PASSAGES))
    assert (text, outcome.source) == ("Fine.", "model")
    system, question = model.requests[0].messages
    assert system.content == "Answer."
    assert question.content == question_over(PASSAGES, "Which fact?")
    assert question.content.endswith("Question: Which fact?")


async def test_as_many_passages_as_fit_and_one_at_least() -> None:
    for context, fitting in ((1000, 4), (45, 3), (30, 1), (1, 1)):
        model = FakeModel(context=context)
        await run(grounded(NODE, model), Task(query="Which fact?", evidence=PASSAGES))
        assert model.requests[0].messages[-1].content == question_over(PASSAGES[:fitting], "Which fact?"), context


async def test_a_worker_with_an_adapter_gets_as_many_as_fit_in_its_own_context() -> None:
    model = FakeModel(context=90)
    worker = GroundedWorker(NODE, model, plain=ModelWorker(NODE, model), adapter=Path("a.gguf"))
    await run(worker, Task(query="Which fact?", evidence=PASSAGES))
    assert model.requests[0].messages[-1].content == question_over(PASSAGES[:3], "Which fact?")


async def test_who_cancels_does_not_wait_for_the_model_that_counts() -> None:
    model, cancel = FakeModel(context=None), CancelToken()
    asking = asyncio.create_task(run(grounded(NODE, model), Task(query="Which fact?", evidence=PASSAGES), cancel))
    await asyncio.sleep(0)
    cancel.cancel()
    text, outcome = await asking
    assert (text, outcome.finish, model.requests) == ("", "cancelled", [])


@pytest.mark.parametrize(("grounding", "mode"), [("rag-sequence", "separate"), ("rag-token", "mixed")])
async def test_marginalised_answers_say_which_passage_they_are_from(grounding: Grounding, mode: str) -> None:
    model = FakeModel()
    evidence = (replace(PASSAGES[0], weight=3.0), PASSAGES[1])
    worker = grounded(replace(NODE, grounding=grounding), model)
    text, outcome = await run(
        worker, Task(query="Which?", evidence=evidence, history=(Message(role="user", content="Hi"),))
    )
    assert text == "Three."
    (request,) = model.beam_requests
    assert (request.mode, request.weights, request.scored, len(request.prompts)) == (
        mode,
        (3.0, 1.0),
        mode == "separate",
        2,
    )
    (prompt,) = request.prompts[1]
    assert isinstance(prompt, Chat)
    assert [message.content for message in prompt.messages] == ["Answer.", "Hi", question_over([evidence[1]], "Which?")]
    # p(z|x,y) of weights 3 : 1 and likelihoods 0.2 : 0.6
    assert outcome.posterior == pytest.approx((0.5, 0.5), abs=1e-6)
    assert outcome.generation is not None
    assert outcome.generation.completion_tokens == 2


async def test_a_cancelled_search_is_a_cancelled_answer() -> None:
    cancel = CancelToken()
    cancel.cancel()
    worker = grounded(replace(NODE, grounding="rag-token"), FakeModel())
    text, outcome = await run(worker, Task(query="Which?", evidence=PASSAGES), cancel)
    assert (text, outcome.finish) == ("", "cancelled")


@pytest.mark.parametrize("attempt", INJECTIONS, ids=[attempt["name"] for attempt in INJECTIONS])
def test_nothing_in_a_passage_leaves_its_quotation(attempt: dict[str, str]) -> None:
    text = clean(attempt["text"])
    shown = question_over([Evidence(text=text, title=text[:80], weight=1.0), PASSAGES[0]], "What is due?")
    own = [line for line in shown.split("\n") if not line.startswith("> ")]
    assert len(own) == 5
    assert own[0].startswith("[1] ")
    assert own[1:] == ["", "[2] Book 0", "", "Question: What is due?"]
    assert len(shown.splitlines()) == len(shown.split("\n"))
    assert not any(ord(character) < 0x20 and character not in "\n\t" for character in shown)
