"""The exit in the graph against a GGUF file cut to its first blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.tap import Tap

BLOCKS = 6
TEXT = "The keeper of the light counts the ships that pass."


def cut(source: Path, target: Path, blocks: int) -> None:
    """Write the file anew with its first blocks only."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        value: Any = blocks if field.name == "llama.block_count" else field.contents()
        writer.add_key_value(field.name, value, field.types[0], field.types[-1] if len(field.types) > 1 else None)
    for tensor in reader.tensors:
        block = re.match(r"blk\.(\d+)\.", tensor.name)
        if block is None or int(block[1]) < blocks:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def short(weights: Path, tmp_path: Path) -> Iterator[Model]:
    path = tmp_path / "cut.gguf"
    cut(weights, path, BLOCKS)
    model = Model(path)
    yield model
    model.close()


def last_states(model: Model, tokens: list[int]) -> NDArray[np.float32]:
    """What the model gives out behind its last layer and norm, ``[n, d]``, by llama.cpp's own embeddings."""
    params = llama_cpp.llama_context_default_params()
    params.n_ctx, params.embeddings, params.pooling_type = 256, True, llama_cpp.LLAMA_POOLING_TYPE_NONE
    params.n_threads = params.n_threads_batch = 1
    context = llama_cpp.llama_init_from_model(model.pointer, params)
    ids = (llama_cpp.llama_token * len(tokens))(*tokens)
    batch = llama_cpp.llama_batch_get_one(ids, len(tokens))
    assert llama_cpp.llama_decode(context, batch) == 0
    shape = (model.embedding_size,)
    rows = [
        np.ctypeslib.as_array(llama_cpp.llama_get_embeddings_ith(context, index), shape=shape).copy()
        for index in range(len(tokens))
    ]
    llama_cpp.llama_free(context)
    return np.stack(rows)


def test_the_exit_gives_what_a_cut_file_gives(model: Model, short: Model, weights: Path) -> None:
    assert short.layers == BLOCKS
    tokens = model.tokenize(TEXT)
    tap = Tap(model.embedding_size)
    tap.set_layer(BLOCKS - 1)
    context = Context(model, cells=256, sequences=1, threads=1, tap=tap)
    context.decode([Rows(sequence=0, position=0, inputs=tokens, first_output=len(tokens))])
    states = tap.take()
    context.close()
    assert states is not None
    # The cut file ends with the norm: x / sqrt(mean(x^2) + epsilon) * weight (RMSNorm, Zhang and Sennrich 2019).
    reader = gguf.GGUFReader(weights)
    (norm,) = (tensor.data for tensor in reader.tensors if tensor.name == "output_norm.weight")
    epsilon = reader.fields["llama.attention.layer_norm_rms_epsilon"].contents()
    expected = states / np.sqrt((states**2).mean(axis=1, keepdims=True) + epsilon) * norm
    np.testing.assert_allclose(last_states(short, tokens), expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
