"""``octograph graph add-worker`` and ``remove-worker``, with the real model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from octograph.composition import head_path
from octograph.graph import open_graph
from octograph.nodes.master import HeadFile

if TYPE_CHECKING:
    from tests.cli.conftest import Run

WEATHER = [
    "will it rain",
    "how cold is it outside",
    "is there snow on the pass",
    "a storm is coming, how strong",
    "fog?",
]


@pytest.fixture
def trained(run: Run, graph_file: Path) -> Path:
    assert run("train", "router", "--graph", graph_file).status == 0
    return graph_file


def heads(path: Path) -> HeadFile:
    return HeadFile.load(head_path(open_graph(path)))


def test_a_worker_is_added_beside_the_others_and_removed_again(run: Run, trained: Path, tmp_path: Path) -> None:
    before = heads(trained).heads["the boss"]
    examples = tmp_path / "weather.txt"
    examples.write_text("\n".join([*WEATHER, "", WEATHER[0]]))
    options = ("--graph", trained, "--model", "tiny", "--describe", "The weather", "--examples", examples, "--json")
    added = run("graph", "add-worker", "sky", *options)
    assert added.status == 0
    assert added.json()["examples"] == len(WEATHER)
    graph = open_graph(trained)
    assert graph.worker("sky").examples == tuple(WEATHER)
    after = heads(trained).heads["the boss"]
    assert after.tokens == (*before.tokens, "<fn_2>")
    np.testing.assert_array_equal(after.weight[:-1], before.weight)
    assert run("route", "--graph", trained, "does it rain tomorrow", "--json").json()["worker"] == "sky"
    assert run("route", "--graph", trained, "what is 3 * 4", "--json").json()["worker"] == "it's_sums"
    assert run("graph", "check", "--graph", trained).status == 0
    assert run("graph", "remove-worker", "sky", "--graph", trained).status == 0
    np.testing.assert_array_equal(heads(trained).heads["the boss"].weight, before.weight)
    assert "sky" not in open_graph(trained).nodes


def test_a_worker_from_its_description_alone(run: Run, trained: Path) -> None:
    options = ("--graph", trained, "--model", "tiny", "--describe", "Weather, rain and storms")
    done = run("graph", "add-worker", "sky", *options)
    assert done.status == 0
    assert "fitted on the description" in done.err
    assert "rain" in open_graph(trained).worker("sky").examples


def test_a_bundled_graph_is_written_elsewhere(run: Run, tmp_path: Path) -> None:
    refused = run("graph", "remove-worker", "chat")
    assert refused.status == 2
    assert "--output" in refused.err
    target = tmp_path / "mine.toml"
    assert run("graph", "remove-worker", "chat", "--output", target).status == 0
    assert "chat" not in open_graph(target).nodes
    assert open_graph(target).examples_file == "mine.examples.toml"
    other = tmp_path / "other.toml"
    assert run("graph", "remove-worker", "translation", "--output", other).status == 0
    assert "translation" in open_graph(target).nodes
    assert "chat" in open_graph(other).nodes
    assert run("route", "--graph", target, "What is 48 * 17?", "--json").json()["worker"] == "calculator"


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("sky", "--describe", "x"), 2, "--model"),
        (("sky", "--model", "huge", "--describe", "x"), 2, "unknown model"),
        (("it's_sums", "--model", "tiny", "--describe", "x"), 2, "has a node"),
        (("sky", "--model", "tiny", "--describe", "x", "--examples", "nowhere.txt"), 2, "cannot be read"),
        (("sky", "--model", "tiny", "--describe", "x", "--master", "it's_sums"), 2, "not a master"),
    ],
)
def test_what_cannot_be_is_told(run: Run, graph_file: Path, options: tuple[str, ...], status: int, said: str) -> None:
    before = graph_file.read_text()
    done = run("graph", "add-worker", *options, "--graph", graph_file)
    assert (done.status, said in done.err) == (status, True), done.err
    assert graph_file.read_text() == before


def test_a_graph_that_shares_a_head_gets_files_of_its_own(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    done = run("graph", "remove-worker", "translation", "--graph", "laptop-8gb", "--output", target, "--json")
    assert done.json() == {"graph": str(target), "removed": "translation"}
    assert {path.name for path in tmp_path.iterdir()} == {"mine.toml", "mine.examples.toml", "mine.head.safetensors"}
    mine, theirs = open_graph(target), open_graph("laptop-8gb")
    assert (mine.head_file, mine.examples_file) == (None, "mine.examples.toml")
    assert {worker.name for worker in theirs.workers()} - {worker.name for worker in mine.workers()} == {"translation"}
    head = heads(target).heads[mine.master_name]
    head.check(mine.vocabulary(mine.master_name), master=mine.master_name)
    assert len(HeadFile.load(head_path(theirs)).heads[theirs.master_name].tokens) == len(head.tokens) + 1
