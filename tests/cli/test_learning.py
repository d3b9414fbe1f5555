"""``octograph train`` and ``octograph eval``, with the real model."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.graph.bundled import find

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SUMS, COOK = "it's_sums", 'Koch "Ω" 1'


def test_a_graph_of_ones_own_is_trained_and_asked_from_elsewhere(
    run: Run, graph_file: Path, tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrained = run("ask", "1 + 1", "--graph", graph_file, "--json")
    assert (untrained.status, untrained.json()["error"]["type"]) == (1, "HeadError")

    monkeypatch.chdir(graph_file.parent)
    trained = run("train", "router", "--graph", graph_file.name, "--json")
    assert trained.status == 0
    document = trained.json()
    assert Path(document["head"]).resolve() == graph_file.with_suffix(".head.safetensors")
    assert document["masters"]["the boss"]["queries"] == 16
    assert document["masters"]["the boss"]["held_out_accuracy"] > 0.8
    assert sorted(path.name for path in graph_file.parent.iterdir()) == ["mine.head.safetensors", "mine.toml"]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run("graph", "check", "--graph", "../graphs/mine.toml").status == 0
    answered = run("ask", "What is 7 * 8?", "--graph", "../graphs/mine.toml", "--json")
    assert answered.status == 0
    assert (answered.json()["worker"], answered.json()["text"]) == (SUMS, "7 * 8 = 56")
    cooked = run("ask", 'How long do I "roast" potatoes?', "--graph", graph_file, "--json")
    assert cooked.json()["worker"] == COOK
    assert cooked.json()["trace"][-2]["decision"] == "accept"
    assert list(elsewhere.iterdir()) == []

    head = graph_file.with_suffix(".head.safetensors")
    head.rename(head.with_suffix(".kept"))
    head.mkdir()
    failed = run("train", "router", "--graph", graph_file, "--json")
    assert (failed.status, failed.json()["error"]["type"]) == (1, "HeadError")
    assert "cannot be written" in failed.json()["error"]["message"]
    head.rmdir()
    head.with_suffix(".kept").rename(head)

    # The graph changes: its head says so rather than route to the wrong worker.
    text = graph_file.read_text(encoding="utf-8")
    more = '\n[nodes.third]\nkind = "worker"\ntool = "units"\ndescription = "Units"\nexamples = ["1 km in m"]\n'
    edge = '\n[[edges]]\nfrom = "the boss"\nto = "third"\nkind = "routes_to"\n'
    graph_file.write_text(text + more + edge, encoding="utf-8")
    stale = run("ask", "What is 7 * 8?", "--graph", graph_file, "--json")
    assert (stale.status, stale.json()["error"]["type"]) == (1, "HeadError")
    assert "train router" in stale.json()["error"]["hint"]


def test_routing_is_measured(run: Run, tmp_path: Path) -> None:
    lines = [
        {"query": "What is 3 * 4?", "worker": "calculator"},
        {"query": "How many feet are 3 metres?", "worker": "units"},
        {"query": "Where did I park my car?", "worker": "none"},
        {"query": "Hi there!", "worker": "chat"},
    ]
    plain = tmp_path / "data.jsonl"
    plain.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    packed = tmp_path / "data.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    scores = run("eval", "routing", packed, "--json")
    assert scores.status == 0
    document = scores.json()
    assert set(document) >= {"n", "accuracy", "macro_f1", "ece", "auroc_none", "confusion", "latency_ms"}
    assert (document["n"], document["accuracy"], document["auroc_none"]) == (4, 1.0, 1.0)
    assert sum(map(sum, document["confusion"]["matrix"])) == 4
    assert len(document["confusion"]["labels"]) == len(document["confusion"]["matrix"])
    assert 0 < document["latency_ms"]["p50"] <= document["latency_ms"]["p95"]

    shown = run("eval", "routing", plain, "--limit", "2", "--seed", "1")
    assert shown.status == 0
    assert shown.out.startswith("n                  2\naccuracy           1.0000\n")


def test_unknown_workers_in_the_data_are_told(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text('{"query": "Hi", "worker": "small talk"}\n')
    failed = run("eval", "routing", data, "--json")
    assert failed.status == 2
    assert "small talk" in failed.json()["error"]["message"]
    assert "calculator" in failed.json()["error"]["hint"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no lines"),
        (b"\n\n", "no lines"),
        (b'{"query": "Hi", "worker": "chat"}\n{"query": "Hi"', "line 2: not JSON"),
        (b'{"query": "Hi"}\n', "line 1: 'worker'"),
        (b'["Hi", "chat"]\n', "line 1: 'query'"),
        (b'{"query": 7, "worker": "chat"}\n', "line 1: 'query'"),
        (b'{"query": "\xff"}\n', "cannot be read"),
    ],
)
def test_bad_lines_are_told(run: Run, tmp_path: Path, content: bytes, said: str) -> None:
    data = tmp_path / "data.jsonl"
    data.write_bytes(content)
    failed = run("eval", "routing", data, "--json")
    assert failed.status == 2
    assert said in failed.json()["error"]["message"]


CUT = gzip.compress(b'{"query": "Hi", "worker": "chat"}\n' * 50)[:-12]


@pytest.mark.parametrize("content", [b"no gzip", CUT], ids=["no gzip", "cut short"])
def test_a_damaged_archive_is_told(run: Run, tmp_path: Path, content: bytes) -> None:
    data = tmp_path / "data.jsonl.gz"
    data.write_bytes(content)
    failed = run("eval", "routing", data, "--json")
    assert failed.status == 2
    assert "cannot be read" in failed.json()["error"]["message"]


def test_other_routers_are_measured_alike(run: Run, graph_file: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    lines = [{"query": "what is 5 * 5", "worker": SUMS}, {"query": "how do I cook rice", "worker": COOK}]
    data.write_text("\n".join(json.dumps(line) for line in lines))
    measured = run("eval", "routing", data, "--graph", graph_file, "--router", "neighbours", "--json")
    assert measured.status == 0
    assert measured.json()["accuracy"] == 1
    unknown = run("eval", "routing", data, "--graph", graph_file, "--router", "dice")
    assert unknown.status == 2
    assert "'dice' is no router" in unknown.err
    unreachable = run("eval", "routing", data, "--graph", graph_file, "--router", "http://127.0.0.1:9/route")
    assert unreachable.status == 1


def test_feedback_on_an_answer(run: Run, data_dir: Path) -> None:
    assert run("ask", "What is 48 * 17?", "--thread", "sums").status == 0
    kept = run("feedback", "sums", "--good", "--json")
    assert kept.json() == {"thread": "sums", "kept": True, "learning": False}
    told = run("feedback", "sums", "--instead", "math")
    assert (told.status, "learning" in told.err) == (0, True)
    assert run("feedback", "sums", "--instead", "nobody").status == 2
    assert run("feedback", "sums").status == 2
    assert (data_dir / "feedback.sqlite").is_file()


def test_routing_by_outcomes(run: Run, graph_file: Path, tmp_path: Path) -> None:
    assert run("train", "router", "--graph", graph_file).status == 0
    lines = [{"query": f"{n} * {n + 3}", "scores": {SUMS: 1.0, COOK: 0.0}} for n in range(20)]
    lines += [{"query": f"how long do I cook {n} eggs", "scores": {SUMS: 0.0, COOK: 1.0}} for n in range(20)]
    data = tmp_path / "outcomes.jsonl"
    data.write_text("\n".join(json.dumps(line) for line in lines))
    assert run("train", "outcomes", data, "--graph", graph_file).status == 0
    route = run("route", "17 * 4", "--graph", graph_file, "--json").json()
    assert route["worker"] == SUMS
    assert set(route["chances"]) == {SUMS, COOK}
    assert route["chances"][SUMS] > route["chances"][COOK]
    shown = run("route", "17 * 4", "--graph", graph_file)
    assert f"chance of a right answer: {route['chances'][SUMS]:.0%}" in shown.out
    measured = run("eval", "outcomes", data, "--graph", graph_file, "--json").json()
    assert (measured["n"], measured["score"], measured["best_single"]["score"]) == (40, 1.0, 0.5)
    assert [point["price"] for point in measured["curve"]] == [0.0]  # the workers of this graph cost nothing
    table = run("eval", "outcomes", data, "--graph", graph_file, "--limit", "10")
    assert table.out.startswith("score                    1.0000\nrandom                   0.5000\nall to ")
    # A worker that is only passed on to cannot be chosen, and so rows on it are of no use.
    text = graph_file.read_text(encoding="utf-8")
    helper = '\n[nodes.helper]\nkind = "worker"\nmodel = "tiny"\ndescription = "Helps"\n'
    edge = f'\n[[edges]]\nfrom = "{SUMS}"\nto = "helper"\nkind = "escalates_to"\n'
    graph_file.write_text(text + helper + edge, encoding="utf-8")
    data.write_text('{"query": "x", "scores": {"helper": 1}}')
    refused = run("train", "outcomes", data, "--graph", graph_file)
    assert (refused.status, "no master reaches: helper" in refused.err) == (2, True)
    data.write_text('{"query": "x", "scores": {"nobody": 1}}')
    assert run("eval", "outcomes", data, "--graph", graph_file).status == 2
    assert run("train", "outcomes", data, "--graph", graph_file).status == 2


def test_a_bundled_graph_is_not_fitted_by_its_name(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "nowhere.jsonl"
    for command in (("train", "router"), ("train", "outcomes", data)):
        for graph in ((), ("--graph", "octopus-mmlu")):
            refused = run(*command, *graph)
            assert refused.status == 2
            assert "is a bundled graph" in refused.err
    # The heads that come with Octograph are fitted by the path of the file.
    allowed = run("train", "outcomes", data, "--graph", find("embedded"))
    assert allowed.status == 2
    assert "cannot be read" in allowed.err
