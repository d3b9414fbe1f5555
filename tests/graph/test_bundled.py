"""Bundled graphs, and naming a graph by name or path."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.errors import GraphError
from octograph.graph import NONE, bundled_names, check, draw, dumps, find, load, loads, open_graph
from octograph.graph.beside import HEAD_ENDING

TEXT = """
[graph]
name = "small"
master = "router"
[models.tiny]
source = "path:tiny.gguf"
[nodes.router]
kind = "master"
model = "tiny"
[nodes.math]
kind = "worker"
tool = "calculator"
description = "Sums"
examples = ["1+1"]
[[edges]]
from = "router"
to = "math"
kind = "routes_to"
"""


def test_every_bundled_graph_is_without_problems() -> None:
    assert list(bundled_names()) == sorted(bundled_names())
    for name in bundled_names():
        graph = open_graph(name)
        assert graph.name == name
        assert check(graph) == ()
        assert draw(graph)


@pytest.mark.parametrize("name", bundled_names())
def test_a_bundled_graph_is_in_step_with_the_head_it_shares(name: str) -> None:
    """If this fails, the graph whose head it is was changed: `scripts/sync_graphs.py` says what is to do."""
    graph = open_graph(name)
    if graph.head_file is None:
        return
    owner = open_graph(graph.head_file.removesuffix(HEAD_ENDING))
    assert graph.master_name == owner.master_name
    theirs, ours = owner.vocabulary(owner.master_name), graph.vocabulary(graph.master_name)
    assert {token: theirs.target_of(token) for token in theirs.tokens if token != NONE} == {
        token: ours.target_of(token) for token in ours.tokens if token != NONE
    }, f"{name} and {owner.name} give the functional tokens to other workers"
    assert set(graph.nodes) == set(owner.nodes), f"{name} has other nodes than {owner.name}"
    assert set(graph.edges) == set(owner.edges), f"{name} has other edges than {owner.name}"
    assert graph.models[graph.master.model] == owner.models[owner.master.model]


def test_examples_files_are_not_graphs() -> None:
    assert not [name for name in bundled_names() if name.endswith("examples")]


def test_a_path_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.toml").write_text(TEXT)
    assert open_graph(tmp_path / "my.toml") == loads(TEXT)
    assert open_graph(str(tmp_path / "my.toml")).path == tmp_path / "my.toml"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find("my.toml") == Path("my.toml")
    assert load(find("~/my.toml")) == load("my.toml")


@pytest.mark.parametrize("name", ["embeded", "absent/graph.toml", "a\x00b", "~nobody-of-that-name/g.toml"])
def test_an_unknown_name_lists_the_bundled_ones(name: str) -> None:
    with pytest.raises(GraphError, match="there is no graph") as caught:
        open_graph(name)
    assert "A path to a TOML file works too." in caught.value.hint
    for known in bundled_names():
        assert repr(known) in caught.value.hint


def test_a_folder_is_not_a_graph(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="is a folder"):
        open_graph(tmp_path)


def test_a_bundled_name_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in bundled_names():
        (tmp_path / name).write_text(dumps(loads(TEXT)))
        assert find(name) != Path(name)
        assert find(f"./{name}") == Path(name)
