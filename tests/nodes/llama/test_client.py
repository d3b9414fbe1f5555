"""The engine through a real host."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from octograph.agents.cot import PathsWorker
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, HostCrashedError, ModelFileError
from octograph.graph import Worker
from octograph.nodes.beams import BeamRequest
from octograph.nodes.decoding import Branch, BranchDelta, Chat, DecodeRequest, ScoreRequest, SoftPrompt, Text, Tokens
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.master import ReadRequest
from octograph.nodes.worker import Outcome, Task
from tests.nodes.llama.test_adapter import write_adapter


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


# --- cancelled before the model is there ---------------------------------------------------------------------


@pytest.fixture
def absent() -> LlamaClient:
    """A model that is not there, and does not come for who has cancelled."""
    return LlamaClient(HostProcess(name="absent", service=SERVICE, config=lambda: pytest.fail("it is started")))


@pytest.fixture
def cancelled() -> CancelToken:
    token = CancelToken()
    token.cancel()
    return token


@pytest.mark.parametrize("measured", [True, False])
async def test_what_is_cancelled_before_the_model_is_there_ends_as_it_always_does(
    absent: LlamaClient, cancelled: CancelToken, measured: bool
) -> None:
    order = DecodeRequest(prompt=(Text("Once"),), branches=3, max_tokens=9, measured=measured)
    *branches, end = [piece async for piece in absent.decode(order, cancel=cancelled)]
    assert isinstance(end, Generation)
    assert (end.finish, end.completion_tokens) == ("cancelled", 0)
    for index, branch in enumerate(branches):
        assert isinstance(branch, Branch)
        assert (branch.branch, branch.text, branch.tokens, branch.finish) == (index, "", (), "cancelled")
        assert (branch.measures is not None) == measured
    assert len(branches) == 3
    (last,) = [piece async for piece in absent.generate(request("Hello"), cancel=cancelled)]
    assert last == end


async def test_what_is_not_read_scored_or_searched_is_nothing(absent: LlamaClient, cancelled: CancelToken) -> None:
    prompt = (Text("Once"),)
    read = ReadRequest(system="Route.", text="What time is it?", layer=10)
    assert await absent.read(read, cancel=cancelled) is None
    assert await absent.score(ScoreRequest(prompt=prompt, continuations=(Text(" upon"),)), cancel=cancelled) is None
    assert await absent.beams(BeamRequest(prompts=(prompt,), max_tokens=9), cancel=cancelled) is None


async def test_a_worker_whose_texts_part_late_ends_as_well(absent: LlamaClient, cancelled: CancelToken) -> None:
    node = Worker(name="w", description="w", model="m", decoding="cot", branches=4, branch_at=3)
    (outcome,) = [piece async for piece in PathsWorker(node, absent).run(Task(query="2 + 3?"), cancel=cancelled)]
    assert isinstance(outcome, Outcome)
    assert outcome.finish == "cancelled"


async def test_the_context_of_workers_with_an_adapter_is_what_they_get(weights: Path, tmp_path: Path) -> None:
    config = {"path": str(weights), "threads": 2, "context": 8192}
    client = LlamaClient(HostProcess(name="large", service=SERVICE, config=lambda: dict(config)))
    adapter = write_adapter(tmp_path / "a.gguf", scale=0.0)
    try:
        for path in (None, adapter):
            room = await client.context(adapted=path is not None)
            order = DecodeRequest(prompt=(Tokens((1,) * room),), max_tokens=1, adapter=path)
            with pytest.raises(ContextOverflowError) as caught:
                async for _ in client.decode(order, cancel=CancelToken()):
                    pass
            assert (caught.value.limit, room) == (room, 8192 if path is None else 4096)
    finally:
        client.host.stop()
