"""The scores of one answer of the bundled model, and what they cost it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from octograph.agents.selection import (
    Aspire,
    Delta,
    Perplexity,
    PredictiveEntropy,
    PTrue,
    Samples,
    SelectionScore,
    SemanticEntropy,
)
from octograph.cancellation import CancelToken
from octograph.graph import open_graph
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Branch, DecodeRequest
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.testing import FakeEmbedder
from tests.agents.selection.fakes import Recording, chat

ROWS = 6
"""Of the soft prompt; those that are trained have 50."""


@pytest.fixture(scope="module")
def client(cache_dir: Path) -> Iterator[LlamaClient]:
    graph = open_graph("embedded")
    store = ModelStore(cache_dir, hub=Hub(), requantise=True)
    config = store.host_config(graph.models["smollm2"], base=graph.folder, threads=1) | {"context": 1024}
    host = HostProcess(name="real", service=SERVICE, config=lambda: dict(config))
    yield LlamaClient(host)
    host.stop()


async def answered_by(client: LlamaClient, question: str) -> Answered:
    request = DecodeRequest(prompt=chat(question), max_tokens=12, measured=True)
    async for piece in client.decode(request, cancel=CancelToken()):
        if isinstance(piece, Branch) and piece.measures is not None:
            return Answered(prompt=request.prompt, text=piece.text, tokens=piece.tokens, measures=piece.measures)
    raise AssertionError("no branch came")


async def soft_prompt(client: LlamaClient, folder: Path) -> Path:
    """A soft prompt that nobody trained."""
    await client.prepare()
    rows = np.random.default_rng(0).normal(0, 0.1, (ROWS, client.host.info["embedding_size"])).astype(np.float32)
    path = folder / "theta_s.safetensors"
    save_file({"soft_prompt": rows}, path)
    return path


async def test_each_score_is_finite(client: LlamaClient) -> None:
    answered = await answered_by(client, "What is the capital of France?")
    assert len(answered.tokens) > 1
    samples = Samples(client, count=4, max_tokens=8)
    scores: list[SelectionScore] = [
        Perplexity(),
        Delta(),
        PTrue(client, client.tokenize),
        PredictiveEntropy(samples),
        SemanticEntropy(samples, FakeEmbedder()),
        Aspire(client, client.tokenize, theta_s=None),
    ]
    found = {score.name: await score.score(answered, cancel=CancelToken()) for score in scores}
    assert all(value is not None and math.isfinite(value) for value in found.values())
    assert 0 < (found["p_true"] or 0) < 1
    assert found["aspire"] == found["perplexity"]
    drawn = await samples.of(answered, cancel=CancelToken())
    assert drawn is not None
    assert len({one.text for one in drawn}) > 1


async def test_self_evaluation_adds_the_soft_prompt_and_no_second_prefill(client: LlamaClient, tmp_path: Path) -> None:
    theta_s = await soft_prompt(client, tmp_path)
    answered = await answered_by(client, "Which large river flows through the middle of Vienna, and where does it end?")
    recording = Recording(client)
    aspire = Aspire(recording, client.tokenize, theta_s=theta_s)
    first = await aspire.score(answered, cancel=CancelToken())
    again = await aspire.score(answered, cancel=CancelToken())
    assert first is not None
    assert math.isfinite(first)
    assert again == pytest.approx(first, abs=0.1)
    new = [scores.prompt_tokens - scores.cached_tokens for scores in recording.found if scores is not None]
    # The answer's last token was written and never read.
    assert new == [1 + ROWS, 1]
