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
FAST = ("--epochs", "0.2", "--length", "3")
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


@pytest.fixture
def colours(run: Run, graph_file: Path) -> Path:
    """A fitted graph with a worker that can be trained quickly."""
    graph = open_graph(graph_file)
    text = graph_file.read_text() + NODE.format(master=graph.master_name).replace('"tiny"', f'"{graph.master.model}"')
    graph_file.write_text(text)
    assert run("train", "router", "--graph", graph_file).status == 0
    return graph_file


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_self_evaluation_is_trained_and_decides_what_is_shown(
    run: Run, colours: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ("--graph", colours, "--json")
    before = run("eval", "selective", data, "--worker", "colours", "--limit", "8", *named)
    assert before.status == 0, before.err
    assert set(before.json()) == {"perplexity", "likelihood", "delta", "p_true", "aspire"}
    done = run("train", "evaluator", "--node", "colours", "--data", data, *FAST, *named)
    assert done.status == 0, done.err
    assert "tau" not in done.err
    report = done.json()
    assert report["too_long"] == 0
    worker = open_graph(colours).worker("colours")
    assert worker.evaluator == "path:colours.evaluator.safetensors"
    assert worker.alpha == report["alpha"]
    assert "colours.jsonl" in Path(report["card"]).read_text()
    assert not list(colours.parent.glob("*.lessons"))
    sampled = ("--score", "aspire", "predictive_entropy", "semantic_entropy", "--limit", "4")
    after = run("eval", "selective", data, "--worker", "colours", *sampled, *named)
    assert set(after.json()) == {"aspire", "predictive_entropy", "semantic_entropy"}
    # A threshold that nothing reaches: the answer is not shown, and kept.
    colours.write_text(colours.read_text().replace("max_tokens = 4", "max_tokens = 4\ntau = -0.000001"))
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


@pytest.mark.slow
@pytest.mark.timeout(600)  # three runs of the command
def test_what_goes_wrong_behind_the_training_loses_nothing_of_it(
    run: Run, colours: Path, data: Path, tmp_path: Path
) -> None:
    lines = data.read_text().splitlines()
    too_long = json.dumps({"question": "red " * 3000, "answers": ["red"]})
    data.write_text("\n".join([*lines[:39], too_long]))
    validation = tmp_path / "validation.jsonl"
    validation.write_text(too_long)
    graph = colours.read_text().replace("max_tokens = 4", "max_tokens = 4\ntau = -90.0")
    colours.write_text(graph)
    options = ("--data", data, "--validation", validation, *FAST, "--graph", colours, "--json")
    train = ("train", "evaluator", "--node", "colours", *options)
    times = []
    for _ in range(2):
        failed = run(*train)
        assert failed.status == 2
        assert "none of the held-out questions" in failed.json()["error"]["message"]
        assert colours.read_text() == graph
        (kept,) = colours.parent.glob("*.lessons")
        assert len(kept.read_text().splitlines()) == 39  # the second time nothing was searched for
        times.append(colours.with_name("colours.evaluator.safetensors").stat().st_mtime_ns)
    assert times[0] == times[1]  # nor was anything trained
    validation.write_text("\n".join(lines[45:]))
    done = run(*train)
    assert done.status == 0, done.err
    assert "its tau of -90 was made for another score" in done.err
    report = done.json()
    assert (report["questions"], report["too_long"]) == (39, 1)
    worker = open_graph(colours).worker("colours")
    assert (worker.tau, worker.alpha) == (-90, report["alpha"])
    assert not kept.exists()


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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"question": "Who knows?", "answers": []}, "holds no question with an answer"),
        ({"question": "Who knows?", "answers": [" "]}, "holds no question with an answer"),
    ],
)
def test_validation_without_an_answer_is_refused(
    line: dict[str, object], said: str, run: Run, data: Path, tmp_path: Path
) -> None:
    validation = tmp_path / "validation.jsonl"
    validation.write_text(json.dumps(line))
    options = ("--data", data, "--validation", validation, "--output", tmp_path / "mine.toml", "--json")
    refused = run("train", "evaluator", "--node", "chat", *options)
    assert refused.status == 2
    assert said in refused.json()["error"]["message"]
    assert refused.json()["error"]["hint"]


def test_what_could_not_be_written_is_refused_before_anything_is_searched(
    run: Run, graph_file: Path, data: Path, tmp_path: Path
) -> None:
    options = ("train", "evaluator", "--data", data, "--json")
    unfitted = run(*options, "--graph", graph_file, "--node", 'Koch "Ω" 1')
    assert unfitted.json()["error"]["type"] == "HeadError"
    nowhere = run(*options, "--node", "chat", "--output", tmp_path / "nowhere" / "mine.toml")
    assert nowhere.status == 2
    assert "nowhere" in nowhere.json()["error"]["message"]
    assert not list(tmp_path.rglob("*.lessons"))


def test_too_few_questions_are_refused(run: Run, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text(json.dumps({"question": "What?", "answers": ["that"]}))
    refused = run("train", "evaluator", "--node", "chat", "--data", few, "--output", tmp_path / "mine.toml", "--json")
    assert refused.status == 2
    assert "too few" in refused.json()["error"]["message"]
