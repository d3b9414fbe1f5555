"""The models that the bundled graphs name: found on a hub by their references, licensed, and planned for."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.graph import Model, bundled_names, open_graph
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.models.memory import memory_plan
from octograph.testing import FakeHub

SETS = ("IQ4_XS", "Q2_K", "Q3_K_M", "Q4_0", "Q4_K_L", "Q4_K_M", "Q4_K_S", "Q5_K_M", "Q6_K", "Q8_0", "f16")

REPOSITORIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "unsloth/Qwen3-4B-Instruct-2507-GGUF": (
        "Qwen3-4B-Instruct-2507-{}.gguf",
        ("Q4_K_M", "Q4_K_S", "UD-Q4_K_XL", "F16"),
    ),
    "bartowski/Qwen2.5-7B-Instruct-GGUF": ("Qwen2.5-7B-Instruct-{}.gguf", SETS),
    "bartowski/Qwen2.5-14B-Instruct-GGUF": ("Qwen2.5-14B-Instruct-{}.gguf", SETS),
    "bartowski/Qwen2.5-Math-7B-Instruct-GGUF": ("Qwen2.5-Math-7B-Instruct-{}.gguf", SETS),
    "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF": (
        "qwen2.5-coder-7b-instruct-{}.gguf",
        ("q4_k_m", "q4_k_m-00001-of-00002", "q4_k_m-00002-of-00002", "q4_0", "q8_0-00001-of-00003"),
    ),
}
"""How the repositories name their files, and some of what they have, files in parts among it."""

HERE = [(name, model) for name in bundled_names() for model in open_graph(name).models.values()]
FROM_THE_HUB = {model.source: model for _, model in HERE if model.scheme == "hf"}


@pytest.mark.parametrize("source", FROM_THE_HUB)
def test_a_reference_finds_its_one_file_on_a_hub(hub_client: None, tmp_path: Path, source: str) -> None:
    reference = source.removeprefix("hf:")
    repository, _, quantisation = reference.partition(":")
    pattern, sets = REPOSITORIES[repository]
    files = {pattern.format(one): f"{repository} {one}".encode() for one in sets}
    wanted = pattern.format(next(one for one in sets if one.lower() == quantisation.lower()))
    with FakeHub({repository: {"README.md": b"", **files}}) as server:
        hub = Hub(endpoint=server.endpoint, cache=tmp_path / "hub")
        assert hub.pull(reference).name == wanted
    store = ModelStore(tmp_path / "cache", hub=hub, requantise=False)
    assert store.locate(Model(name="m", source=source), base=None).name == wanted


@pytest.mark.parametrize(("graph", "model"), HERE, ids=[f"{graph}-{model.name}" for graph, model in HERE])
def test_a_model_names_its_licence_context_and_size(graph: str, model: Model) -> None:
    assert model.context
    if not model.is_remote:
        assert model.licence == "Apache-2.0"
    if model.scheme == "hf":
        assert model.size_bytes
        assert model.kv_bytes
    same = [other for _, other in HERE if other.source == model.source]
    assert {other.sha256 for other in same} == {model.sha256}


@pytest.mark.parametrize(
    ("graph", "memory"),
    [
        ("embedded", 4),
        ("octopus-mmlu", 4),
        ("hybrid", 4),
        ("laptop-8gb", 8),
        ("laptop-16gb", 16),
        ("octopus-mmlu-large", 32),
    ],
)
def test_a_graph_leaves_a_fifth_of_its_machine_to_others(tmp_path: Path, graph: str, memory: int) -> None:
    store = ModelStore(tmp_path / "cache", hub=Hub(cache=tmp_path / "hub"), requantise=True)
    plan = memory_plan(open_graph(graph), store=store, machine=memory * 2**30)
    assert not plan.unknown
    assert plan.total <= 0.8 * plan.machine, plan.summary()
