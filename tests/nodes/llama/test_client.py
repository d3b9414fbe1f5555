"""The engine through a real host."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, HostCrashedError, ModelFileError
from octograph.nodes.decoding import Branch, BranchDelta, Chat, DecodeRequest, ScoreRequest, SoftPrompt, Text, Tokens
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


async def test_branches_arrive_in_pieces_and_as_a_whole(client: LlamaClient) -> None:
    asked = DecodeRequest(
        prompt=(Chat((Message(role="user", content="Name a fruit."),)),),
        branches=4,
        start="top",
        max_tokens=10,
        measured=True,
    )
    texts: defaultdict[int, str] = defaultdict(str)
    branches: dict[int, Branch] = {}
    pieces = [piece async for piece in client.decode(asked, cancel=CancelToken())]
    for piece in pieces[:-1]:
        if isinstance(piece, BranchDelta):
            texts[piece.branch] += piece.text
        elif isinstance(piece, Branch):
            branches[piece.branch] = piece
    end = pieces[-1]
    assert isinstance(end, Generation)
    assert sorted(branches) == [0, 1, 2, 3]
    assert end.completion_tokens == sum(len(branch.tokens) for branch in branches.values())
    assert len({branch.tokens[0] for branch in branches.values()}) == 4
    for index, branch in branches.items():
        assert branch.text == texts[index]
        assert branch.measures is not None
        assert len(branch.measures.logprobs) == len(branch.measures.margins) == len(branch.tokens)
        assert (branch.measures.logprobs <= 0).all()
        assert (branch.measures.entropies >= 0).all()
    # The first tokens are in the order of their likelihood.
    first = [branches[index].measures.logprobs[0] for index in range(4)]  # type: ignore[union-attr]  # asserted above
    assert first == sorted(first, reverse=True)


async def test_scores_arrive_in_order(client: LlamaClient) -> None:
    yes, no = await client.tokenize(" Paris"), await client.tokenize(" banana")
    asked = ScoreRequest(
        prompt=(Text("The capital of France is"),),
        continuations=(Text(" Paris, a city."), Tokens(no), Text(" Paris")),
        among=(yes[0], no[0]),
    )
    scores = await client.score(asked, cancel=CancelToken())
    assert scores is not None
    assert scores.continuations[1].tokens == no
    assert len(scores.continuations[0].tokens) > len(scores.continuations[2].tokens) == 1
    assert scores.probabilities.shape == (2,)
    assert scores.probabilities[0] > 0.9
    assert 0 < scores.mass < 1
    plain = await client.score(ScoreRequest(prompt=(Text("x"),)), cancel=CancelToken())
    assert plain is not None
    assert (plain.continuations, plain.probabilities.size, plain.mass) == ((), 0, 0.0)


async def test_a_cancelled_score_is_none(client: LlamaClient) -> None:
    cancel = CancelToken()
    cancel.cancel()
    assert await client.score(ScoreRequest(prompt=(Text("word " * 500),)), cancel=cancel) is None


async def test_errors_of_parts_keep_their_kind_over_the_wire(client: LlamaClient, tmp_path: Path) -> None:
    missing = tmp_path / "none.safetensors"
    with pytest.raises(ModelFileError, match=r"none\.safetensors"):
        await client.score(ScoreRequest(prompt=(SoftPrompt(missing),)), cancel=CancelToken())
    with pytest.raises(ModelFileError, match="there is no adapter"):
        await client.score(ScoreRequest(prompt=(Text("x"),), adapter=missing), cancel=CancelToken())


async def test_stats_arrive(client: LlamaClient) -> None:
    await collect(client, "What is the capital of France?")
    stats = await client.stats()
    assert stats["requests"] > 0
    assert stats["promised_cells"] == 0


async def test_after_a_kill_the_next_request_is_answered(client: LlamaClient) -> None:
    await client.layers()  # it is up: one that is killed while it starts is another error
    running = asyncio.create_task(collect(client, "Write a long story about a bear.", 400))
    await asyncio.sleep(0.3)
    client.host.kill()
    with pytest.raises(HostCrashedError, match="SIGKILL"):
        await running
    assert (await collect(client, "What is the capital of France?"))[0]
