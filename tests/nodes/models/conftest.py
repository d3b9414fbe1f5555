"""Weights to be checked: the bundled ones, and a small file of the same make."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest

from octograph.graph import open_graph
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub


@pytest.fixture
def hub_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub's own client reach a server on this machine, and nothing else."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)  # read from the environment on import
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 65536)  # what has arrived is kept by chunks
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights that come with the package."""
    graph = open_graph("embedded")
    store = ModelStore(tmp_path_factory.mktemp("store"), hub=Hub(), requantise=False)
    return store.locate(graph.models["smollm2"], base=graph.folder)


@pytest.fixture(scope="session")
def small_gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sound GGUF file of some kilobytes, with every kind of entry that language models have."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import quantize

    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_file_type(3)
    writer.add_rope_freq_base(1e4)
    writer.add_add_bos_token(False)
    writer.add_token_list([f"token {number}" for number in range(40)])
    writer.add_token_types([1] * 40)
    writer.add_chat_template("{{ messages }}")
    rows = np.linspace(-1, 1, 8 * 64, dtype=np.float32).reshape(8, 64)
    writer.add_tensor("output_norm.weight", rows[0])
    kind = GGMLQuantizationType.Q4_1
    writer.add_tensor("token_embd.weight", quantize(rows, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()
