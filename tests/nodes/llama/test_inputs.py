"""Prompts in parts: one cache, whatever a position holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from octograph.errors import HostRequestError, ModelFileError
from octograph.nodes.generation import Sampling
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.inputs import TENSOR, Inputs
from octograph.nodes.llama.model import Model

BEFORE, MIDDLE, AFTER = "The capital of France is", " Paris. The capital of", " Italy is"


@pytest.fixture(scope="session")
def embeddings(weights: Path) -> NDArray[np.float32]:
    """The model's token embeddings ``[V, d]``, dequantised."""
    (tensor,) = (tensor for tensor in gguf.GGUFReader(weights).tensors if tensor.name == "token_embd.weight")
    rows: NDArray[np.float32] = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    return rows


@pytest.fixture
def soft(tmp_path: Path, model: Model, embeddings: NDArray[np.float32]) -> Callable[[str], Frame]:
    """A soft prompt whose rows are the embeddings of a text's tokens."""

    def make(text: str) -> Frame:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.safetensors"
        save_file({TENSOR: np.ascontiguousarray(embeddings[model.tokenize(text)])}, path)
        return {"soft_prompt": str(path)}

    return make


@pytest.fixture
def decode(engine: Engine, drive: Callable[..., list[list[Frame]]]) -> Callable[..., tuple[list[int], Frame]]:
    def run(*parts: Frame, **options: Any) -> tuple[list[int], Frame]:
        order = Decoding(max_tokens=8, sampling=Sampling(), measured=True, **options)
        (frames,) = drive(engine, engine.decode(order, prompt=parts, adapter=None, ticket=Ticket()))
        return [token for frame in frames for piece in frame["pieces"] for token in piece["tokens"]], frames[-1]

    return run


def test_a_tokens_own_embedding_is_the_token(model: Model, embeddings: NDArray[np.float32]) -> None:
    tokens = model.tokenize(BEFORE + MIDDLE + AFTER)
    logits = []
    for inputs in (tokens, np.ascontiguousarray(embeddings[tokens])):
        context = Context(model, cells=256, sequences=1, threads=1)
        (places,) = context.decode([Rows(sequence=0, position=0, inputs=inputs, first_output=0)])
        logits.append(np.stack([context.logits(place).copy() for place in places]))
        context.close()
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-4)


def test_parts_may_stand_in_any_order(decode: Any, soft: Callable[[str], Frame]) -> None:
    expected, end = decode({"text": BEFORE + MIDDLE + AFTER})
    for parts in (
        [soft(BEFORE), {"text": MIDDLE + AFTER}],
        [{"text": BEFORE + MIDDLE}, soft(AFTER)],
        [{"text": BEFORE}, soft(MIDDLE), {"text": AFTER}],
        [soft(BEFORE), soft(MIDDLE), soft(AFTER)],
    ):
        tokens, last = decode(*parts)
        assert tokens[:3] == expected[:3]  # computed in other batches, which round otherwise
        assert last["prompt_tokens"] == end["prompt_tokens"]


def test_scores_of_an_embedding_are_those_of_the_token(
    engine: Engine, model: Model, drive: Any, soft: Callable[[str], Frame]
) -> None:
    among = [model.tokenize(word)[0] for word in (" Rome", " Paris", " Milan")]

    def choose(*parts: Frame) -> list[float]:
        steps = engine.score(prompt=parts, continuations=(), among=among, adapter=None, ticket=Ticket())
        ((frame,),) = drive(engine, steps)
        return [float(one) for one in np.frombuffer(frame["probabilities"], np.float64)]

    assert choose(soft(BEFORE), soft(MIDDLE + AFTER)) == pytest.approx(
        choose({"text": BEFORE + MIDDLE + AFTER}), abs=0.02
    )


def test_what_was_cached_behind_a_soft_prompt_is_used_again(decode: Any, soft: Callable[[str], Frame]) -> None:
    words = "Words that no other test puts in front of what it asks, and enough of them to be worth keeping"
    theta = soft(words)
    _, first = decode(theta, {"text": MIDDLE})
    _, second = decode(theta, {"text": MIDDLE}, stop=["x"])
    assert second["cached_tokens"] == first["prompt_tokens"] - 1
    _, other = decode(soft(f"Further {words}"), {"text": MIDDLE})
    assert other["cached_tokens"] == 0
    # The same matrix in another file is the same prompt.
    _, again = decode(soft(words), {"text": MIDDLE})
    assert again["cached_tokens"] == first["prompt_tokens"] - 1


def test_soft_prompts_and_texts_of_several_requests_take_turns(
    engine: Engine, decode: Any, drive: Any, soft: Callable[[str], Frame]
) -> None:
    alone = [decode(part)[0] for part in (soft(BEFORE), {"text": MIDDLE}, soft(AFTER))]
    order = Decoding(max_tokens=8, sampling=Sampling())
    requests = [
        engine.decode(order, prompt=[part], adapter=None, ticket=Ticket())
        for part in (soft(BEFORE), {"text": MIDDLE}, soft(AFTER))
    ]
    together = [
        [token for frame in frames for piece in frame["pieces"] for token in piece["tokens"]]
        for frames in drive(engine, *requests)
    ]
    assert [tokens[:4] for tokens in together] == [tokens[:4] for tokens in alone]


def test_parts_that_make_no_sense_are_errors(model: Model, tmp_path: Path) -> None:
    inputs = Inputs(model)
    with pytest.raises(HostRequestError, match="empty"):
        inputs.symbols([])
    with pytest.raises(HostRequestError, match="no part like"):
        inputs.symbols([{"sound": "x"}])
    with pytest.raises(HostRequestError, match="49152 is no token"):
        inputs.symbols([{"tokens": [1, 49152]}])
    with pytest.raises(HostRequestError, match="-1 is no token"):
        inputs.symbols([{"tokens": [-1]}])
    with pytest.raises(ModelFileError, match="cannot be read"):
        inputs.symbols([{"soft_prompt": str(tmp_path / "none.safetensors")}])
    path = tmp_path / "soft.safetensors"
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelFileError, match="cannot be read"):
        inputs.symbols([{"soft_prompt": str(path)}])
    save_file({"other": np.zeros((2, 576), np.float32)}, path)
    with pytest.raises(ModelFileError, match="cannot be read"):
        inputs.symbols([{"soft_prompt": str(path)}])
    save_file({TENSOR: np.zeros((2, 100), np.float32)}, path)
    with pytest.raises(ModelFileError, match=r"shape \[2, 100\]"):
        inputs.symbols([{"soft_prompt": str(path)}])
