"""Evaluation data in files that are damaged."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from octograph.agents.evaluation.data import lines_of
from octograph.errors import UsageError

LINES = 20_000


def packed() -> bytes:
    draw = random.Random(0)
    return gzip.compress("".join(json.dumps({"n": draw.random()}) + "\n" for _ in range(LINES)).encode())


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_damaged_archive_is_named_with_the_last_line_that_was_read(tmp_path: Path, place: float) -> None:
    whole = packed()
    spot = int(place * len(whole))
    for name, content in (("cut", whole[:spot]), ("bad", whole[:spot] + b"\xff" * 40 + whole[spot + 40 :])):
        path = tmp_path / f"{name}.jsonl.gz"
        path.write_bytes(content)
        with pytest.raises(
            UsageError, match=rf"{name}.jsonl.gz' cannot be read( behind line \d+)?: |line \d+: "
        ) as caught:
            list(lines_of(path))
        assert caught.value.__cause__ is not None


@pytest.mark.parametrize("line", ["[" * 100_000, '{"n": ' + "9" * 5000 + "}"])
def test_a_line_that_python_cannot_read_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"n": 1}\n' + line)
    with pytest.raises(UsageError, match="line 2: cannot be read"):
        list(lines_of(path))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read: "):
        list(lines_of(path))
