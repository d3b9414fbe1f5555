"""``octograph train technique``, with the real model."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.agents.evaluation.techniques import TECHNIQUES_BY_NAME
from octograph.cli.parser import make_parser
from octograph.graph import open_graph
from octograph.graph.bundled import bundled_folder

if TYPE_CHECKING:
    from tests.cli.conftest import Run

COOK = 'Koch "Ω" 1'
PROBLEMS = (
    ("Tom has 3 apples and buys 4 more. How many apples does he have?", "7"),
    ("There are 10 birds on a wire and 3 fly away. How many birds are left?", "7"),
    ("A box holds 6 eggs. How many eggs are in 4 boxes?", "24"),
    ("Anna had 12 pens and gave 5 to Ben. How many pens has she left?", "7"),
    ("A book costs 8 dollars. What do 3 books cost?", "24"),
    ("Sam walks 2 miles a day. How many miles does he walk in 5 days?", "10"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "sums.jsonl"
    lines = [{"question": question, "answers": [answer]} for question, answer in PROBLEMS]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_the_technique_that_is_worth_its_cost_is_written_into_the_graph(run: Run, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    techniques = ("--technique", "self-consistency", "--technique", "direct")
    done = run("train", "technique", "--node", "reasoning", "--data", data, *techniques, "--output", target, "--json")
    assert done.status == 0, done.err
    report = done.json()
    direct, voted = sorted(report["techniques"], key=lambda one: one["tokens_per_question"])
    assert (direct["technique"], voted["technique"]) == ("direct", "self-consistency")
    assert 1 < direct["tokens_per_question"] <= 200 < voted["tokens_per_question"] <= 2000
    for one in (direct, voted):
        assert one["n"] == report["questions"] == 6
        assert one["share_interval"][0] <= one["right"] / 6 <= one["share_interval"][1]
        assert one["seconds"] > 0
    (comparison,) = report["comparisons"]
    assert comparison["better"] - comparison["worse"] == voted["right"] - direct["right"]
    assert report["chosen"] == ("self-consistency" if comparison["p"] <= 0.05 else "direct")
    before, after = open_graph("embedded").worker("reasoning"), open_graph(target).worker("reasoning")
    assert TECHNIQUES_BY_NAME[report["chosen"]].is_of(after)
    assert after.measured == report["measured"]
    assert " right of 6 questions of sums.jsonl by " in after.measured
    assert (after.system, after.adapter, after.max_tokens) == (before.system, before.adapter, before.max_tokens)
    assert run("graph", "check", "--graph", target).status == 0


def test_a_chosen_technique_replaces_all_of_the_one_before(run: Run, data: Path, tmp_path: Path) -> None:
    graph_file, bundled = tmp_path / "mine.toml", (bundled_folder() / "embedded.toml").read_text(encoding="utf-8")
    shared = 'examples = "embedded.examples.toml"'
    # Three tokens are too few for any text to count, so its own technique fails at all questions.
    before = 'max_tokens = 3\ndecoding = "cot"\nbranches = 3\nbranch_at = 1\nstructure = "text"\ntau = -9.0'
    graph_file.write_text(
        bundled.replace(shared, f'{shared}\nhead = "embedded.head.safetensors"').replace("max_tokens = 200", before)
    )
    text, worker = graph_file.read_text(), open_graph(graph_file).worker("reasoning")
    assert (worker.decoding, worker.max_tokens) == ("cot", 3)
    named = ("--graph", graph_file, "--node", "reasoning", "--data", data, "--technique", "cot")
    failed = run("train", "technique", *named, "--json")
    assert failed.status == 1
    assert failed.json()["error"]["message"].startswith("it answered none of 6 questions: none of its 3 texts comes to")
    assert graph_file.read_text() == text
    done = run("train", "technique", *named, "--technique", "direct")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].split()[:4] == ["technique", "right", "of", "6"]
    assert lines[1].startswith("direct ")
    assert lines[2].startswith("cot                failed: it answered none of 6 questions: ")
    assert lines[-1] == "chosen: direct (nothing else was measured)"
    assert "train evaluator" in done.err
    after = open_graph(graph_file).worker("reasoning")
    assert after.measured.endswith(" right of 6 questions of sums.jsonl by direct")
    assert after == replace(
        worker, decoding="greedy", branches=None, branch_at=0, structure="json", measured=after.measured
    )


@pytest.mark.slow
def test_both_forms_are_measured_with_one_structure(run: Run, data: Path, tmp_path: Path) -> None:
    techniques = [word for name in ("direct", "structure-json", "structure-text") for word in ("--technique", name)]
    options = ("--node", "reasoning", "--data", data, "--output", tmp_path / "mine.toml", "--json")
    done = run("train", "technique", *options, *techniques)
    assert done.status == 0, done.err
    report = done.json()
    assert {one["technique"] for one in report["techniques"]} | set(report["failed"]) == set(techniques[1::2])
    assert done.err.count("discovered in 3 calls") == 1


def test_what_a_worker_cannot_do_is_left_out_unless_it_was_named(run: Run, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    options = ("train", "technique", "--node", "extraction", "--data", data, "--output", target, "--json")
    done = run(*options, "--limit", "5")
    assert done.status == 0, done.err
    report = done.json()
    assert report["chosen"] == "direct"
    assert set(report["left_out"]) == {"cot", "self-consistency", "structure-json", "structure-text"}
    assert "writes no JSON" in report["left_out"]["cot"]
    assert "cot is left out: " in done.err
    target.unlink()
    for technique in ("cot", "program", "structure-json"):
        refused = run(*options, "--technique", "direct", "--technique", technique)
        assert refused.status == 2
        assert "'extraction' cannot do that" in refused.json()["error"]["message"]
        assert not target.exists()


@pytest.mark.parametrize(
    ("node", "options", "said"),
    [
        ("calculator", (), "is a tool"),
        ("translation", (), "declines"),
        ("nobody", (), "no node 'nobody'"),
        ("router", (), "'router'"),
        ("reasoning", ("--limit", "4"), "4 questions are too few"),
        ("reasoning", ("--output", "/nowhere/mine.toml"), "'/nowhere/mine.toml'"),
        ("reasoning", ("--output", None), "is a bundled graph"),
    ],
)
def test_bad_input_is_refused(
    run: Run, data: Path, tmp_path: Path, node: str, options: tuple[str | None, ...], said: str
) -> None:
    target = tmp_path / "mine.toml"
    given = [one for one in options if one is not None and options[-1] is not None]
    output = () if "--output" in options else ("--output", target)
    refused = run("train", "technique", "--node", node, "--data", data, *output, *given, "--json")
    assert refused.status == 2
    error = refused.json()["error"]
    assert said in error["message"]
    assert error["hint"]
    assert not target.exists()


def test_a_graph_that_could_not_be_written_is_refused_before_anything_is_measured(
    run: Run, graph_file: Path, data: Path
) -> None:
    refused = run("train", "technique", "--graph", graph_file, "--node", COOK, "--data", data, "--json")
    assert refused.status == 1
    assert refused.json()["error"]["type"] == "HeadError"


def test_an_unknown_technique_is_refused_and_the_known_ones_are_offered(run: Run, data: Path) -> None:
    refused = run("train", "technique", "--node", "reasoning", "--data", data, "--technique", "luck")
    assert refused.status == 2
    assert "'luck'" in refused.err
    (option,) = [one for one in _options("train", "technique") if "--technique" in one.option_strings]
    assert tuple(option.choices or ()) == tuple(TECHNIQUES_BY_NAME)


def _options(*names: str) -> list[argparse.Action]:
    parser = make_parser()
    for name in names:
        (group,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        parser = group.choices[name]
    return parser._actions


def test_ctrl_c_writes_nothing(interrupted: Run, tmp_path: Path) -> None:
    data, target = tmp_path / "data.jsonl", tmp_path / "mine.toml"
    story = {"question": "Write a long story about a lighthouse keeper and his dog.", "answers": ["no"]}
    data.write_text(f"{json.dumps(story)}\n" * 200)
    command = ("train", "technique", "--node", "chat", "--data", data, "--technique", "direct", "--output", target)
    stopped = interrupted(*command, "--json")
    assert stopped.status == 130, stopped.err
    assert stopped.json()["error"]["type"] == "KeyboardInterrupt"
    assert [path.name for path in tmp_path.iterdir()] == ["data.jsonl"]
