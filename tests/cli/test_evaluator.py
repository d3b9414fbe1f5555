"""``octograph train evaluator`` and ``eval selective``, with the real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.graph import open_graph

if TYPE_CHECKING:
    from tests.cli.conftest import Run

COLOURS = ("red", "green", "blue", "white", "black", "brown", "grey", "pink")
THINGS = ("door", "boat", "roof", "gate", "cup", "hat")
NODE = """
[nodes.colours]
kind = "worker"
model = "tiny"
description = "Colours of things"
system = "Answer with one word."
history = false
max_tokens = 4
examples = ["What colour is the door?", "Which colour has the boat?"]

[[edges]]
from = "{master}"
to = "colours"
kind = "routes_to"
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "colours.jsonl"
    lines = [
        {"question": f"The {thing} is {colour}. What colour is it?", "answers": [colour]}
        for thing in THINGS
        for colour in COLOURS
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@pytest.mark.slow
def test_a_self_evaluation_is_trained_and_decides_what_is_shown(
    run: Run, graph_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = open_graph(graph_file)
    text = graph_file.read_text() + NODE.format(master=graph.master_name).replace('"tiny"', f'"{graph.master.model}"')
    graph_file.write_text(text)
    assert run("train", "router", "--graph", graph_file).status == 0
    named = ("--graph", graph_file, "--json")
    before = run("eval", "selective", data, "--worker", "colours", "--limit", "8", *named)
    assert before.status == 0, before.err
    assert set(before.json()) == {"perplexity", "likelihood", "delta", "p_true", "aspire"}
    fast = ("--epochs", "0.2", "--length", "3", "--limit", "40")
    done = run("train", "evaluator", "--node", "colours", "--data", data, *fast, *named)
    assert done.status == 0, done.err
    report = done.json()
    worker = open_graph(graph_file).worker("colours")
    assert worker.evaluator == "path:colours.evaluator.safetensors"
    assert worker.alpha == report["alpha"]
    assert "colours.jsonl" in Path(report["card"]).read_text()
    assert not list(graph_file.parent.glob("*.lessons"))
    sampled = ("--score", "aspire", "predictive_entropy", "semantic_entropy", "--limit", "4")
    after = run("eval", "selective", data, "--worker", "colours", *sampled, *named)
    assert set(after.json()) == {"aspire", "predictive_entropy", "semantic_entropy"}
    # A threshold that nothing reaches: the answer is not shown, and kept.
    graph_file.write_text(graph_file.read_text().replace("max_tokens = 4", "max_tokens = 4\ntau = -0.000001"))
    asked = run("ask", "The hat is red. What colour is it?", "--worker", "colours", *named)
    assert asked.status == 3, asked.err
    turn = asked.json()
    (attempt,) = turn["tried"]
    assert attempt["reason"].startswith("not sure enough: g = ")
    assert attempt["text"]
    (evaluated,) = [event for event in turn["trace"] if event["kind"] == "evaluated"]
    assert evaluated["score_kind"] == "self-evaluated"
    # The person is asked instead, and chooses later.
    monkeypatch.setenv("OCTOGRAPH_UNSURE", "ask")
    waiting = run("ask", "The hat is red. What colour is it?", "--worker", "colours", "--thread", "hat", *named[:2])
    assert waiting.status == 3, waiting.err
    assert attempt["text"] in waiting.out
    assert "--resume --choose" in waiting.err
    chosen = run("ask", "--thread", "hat", "--resume", "--choose", "answer", *named)
    assert chosen.status == 0, chosen.err
    assert chosen.json()["text"] == attempt["text"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("train", "evaluator", "--node", "sums", "--data", "DATA"), "has no model on this machine"),
        (("eval", "selective", "DATA", "--worker", "sums"), "has no model on this machine"),
        (("eval", "selective", "DATA", "--worker", "nobody"), "no node 'nobody'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(command: tuple[str, ...], said: str, run: Run, data: Path) -> None:
    words = [str(data) if word == "DATA" else "calculator" if word == "sums" else word for word in command]
    output = ("--output", str(data.parent / "mine.toml")) if words[0] == "train" else ()
    refused = run(*words, *output, "--json")
    assert refused.status == 2
    error = refused.json()["error"]
    assert said in error["message"]
    assert error["hint"]


def test_too_few_questions_are_refused(run: Run, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text(json.dumps({"question": "What?", "answers": ["that"]}))
    refused = run("train", "evaluator", "--node", "chat", "--data", few, "--output", tmp_path / "mine.toml", "--json")
    assert refused.status == 2
    assert "too few" in refused.json()["error"]["message"]
