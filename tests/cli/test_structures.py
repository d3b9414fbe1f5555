"""``octograph structures``, with the real model and a real file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run

NODE = """
[nodes.planner]
kind = "worker"
model = "{model}"
description = "Questions of counting"
reasoning = "self-discover"
max_tokens = 220
examples = ["I have a cat and a pear. How many pets do I have?"]

[[edges]]
from = "{master}"
to = "planner"
kind = "routes_to"
"""
QUERIES = (
    "I have two apples and a chair. How many fruits do I have?",
    "I have a cat, a dog and a pear. How many pets?",
)
FAILED = "no reasoning structure was discovered"
BY_HAND = {
    "format": "octograph-structure-1",
    "graph": "mine",
    "task": "planner",
    "model": "tiny",
    "worker": "planner",
    "origin": "discovered",
    "moment": "2026-01-05T12:00:00+00:00",
    "structure": {"steps": [{"key": "All", "what": "List everything"}], "final": "A number"},
    "modules": [],
    "adapted": [],
    "examples": [],
}


def test_a_structure_is_discovered_shown_edited_and_given_to_another_task(
    run: Run, graph_file: Path, data_dir: Path, tmp_path: Path
) -> None:
    from octograph.graph import open_graph

    graph = open_graph(graph_file)
    graph_file.write_text(graph_file.read_text() + NODE.format(model=graph.master.model, master=graph.master_name))
    named = ("--graph", graph_file)
    assert run("structures", "list", *named, "--json").json() == []
    found = run("structures", "discover", "planner", *QUERIES, *named, "--json")
    file = tmp_path / "plan.json"
    if found.status == 0:
        stored = found.json()
        assert (stored["task"], stored["origin"], stored["examples"]) == ("planner", "discovered", list(QUERIES))
    else:  # so small a model can fail, and says so
        assert FAILED in found.json()["error"]["message"]
        file.write_text(json.dumps(BY_HAND))
        stored = run("structures", "import", file, *named, "--json").json()
    shown = run("structures", "show", "planner", *named)
    assert shown.out.startswith("1. ")
    assert "Final answer: " in shown.out
    assert run("structures", "export", "planner", file, *named).status == 0
    document = json.loads(file.read_text())
    document["structure"]["steps"] = [{"key": "Things", "what": "List the things that count"}]
    file.write_text(json.dumps(document))
    assert run("structures", "import", file, *named, "--json").json()["origin"] == "edited"
    given = run("structures", "import", file, "--task", "planner/sums", *named, "--json").json()
    assert (given["origin"], given["model"]) == ("imported", stored["model"])
    assert [one["task"] for one in run("structures", "list", *named, "--json").json()] == ["planner", "planner/sums"]
    # The worker fills the edited one.
    assert run("train", "router", *named).status == 0
    asked = run("ask", QUERIES[0], "--worker", "planner", *named, "--json")
    turn = asked.json()
    (event,) = [event for event in turn["trace"] if event["kind"] == "structured"]
    assert event["calls"] == 0
    assert [step["key"] for step in event["structure"]["steps"]] == ["Things"]
    assert run("structures", "remove", "planner", *named).status == 0
    assert run("structures", "show", "planner", *named, "--json").status == 2


def test_what_is_no_structure_is_refused(run: Run, graph_file: Path, data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    for command in (
        ("import", file),
        ("import", tmp_path / "missing.json"),
        ("show", "nothing"),
        ("export", "nothing", file),
        ("discover", "cook", "How many?"),
    ):
        refused = run("structures", *command, "--graph", graph_file, "--json")
        assert refused.status == 2, command
        assert refused.json()["error"]["hint"]


def test_questions_are_answered_with_a_structure_in_n_plus_three_calls(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "questions.jsonl"
    data.write_text("\n".join(json.dumps({"question": query, "answers": ["2"]}) for query in QUERIES))
    options = ("--worker", "knowledge", "--reasoning", "self-discover", "--json")
    for form in ("json", "text"):
        done = run("eval", "answers", data, *options, "--structure", form)
        if done.status != 0:
            assert FAILED in done.json()["error"]["message"]
            continue
        assert done.json()["n"] == 2
        assert "discovered in 3 calls" in done.err
