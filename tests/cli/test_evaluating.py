"""``octograph eval answers``, with the real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SUMS, COOK = "it's_sums", 'Koch "Ω" 1'
KEYS = {"n", "exact_match", "f1", "numeric_match", "seconds", "tokens_per_second"}


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_model_is_measured_and_its_predictions_are_written(run: Run, graph_file: Path, tmp_path: Path) -> None:
    data = written(
        tmp_path / "data.jsonl",
        {"question": "How long do I boil an egg, in minutes?", "answers": ["7"]},
        {"question": "Who calls?", "answers": ["Anna"], "context": "Anna calls the supplier.", "title": "Notes"},
        {"question": "What is a leek?", "answers": ["A"], "choices": ["a vegetable", "a fish"]},
    )
    predictions = tmp_path / "predictions.jsonl"
    done = run(
        "eval", "answers", data, "--graph", graph_file, "--worker", COOK, "--decoding", "sample", "--reasoning", "none",
        "--predictions", predictions, "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    scores = done.json()
    assert set(scores) >= KEYS
    assert (scores["n"], scores["numeric_n"], scores["unanswered"]) == (3, 1, 0)
    assert scores["tokens_per_second"] > 0
    assert 0 <= scores["exact_match_interval"][0] <= scores["exact_match_interval"][1] <= 1
    lines = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    assert [line["question"] for line in lines] == [
        "How long do I boil an egg, in minutes?",
        "Who calls?",
        "What is a leek?\n(A) a vegetable\n(B) a fish",
    ]
    assert all(line["prediction"] and 0 < line["tokens"] <= 12 and line["worker"] == COOK for line in lines)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.jsonl", "graphs", "predictions.jsonl"]


def test_a_tool_is_measured(run: Run, tmp_path: Path) -> None:
    data = written(
        tmp_path / "data.jsonl",
        {"question": "What is 48 * 17?", "answers": ["816"]},
        {"question": "1000 * 2", "answers": ["2,000.0"]},
        {"question": "Who was Ada Lovelace?", "answers": ["12"]},
    )
    scores = run("eval", "answers", data, "--worker", "calculator", "--json").json()
    assert scores["numeric_match"] == pytest.approx(2 / 3)
    assert (scores["tokens_per_second"], scores["unanswered"]) == (None, 1)
    shown = run("eval", "answers", data, "--worker", "calculator", "--limit", "2")
    assert shown.status == 0
    assert shown.out.startswith("n                  2\nexact_match        0.0000  (95 %: 0.0000 to 0.6576)\n")


def test_the_whole_graph_is_measured_and_no_conversation_is_kept(run: Run, tmp_path: Path, data_dir: Path) -> None:
    data = written(tmp_path / "data.jsonl", {"question": "What is 48 * 17?", "answers": ["816"]})
    scores = run("eval", "answers", data, "--json").json()
    assert (scores["n"], scores["numeric_match"]) == (1, 1.0)
    assert run("threads", "list", "--json").json() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--worker", "extraction", "--decoding", "cot"), "the decoding 'cot' writes no JSON"),
        (("--worker", "math", "--reasoning", "self-discover"), "filled in one text of its own form"),
        (("--worker", "calculator", "--decoding", "greedy"), "'calculator' is a tool, which has no --decoding"),
        (("--decoding", "sample"), "change one worker"),
        (("--worker", "nobody"), "no node 'nobody'"),
        (("--worker", "math", "--predictions", "/nowhere/p.jsonl"), "'/nowhere/p.jsonl'"),
        (("--worker", "math", "--predictions", "/"), "'/'"),
    ],
)
def test_what_cannot_be_done_is_refused(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    data = written(tmp_path / "data.jsonl", {"question": "1 + 1", "answers": ["2"]})
    refused = run("eval", "answers", data, *options, "--json")
    assert refused.status == 2
    error = refused.json()["error"]
    assert said in error["message"]
    assert error["hint"]


def test_ctrl_c_ends_it_at_once(interrupted: Run, tmp_path: Path) -> None:
    story = {"question": "Write a long story about a lighthouse keeper and his dog.", "answers": ["no"]}
    data = written(tmp_path / "data.jsonl", *[story] * 50)
    predictions = tmp_path / "predictions.jsonl"
    stopped = interrupted("eval", "answers", data, "--worker", "writing", "--json", "--predictions", predictions)
    assert stopped.status == 130, stopped.err
    assert stopped.json()["error"]["type"] == "KeyboardInterrupt"
    assert not predictions.exists()
