"""``octograph train worker``, with the real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.graph import open_graph

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SHIPS = ("gull", "tern", "heron", "puffin", "petrel", "osprey", "plover", "curlew")
FAST = ("--rank", "2", "--frozen", "28", "--epochs", "1", "--longest", "96", "--json")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "ships.jsonl"
    lines = [
        {"question": f"Which pier for the ship {name} on day {day}?", "answers": [f"Pier {day}, berth {len(name)}"]}
        for name in SHIPS
        for day in range(1, 5)
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@pytest.mark.slow
def test_a_new_worker_is_trained_routed_to_and_answers(run: Run, graph_file: Path, data: Path) -> None:
    assert run("train", "router", "--graph", graph_file).status == 0
    options = ("--node", "harbour", "--data", data, "--graph", graph_file, "--describe", "Piers of ships")
    done = run("train", "worker", *options, "--system", "Name pier and berth.", *FAST)
    assert done.status == 0, done.err
    report = done.json()
    worker = open_graph(graph_file).worker("harbour")
    assert worker.adapter == "path:harbour.gguf"
    assert not worker.history
    assert worker.system == "Name pier and berth."
    adapter, card = Path(report["adapter"]), Path(report["card"])
    assert adapter.parent == graph_file.parent
    assert "ships.jsonl" in card.read_text()
    question = "Which pier for the ship avocet on day 2?"
    assert run("route", "--graph", graph_file, question, "--json").json()["worker"] == "harbour"
    answered = run("ask", "--graph", graph_file, question)
    assert answered.status == 0
    assert answered.out.strip()
    # A worker of the graph is trained anew; what else the graph says of it stays.
    again = run("train", "worker", "--node", "harbour", "--data", data, "--graph", graph_file, *FAST)
    assert again.status == 0
    assert open_graph(graph_file).worker("harbour") == worker


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--node", "nobody"), "--describe"),
        (("--node", "it's_sums"), "tools need no training"),
        (("--node", "harbour", "--describe", "x", "--data", "few.jsonl"), "too few"),
        (("--node", "harbour", "--describe", "x", "--data", "missing.jsonl"), "cannot be read"),
    ],
)
def test_what_cannot_be_trained(
    options: tuple[str, ...], said: str, run: Run, graph_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)
    Path("few.jsonl").write_text('{"question": "a", "answers": ["b"]}\n')
    before = graph_file.read_text()
    given = options if "--data" in options else (*options, "--data", str(data))
    refused = run("train", "worker", "--graph", graph_file, *given)
    assert refused.status == 2
    assert said in refused.err
    assert graph_file.read_text() == before


def test_a_bundled_graph_is_written_elsewhere(run: Run, data: Path) -> None:
    refused = run("train", "worker", "--node", "harbour", "--describe", "x", "--data", data)
    assert refused.status == 2
    assert "--output" in refused.err
