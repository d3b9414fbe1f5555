"""LoRA adapters in the engine: each has its context, and the shared weights stay as they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import gguf
import numpy as np
import pytest

from octograph.errors import ModelFileError
from octograph.nodes.generation import Sampling
from octograph.nodes.host import Steps, Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import MOST_ADAPTERS, Engine

PROMPT = [{"text": "The capital of France is"}]


def write_adapter(path: Path, *, scale: float, seed: int = 0) -> Path:
    """Change one matrix of the bundled model by a random one of rank 4."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    writer.add_tensor("blk.20.attn_output.weight.lora_a", random.normal(size=(4, 576)).astype(np.float32))
    writer.add_tensor("blk.20.attn_output.weight.lora_b", (scale * random.normal(size=(576, 4))).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def decode(engine: Engine, drive: Callable[..., list[list[Frame]]]) -> Callable[..., list[list[int]]]:
    def steps(adapter: Path | None) -> Steps:
        order = Decoding(max_tokens=8, sampling=Sampling())
        return engine.decode(order, prompt=PROMPT, adapter=None if adapter is None else str(adapter), ticket=Ticket())

    def run(*adapters: Path | None) -> list[list[int]]:
        return [
            [token for frame in frames for piece in frame["pieces"] for token in piece["tokens"]]
            for frames in drive(engine, *map(steps, adapters))
        ]

    return run


def test_an_adapter_changes_its_own_context_only(
    decode: Callable[..., list[list[int]]], engine: Engine, tmp_path: Path
) -> None:
    strong = write_adapter(tmp_path / "strong.gguf", scale=3.0)
    nothing = write_adapter(tmp_path / "nothing.gguf", scale=0.0)
    (plain,) = decode(None)
    # All three side by side, over one set of weights.
    changed, same, again = decode(strong, nothing, None)
    assert changed != plain
    assert same == again == plain
    assert decode(strong) == [changed]
    assert engine.stats()["adapters"] >= 2


def test_a_file_that_was_trained_anew_is_loaded_anew(decode: Callable[..., list[list[int]]], tmp_path: Path) -> None:
    path = write_adapter(tmp_path / "worker.gguf", scale=0.0)
    (before,) = decode(path)
    write_adapter(path, scale=3.0)
    os.utime(path, ns=(1, 1))
    assert decode(path) != [before]


def test_only_so_many_have_a_context_at_a_time(
    decode: Callable[..., list[list[int]]], engine: Engine, tmp_path: Path
) -> None:
    paths: Sequence[Path] = [
        write_adapter(tmp_path / f"{number}.gguf", scale=0.0) for number in range(MOST_ADAPTERS + 2)
    ]
    for path in paths:
        decode(path)
    assert engine.stats()["adapters"] == MOST_ADAPTERS
    assert len(decode(paths[0])[0]) > 0


def test_what_is_no_adapter_is_an_error(decode: Callable[..., list[list[int]]], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no adapter"):
        decode(tmp_path / "none.gguf")
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"GGUF" + bytes(60))
    with pytest.raises(ModelFileError, match=r"cannot load the adapter 'bad\.gguf'"):
        decode(path)
