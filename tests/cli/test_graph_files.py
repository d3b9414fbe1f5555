"""The files of a graph that is changed: all of them are written, or none."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from octograph.cli.graph_files import locked
from octograph.cli.growing import remove_worker, target_of, written
from octograph.cli.parser import make_parser
from octograph.composition import head_path, outcomes_path
from octograph.errors import GraphError, HeadError, UsageError
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.master import FunctionalHead, HeadFile
from octograph.nodes.master.landmarks import Landmarks
from octograph.nodes.master.outcomes import OutcomeRows

if TYPE_CHECKING:
    from tests.cli.conftest import Run

KITCHEN = """
[graph]
name = "kitchen"
master = "boss"
examples = "kitchen.examples.toml"

[models.tiny]
source = "hf:somebody/tiny:Q4_1"
[models.large]
source = "hf:somebody/large:Q4_1"

[nodes.boss]
kind = "master"
model = "tiny"
[nodes.cook]
kind = "worker"
model = "tiny"
description = "Recipes"
[nodes.baker]
kind = "worker"
model = "large"
description = "Bread"
examples = ["a roll"]
[nodes.sums]
kind = "worker"
tool = "calculator"
description = "Sums"

[[edges]]
from = "boss"
to = ["cook", "baker", "sums"]
kind = "routes_to"
"""
EXAMPLES = 'cook = ["boil an egg"]\nbaker = ["a loaf"]\nsums = ["1 + 1"]\n'


def rows(*workers: str, adapter: str | None = None) -> OutcomeRows:
    """Outcome rows that foretell the same of everybody."""
    each = np.zeros(len(workers), np.float32)
    points = np.zeros((2, 4), np.float32)
    landmarks = Landmarks(centre=np.zeros(4, np.float32), scale=np.ones(4, np.float32), points=points)
    return OutcomeRows(
        workers=workers,
        landmarks=landmarks,
        weight=np.zeros((len(workers), 2), np.float32),
        bias=each,
        slope=each,
        offset=each,
        temperature=1.0,
        system="Route.",
        layer=0,
        adapter=adapter,
        model="tiny",
        report={},
    )


def fit(graph: ModelGraph, *, adapter: str | None = None) -> None:
    """Write a head that knows the tokens of a graph, and nothing else."""
    tokens = graph.vocabulary("boss").tokens
    head = FunctionalHead(
        tokens=tokens,
        weight=np.zeros((len(tokens), 4), np.float32),
        bias=np.zeros(len(tokens), np.float32),
        temperature=1.0,
        threshold=None,
        system="Route.",
        layer=0,
        adapter=adapter,
        model="tiny",
    )
    HeadFile(heads={"boss": head}, report={}).save(head_path(graph))


def make(path: Path, text: str = KITCHEN) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (path.parent / "kitchen.examples.toml").write_text(EXAMPLES, encoding="utf-8")
    fit(open_graph(path))
    return path


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    return make(tmp_path / "kitchen" / "kitchen.toml")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def remove(worker: str, path: Path, *options: str) -> int:
    return remove_worker(make_parser().parse_args(["graph", "remove-worker", worker, "--graph", str(path), *options]))


def test_the_model_and_the_examples_of_a_worker_go_with_it(kitchen: Path) -> None:
    assert remove("baker", kitchen) == 0
    graph = open_graph(kitchen)
    assert list(graph.models) == ["tiny"]
    assert graph.examples("boss") == {"cook": ("boil an egg",), "sums": ("1 + 1",), None: ()}
    HeadFile.load(head_path(graph)).heads["boss"].check(graph.vocabulary("boss"), master="boss")


def test_edges_may_stand_in_line(tmp_path: Path) -> None:
    before, after = KITCHEN.split("[[edges]]\n")
    edges = f"edges = [{{{after.strip().replace(chr(10), ', ')}}}]\n"
    path = make(tmp_path / "kitchen.toml", edges + before)
    assert remove("baker", path) == 0
    assert open_graph(path).candidates("boss") == ("cook", "sums")


def test_what_would_be_no_graph_changes_nothing(tmp_path: Path, run: Run) -> None:
    helper = '[nodes.helper]\nkind = "worker"\nmodel = "tiny"\ndescription = "Oven"\n[[edges]]\n'
    edge = '[[edges]]\nfrom = "baker"\nto = "helper"\nkind = "escalates_to"\n'
    path = make(tmp_path / "kitchen" / "kitchen.toml", KITCHEN.replace("[[edges]]\n", helper) + edge)
    before = contents(path.parent)
    failed = run("graph", "remove-worker", "baker", "--graph", path)
    assert failed.status == 2
    assert "'helper' cannot be reached" in failed.err
    assert contents(path.parent) == before


def test_what_cannot_be_written_changes_nothing(kitchen: Path) -> None:
    rows("cook", "baker").save(outcomes_path(open_graph(kitchen)))
    before = contents(kitchen.parent)
    long = kitchen.with_name("x" * 220 + ".toml")  # too long for the name of its head
    with pytest.raises(HeadError, match="cannot be written"):
        remove("baker", kitchen, "--output", str(long))
    assert contents(kitchen.parent) == before


def test_a_graph_written_elsewhere_has_files_of_its_own(kitchen: Path) -> None:
    rows("cook", "baker").save(outcomes_path(open_graph(kitchen)))
    before = contents(kitchen.parent)
    for name, worker in (("two", "baker"), ("three", "sums")):
        assert remove(worker, kitchen, "--output", str(kitchen.with_name(f"{name}.toml"))) == 0
    after = contents(kitchen.parent)
    assert {name: after[name] for name in before} == before
    two, three = (open_graph(kitchen.with_name(f"{name}.toml")) for name in ("two", "three"))
    assert (two.examples_file, three.examples_file) == ("two.examples.toml", "three.examples.toml")
    assert (two.candidates("boss"), three.candidates("boss")) == (("cook", "sums"), ("cook", "baker"))
    assert OutcomeRows.load(outcomes_path(two)).workers == ("cook",)
    assert OutcomeRows.load(outcomes_path(three)).workers == ("cook", "baker")


def test_a_change_of_a_worker_leaves_its_examples_where_they_are(kitchen: Path) -> None:
    for limit in (9, 10):
        graph = open_graph(kitchen)
        written(graph, replace(graph.worker("baker"), max_tokens=limit), target=kitchen)
    assert open_graph(kitchen).worker("baker").max_tokens == 10
    assert open_graph(kitchen).worker("baker").examples == ("a roll", "a loaf")
    assert kitchen.with_name("kitchen.examples.toml").read_text() == EXAMPLES


def test_a_link_stays_a_link_and_permissions_stay(kitchen: Path, tmp_path: Path) -> None:
    real = kitchen.rename(tmp_path / "real.toml")
    real.chmod(0o600)
    kitchen.symlink_to(real)
    assert remove("baker", kitchen) == 0
    assert kitchen.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "baker" not in open_graph(kitchen).nodes


def test_outcomes_of_a_worker_go_with_it(kitchen: Path, run: Run) -> None:
    place = outcomes_path(open_graph(kitchen))
    rows("cook", "baker").save(place)
    assert remove("baker", kitchen) == 0
    assert OutcomeRows.load(place).workers == ("cook",)
    assert remove("cook", kitchen) == 0
    assert not place.exists()
    rows("sums", "waiter").save(place)
    (_, problem) = run("graph", "check", "--graph", kitchen, "--json").json()["problems"]  # the model is not here
    assert problem["message"] == "outcomes are known of workers that no master reaches: waiter"
    assert place.suffixes[-2] in problem["mend"]


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        ('[nodes.book]\nkind = "knowledge"\npath = "book"\n', "path of book"),
        ('[nodes.book]\nkind = "knowledge"\n', None),
        ('[nodes.book]\nkind = "knowledge"\npath = "/srv/book"\n', None),
        ('[nodes.j]\nkind = "judge"\nmodel = "tiny"\nadapter = "path:j.gguf"\n', "adapter of j"),
        ('[nodes.j]\nkind = "judge"\nmodel = "tiny"\nadapter = "path:/srv/j.gguf"\n', None),
    ],
)
def test_what_lies_beside_a_graph_keeps_it_in_its_folder(tmp_path: Path, entries: str, what: str | None) -> None:
    path = make(tmp_path / "kitchen" / "kitchen.toml", KITCHEN.replace("[[edges]]", f"{entries}[[edges]]"))
    graph, elsewhere = open_graph(path), tmp_path / "mine.toml"
    assert target_of(graph, path.with_name("mine.toml")) == path.with_name("mine.toml")
    if what is None:
        assert target_of(graph, elsewhere) == elsewhere
        return
    with pytest.raises(UsageError, match=f"folder of the graph file: {what}\n"):
        target_of(graph, elsewhere)


def test_an_adapter_beside_a_head_keeps_the_graph_in_its_folder(kitchen: Path, tmp_path: Path) -> None:
    graph = open_graph(kitchen)
    fit(graph, adapter="path:reading.gguf")
    rows("cook", adapter="path:reading.gguf").save(outcomes_path(graph))
    with pytest.raises(UsageError, match="adapter of the head of boss, adapter of the outcome rows"):
        target_of(graph, tmp_path / "mine.toml")
    assert target_of(graph, kitchen.parent / ".." / "kitchen" / "kitchen.toml") == kitchen


def test_two_commands_change_a_graph_one_after_the_other(kitchen: Path) -> None:
    graph = open_graph(kitchen)
    with locked(kitchen.parent):
        late = threading.Thread(target=remove, args=("sums", kitchen))
        late.start()
        late.join(timeout=0.5)
        assert late.is_alive()
        changed = KITCHEN.replace('model = "tiny"\ndescription = "Recipes"', 'model = "large"\ndescription = "Food"')
        kitchen.write_text(changed, encoding="utf-8")
    late.join()
    assert open_graph(kitchen).worker("cook").description == "Food"
    assert "sums" not in open_graph(kitchen).nodes
    with pytest.raises(GraphError, match="no node 'sums'"):
        written(graph, replace(graph.worker("sums"), description="Adds"), target=kitchen)
