"""The shipped fakes keep the contracts of what they stand for."""

from __future__ import annotations

from pathlib import Path

from octograph.agents import Generated
from octograph.cancellation import CancelToken
from octograph.graph import Worker
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta
from octograph.nodes.worker import ModelWorker
from octograph.testing import FakeGenerator, make_octograph

REQUEST = GenerationRequest(messages=(Message(role="user", content="Count to three"),))


async def _generated(generator: FakeGenerator, cancel: CancelToken) -> tuple[str, Generation]:
    text = ""
    async for piece in generator.generate(REQUEST, cancel=cancel):
        if isinstance(piece, Generation):
            return text, piece
        assert isinstance(piece, TextDelta)
        text += piece.text
        if text == "one":
            cancel.cancel()
    raise AssertionError("no Generation at the end")


async def test_a_fake_generator_counts_what_it_writes() -> None:
    text, generation = await _generated(FakeGenerator(["1", "2", "3"]), CancelToken())
    assert (text, generation.finish) == ("123", "stop")
    assert (generation.prompt_tokens, generation.completion_tokens) == (3, 3)


async def test_a_fake_generator_stops_when_cancelled() -> None:
    text, generation = await _generated(FakeGenerator(["one", "two"], delay=0.01), CancelToken())
    assert (text, generation.finish, generation.completion_tokens) == ("one", "cancelled", 1)


def test_a_model_worker_asks_as_its_node_says(tmp_path: Path) -> None:
    generator = FakeGenerator(["Hello", " there", " you"])
    node = Worker(name="chat", description="Talk", model="fake", system="Be kind.", decoding="sample", max_tokens=2)
    with make_octograph(tmp_path, {"chat": ModelWorker(node, generator)}) as octo:
        events = list(octo.stream("Hi", thread="t"))
        octo.ask("And you?", thread="t")
        assert [turn.text for turn in octo.threads.turns("t")] == ["Hello there", "Hello there"]
    first, second = generator.requests
    assert [(message.role, message.content) for message in second.messages] == [
        ("system", "Be kind."),
        ("user", "Hi"),
        ("assistant", "Hello there"),
        ("user", "And you?"),
    ]
    assert (first.max_tokens, first.sampling.temperature) == (2, node.temperature)
    generated = next(event for event in events if isinstance(event, Generated))
    assert generated.finish == "length"
    assert generated.generation is not None
