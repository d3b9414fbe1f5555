"""``octograph judge``, with the real model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

QUESTION = "Where does the river Rhine rise?"
FITTING, SENSELESS = "It rises in the Swiss Alps.", "Seven green of yesterday swims."
CONTEXT = "The Rhine is a major river of Europe. It rises in the Swiss Alps and flows into the North Sea."
OWN = """
[aspects.brevity]
description = "A brief answer says what has to be said and nothing else."

[aspects.relevance]
description = "Whether it fits."
template = "Say it again. It rises in the Swiss Alps. It rises in the Swiss Alps. {answer}"
"""


@pytest.fixture
def own_aspects(tmp_path: Path) -> Path:
    path = tmp_path / "aspects.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_answers_are_ranked(run: Run, tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_text(CONTEXT, encoding="utf-8")
    judged = run("judge", QUESTION, SENSELESS, FITTING, "--context", context, "--json")
    assert judged.status == 0, judged.err
    document = judged.json()
    assert {key: document[key] for key in ("question", "model", "node")} == {
        "question": QUESTION,
        "model": "smollm2",
        "node": None,
    }
    assert document["aspects"] == ["relevance", "fluency", "factuality"]
    assert [(one["rank"], one["answer"]) for one in document["answers"]] == [(1, FITTING), (2, SENSELESS)]
    for one in document["answers"]:
        assert set(one) == {"rank", "answer", "scores", "mean"}
        assert list(one["scores"]) == document["aspects"]
        assert all(score < 0 for score in one["scores"].values())
        assert one["mean"] == pytest.approx(sum(one["scores"].values()) / 3)


def test_in_a_terminal_an_answer_is_one_line(run: Run) -> None:
    judged = run("judge", QUESTION, FITTING.replace(" in ", "\n in \x1b[31m"), "--aspect", "fluency")
    assert judged.status == 0, judged.err
    first, second = judged.out.splitlines()
    assert first.startswith("1. -")
    assert "It rises in" in first
    assert second.strip().startswith("fluency -")
    assert "\x1b" not in judged.out


def test_a_file_of_aspects(run: Run, own_aspects: Path) -> None:
    def scores(*options: str | Path) -> dict[str, float]:
        document = run("judge", QUESTION, FITTING, *options, "--json").json()
        assert document["aspects"] == list(document["answers"][0]["scores"])
        found: dict[str, float] = document["answers"][0]["scores"]
        return found

    both = scores("--aspects", own_aspects)
    assert list(both) == ["brevity", "relevance"]
    # One's own aspect takes the place of a built-in one of its name: here the answer is nothing but expected.
    assert both["relevance"] > -0.5 > both["brevity"]
    chosen = scores("--aspects", own_aspects, "--aspect", "fluency", "--aspect", "brevity", "--aspect", "fluency")
    assert list(chosen) == ["fluency", "brevity"]


def test_a_worker_judges_with_its_adapter(run: Run) -> None:
    trained = "Not in the documents."
    judged = run("judge", QUESTION, FITTING, trained, "--aspect", "relevance", "--node", "reader", "--json")
    document = judged.json()
    assert (document["model"], document["node"]) == ("smollm2", "reader")
    # Without the adapter this comes last.
    assert document["answers"][0]["answer"] == trained


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--node", "calculator"), "'calculator' is a tool"),
        (("--node", "translation"), "'translation' declines"),
        (("--node", "chat", "--graph", "hybrid"), "'chat' has its model at a server"),
        (("--node", "nobody"), "'nobody'"),
        (("--aspect", "relevence"), "there is no aspect 'relevence'"),
        (("--aspects", "/nowhere/a.toml"), "/nowhere/a.toml: there is no such file"),
        (("--context", "/nowhere/c.txt"), "'/nowhere/c.txt'"),
        (("--context", "/"), "'/'"),
        (("",), "answer 2 is empty"),
    ],
)
def test_what_cannot_be_done_is_refused(run: Run, options: tuple[str, ...], said: str) -> None:
    refused = run("judge", QUESTION, FITTING, *options, "--json")
    assert refused.status == 2
    error = refused.json()["error"]
    assert said in error["message"]
    assert error["hint"]


def test_a_slip_in_the_file_of_aspects_is_told_with_its_mend(run: Run, own_aspects: Path) -> None:
    own_aspects.write_text(OWN.replace("{answer}", ""), encoding="utf-8")
    refused = run("judge", QUESTION, FITTING, "--aspects", own_aspects)
    assert (refused.status, refused.out) == (2, "")
    assert f"{own_aspects}: aspects.relevance.template: has no place for the answer" in refused.err
    assert "End the template with {answer}" in refused.err


def test_there_is_an_answer_to_judge(run: Run) -> None:
    assert run("judge", QUESTION).status == 2


def test_a_context_that_is_no_text_or_too_long(run: Run, tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_bytes(b"caf\xe9")
    assert "Give a text file in UTF-8" in run("judge", QUESTION, FITTING, "--context", context).err
    context.write_text("word " * 9000, encoding="utf-8")
    failed = run("judge", QUESTION, FITTING, "--context", context, "--json")
    assert failed.status == 5
    assert failed.json()["error"]["type"] == "ContextOverflowError"


@pytest.mark.parametrize("argv", [[b"caf\xe9", "yes"], ["Where?", b"caf\xe9"]])
def test_bytes_that_are_no_text(run_process: Run, argv: list[str | bytes]) -> None:
    failed = run_process("judge", *argv, "--json")
    assert failed.status == 2
    assert failed.json()["error"]["type"] == "UsageError"


def test_ctrl_c_ends_it(octograph_command: tuple[str, ...], tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_text("The lighthouse keeper and his dog look out to sea. " * 500, encoding="utf-8")
    process = subprocess.Popen(
        [*octograph_command, "judge", QUESTION, FITTING, "--context", str(context), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not psutil.Process(process.pid).children():  # the model's host
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    time.sleep(3)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out)["error"]["type"] == "KeyboardInterrupt"
