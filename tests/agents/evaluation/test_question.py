"""Questions and the answers that are right, as files hold them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from octograph.agents.evaluation.question import Question, read_questions
from octograph.errors import UsageError
from octograph.nodes.worker import Evidence


def written(path: Path, *lines: object) -> Path:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["data.jsonl", "data.jsonl.gz"])
def test_lines_are_read_with_what_is_optional(tmp_path: Path, name: str) -> None:
    path = written(
        tmp_path / name,
        {"question": "How many?", "answers": ["7"], "id": 3},
        {"question": "Who?", "answers": ["Anna", "she"], "context": "Anna did.", "title": "Lease"},
        {"question": "Which?", "answers": ["B"], "choices": ["red", "blue"], "context": None},
        {"question": "Who knows?", "answers": []},
    )
    assert read_questions(path) == [
        Question(text="How many?", answers=("7",)),
        Question(
            text="Who?", answers=("Anna", "she"), passages=(Evidence(text="Anna did.", title="Lease", weight=1.0),)
        ),
        Question(text="Which?", answers=("B",), choices=("red", "blue")),
        Question(text="Who knows?", answers=()),
    ]


def test_choices_are_asked_with_letters() -> None:
    question = Question(text="Which?", answers=("(B)", "RED."), choices=("red", "blue", "green"))
    assert question.asked == "Which?\n(A) red\n(B) blue\n(C) green"
    assert question.right_choices == {0, 1}
    assert Question(text="Which?", answers=("x",)).asked == "Which?"


def test_a_limit_gives_a_sample_that_the_seed_repeats(tmp_path: Path) -> None:
    path = written(tmp_path / "data.jsonl", *({"question": f"q{n}", "answers": ["x"]} for n in range(50)))
    one, same, other = (read_questions(path, limit=5, seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    assert len(one) == 5


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ([], "no object"),
        ({"answers": ["x"]}, "'question' is missing"),
        ({"question": " ", "answers": ["x"]}, "the question is empty"),
        ({"question": 7, "answers": ["x"]}, "'question' is missing or no text"),
        ({"question": "x"}, "'answers' is missing"),
        ({"question": "x", "answers": "x"}, "'answers' is missing or no list of texts"),
        ({"question": "x", "answers": [7]}, "'answers' is missing or no list of texts"),
        ({"question": "x", "answers": ["x"], "context": 7}, "'context' is missing or no text"),
        ({"question": "x", "answers": ["x"], "choices": "ab"}, "'choices' is missing or no list of texts"),
        ({"question": "x", "answers": ["x"], "choices": ["red", "blue"]}, "the answer 'x' is none of the choices"),
        ({"question": "x", "answers": ["a"], "choices": [*"abcdefghijklmnopqrstuvwxyz!"]}, "27 choices"),
        ({"question": "\ud800", "answers": ["x"]}, "'question' is not valid Unicode"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: object, complaint: str) -> None:
    path = written(tmp_path / "data.jsonl", {"question": "first", "answers": ["x"]}, line)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_questions(path)
    assert "line 2" in caught.value.message


def test_a_file_without_lines_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lines") as caught:
        read_questions(written(tmp_path / "data.jsonl"))
    assert '"answers"' in caught.value.hint
