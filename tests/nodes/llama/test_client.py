"""The engine through a real host."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from octograph.errors import ContextOverflowError, HostCrashedError
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.master import ReadRequest


@pytest.fixture(scope="module")
def client(weights: Path) -> Iterator[LlamaClient]:
    config = {"path": str(weights), "threads": 2, "context": 4096}
    host = HostProcess(name="real", service=SERVICE, config=lambda: dict(config))
    yield LlamaClient(host)
    host.stop()


def request(text: str, tokens: int = 12) -> GenerationRequest:
    return GenerationRequest(messages=(Message(role="user", content=text),), max_tokens=tokens)


async def collect(client: LlamaClient, text: str, tokens: int = 12) -> tuple[str, Generation]:
    pieces = [piece async for piece in client.generate(request(text, tokens), cancel=CancelToken())]
    *deltas, end = pieces
    assert isinstance(end, Generation)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), end


async def test_text_and_counts_arrive(client: LlamaClient) -> None:
    text, end = await collect(client, "What is the capital of France?")
    assert text
    assert end.finish in ("stop", "length")
    assert end.completion_tokens > 0
    assert end.prompt_tokens == await client.count((Message(role="user", content="What is the capital of France?"),))


async def test_a_route_is_read_while_a_text_is_written(client: LlamaClient) -> None:
    writing = asyncio.create_task(collect(client, "Write a long story about the sea.", 80))
    await asyncio.sleep(0.2)
    states = await client.read(ReadRequest(system="Route.", text="What time is it?", layer=10), cancel=CancelToken())
    assert states is not None
    assert states.vector().shape == (2 * client.host.info["embedding_size"],)
    assert np.isfinite(states.vector()).all()
    assert not writing.done()
    await writing


async def test_cancelling_keeps_the_text(client: LlamaClient) -> None:
    cancel = CancelToken()
    pieces = []
    async for piece in client.generate(request("Write a long story about a fox.", 400), cancel=cancel):
        pieces.append(piece)
        if len(pieces) == 2:
            cancel.cancel()
    end = pieces[-1]
    assert isinstance(end, Generation)
    assert end.finish == "cancelled"
    assert end.completion_tokens < 100


async def test_overflow_keeps_its_numbers_over_the_wire(client: LlamaClient) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        await collect(client, "word " * 4500)
    assert caught.value.limit == 4096
    assert caught.value.tokens > 4500
    assert caught.value.exit_code == 5


async def test_after_a_kill_the_next_request_is_answered(client: LlamaClient) -> None:
    await client.layers()  # it is up: one that is killed while it starts is another error
    running = asyncio.create_task(collect(client, "Write a long story about a bear.", 400))
    await asyncio.sleep(0.3)
    client.host.kill()
    with pytest.raises(HostCrashedError, match="SIGKILL"):
        await running
    assert (await collect(client, "What is the capital of France?"))[0]
