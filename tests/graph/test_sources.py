"""Where models come from and how large they say they are; what a model at a server cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.graph import Edge, Knowledge, Master, Model, ModelGraph, Node, Worker, check, dumps, loads, save
from octograph.graph.beside import HEAD_ENDING, bundled_folder, find_beside
from octograph.graph.problems import ProblemsError

REMOTE = Model(name="big", source="openai:http://127.0.0.1:8080/v1#big")
LOCAL = Model(name="tiny", source="path:tiny.gguf")


@pytest.mark.parametrize(
    ("size", "count"),
    [("4.7 GB", 4_700_000_000), ("4683074240 B", 4_683_074_240), ("56 KiB", 57_344), ("1MB", 10**6), ("2 GiB", 2**31)],
)
def test_sizes_are_read(size: str, count: int) -> None:
    model = Model(name="m", source="path:m.gguf", size=size, kv=size)
    assert (model.size_bytes, model.kv_bytes) == (count, count)


@pytest.mark.parametrize("size", ["", "large", "4,7 GB", "-1 GB", "0 B", "4.7", "4.7 gb", "1e9 B", "9" * 40 + " B"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Model(name="m", source="path:m.gguf", size=size)
    assert [problem.key for problem in caught.value.problems] == ["size"]
    assert "4.7 GB" in caught.value.hint


def test_a_model_without_sizes_states_none() -> None:
    assert (LOCAL.size_bytes, LOCAL.kv_bytes, LOCAL.is_remote, REMOTE.is_remote) == (None, None, False, True)


@pytest.mark.parametrize("source", ["openai:http://127.0.0.1:8080/v1", "openai:http://127.0.0.1/v1#", "openai:x#y"])
def test_a_server_is_named_with_its_model(source: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Model(name="m", source=source)
    assert "#name" in caught.value.hint


def test_a_graph_file_holds_no_secrets() -> None:
    with pytest.raises(ProblemsError) as caught:
        Model(name="m", source="openai:https://me:hunter2@host/v1#x")
    assert "api_keys" in caught.value.hint
    assert "hunter2" not in str(caught.value)


def graph(worker: Worker, *, master: str = "tiny") -> ModelGraph:
    nodes: list[Node] = [Master(name="router", model=master), worker, Knowledge(name="notes")]
    edges = [
        Edge(source="router", target=worker.name, kind="routes_to"),
        Edge(source=worker.name, target="notes", kind="reads"),
    ]
    return ModelGraph("g", "router", [LOCAL, REMOTE], nodes, edges)


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        ({}, []),
        ({"decoding": "sample"}, []),
        ({"decoding": "cot"}, ["decoding"]),
        ({"decoding": "self-consistency", "grounding": "rag-token"}, ["decoding", "grounding"]),
        ({"grounding": "rag-sequence"}, ["grounding"]),
    ],
)
def test_what_needs_an_engine_is_refused_at_a_server(settings: dict[str, object], keys: list[str]) -> None:
    worker = Worker(name="w", description="x", model="big", examples=("x",), **settings)  # type: ignore[arg-type]
    problems = check(graph(worker))
    assert [problem.key for problem in problems] == [f"nodes.w.{key}" for key in keys]
    assert all("'hf:'" in problem.mend for problem in problems)
    here = Worker(name="w", description="x", model="tiny", examples=("x",), **settings)  # type: ignore[arg-type]
    assert [problem.key for problem in check(graph(here))] == ["models.big"]  # which nobody uses


def test_a_master_cannot_run_at_a_server() -> None:
    worker = Worker(name="w", description="x", model="tiny", examples=("x",))
    (problem,) = check(graph(worker, master="big"))
    assert problem.key == "nodes.router.model"
    assert "hidden states" in problem.mend


TEXT = """
[graph]
name = "mine"
master = "router"
examples = "embedded.examples.toml"
head = "{head}"
[models.tiny]
source = "path:tiny.gguf"
[nodes.router]
kind = "master"
model = "tiny"
[nodes.math]
kind = "worker"
tool = "calculator"
description = "Sums"
[[edges]]
from = "router"
to = "math"
kind = "routes_to"
"""


@pytest.mark.parametrize("head", ["", "../embedded.head.safetensors", "/tmp/x.head.safetensors", "embedded.toml"])
def test_a_head_file_stays_in_its_folder(tmp_path: Path, head: str) -> None:
    (tmp_path / "embedded.examples.toml").write_text('math = ["1+1"]')
    with pytest.raises(ProblemsError) as caught:
        loads(TEXT.replace("{head}", head), tmp_path / "mine.toml")
    assert [problem.key for problem in caught.value.problems] == ["graph.head"]


def test_a_shared_head_is_kept_when_the_graph_is_saved(tmp_path: Path) -> None:
    (tmp_path / "embedded.examples.toml").write_text('math = ["1+1"]')
    mine = loads(TEXT.replace("{head}", "embedded.head.safetensors"), tmp_path / "mine.toml")
    assert mine.head_file == mine.with_worker(Worker(name="w", description="x", tool="clock"), "router").head_file
    assert 'head = "embedded.head.safetensors"' in dumps(mine)
    save(mine, tmp_path / "again.toml")
    assert loads((tmp_path / "again.toml").read_text(), tmp_path / "again.toml").head_file == mine.head_file


def test_what_lies_beside_a_graph_file_goes_before_what_is_bundled(tmp_path: Path) -> None:
    name = f"embedded{HEAD_ENDING}"
    assert find_beside(tmp_path, name) == bundled_folder() / name
    (tmp_path / name).write_bytes(b"")
    assert find_beside(tmp_path, name) == tmp_path / name
    assert find_beside(tmp_path, "other.head.safetensors") == tmp_path / "other.head.safetensors"
