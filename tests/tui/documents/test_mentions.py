from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.tui.documents.mentions import mentioned, open_mention, written
from octograph.tui.documents.pasted import pasted_paths
from octograph.tui.documents.paths import fitted, sayable, shown


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("@", ""),
        ("compare @docs/le", "docs/le"),
        ("(@docs", "docs"),
        ('@"my no', "my no"),
        (r"@my\ no", "my no"),
        ("@one @two", "two"),
        ("@~/x", "~/x"),
    ],
)
def test_a_mention_that_is_being_written_is_found(line: str, path: str) -> None:
    mention = open_mention(line)
    assert mention is not None
    assert mention.path == path


@pytest.mark.parametrize("line", ["", "me@example.org", "@one ", '@"one" ', "a@", "no mention"])
def test_no_mention_is_being_written(line: str) -> None:
    assert open_mention(line) is None


@given(st.text(min_size=1))
def test_what_is_written_is_read_again(path: str) -> None:
    for closed in (False, True):
        mention = open_mention(written(path, closed=closed).removesuffix('"' if closed else ""))
        assert mention is not None
        assert mention.path == path


def test_only_mentions_of_what_there_is_count(folder: Path) -> None:
    text = (
        'Compare @README.md, @docs/lease.md. and (@docs/plans) with @"docs/my notes.txt" and @docs/my\\ notes.txt, '
        f"not @nothing.md or me@README.md; @{folder}/src/router.py? And @README.md again, @{'x' * 5000}"
    )
    names = ["README.md", "docs/lease.md", "docs/plans", "docs/my notes.txt", "src/router.py"]
    assert mentioned(text, folder) == tuple(folder / name for name in names)


def test_a_mention_may_begin_at_home(as_home: Path, tmp_path: Path) -> None:
    assert mentioned("@~/README.md @~nobody-of-that-name/x", tmp_path) == (as_home / "README.md",)


def test_pasted_paths_come_in_many_forms(folder: Path) -> None:
    notes, lease = folder / "docs" / "my notes.txt", folder / "docs" / "lease.md"
    for text in (
        f"{notes}\n{lease}\n",
        f"'{notes}' '{lease}'",
        f'"{notes}"\n"{lease}"',
        f"{str(notes).replace(' ', chr(92) + ' ')} {lease}",
        f"{notes.as_uri()}\r\n{lease.as_uri()}",
        f"file://localhost{notes.as_posix().replace(' ', '%20')}\n  {lease}  ",
        "docs/my notes.txt\n./docs/lease.md",
    ):
        assert pasted_paths(text, folder) == (notes, lease), text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "README.md",  # a word; nothing says that it is meant as a file
        "/",
        "docs/lease.md is the lease",
        "docs/lease.md\nand more",
        "docs/nothing.md",
        "'docs/lease.md",
        "file://elsewhere.org/docs/lease.md",
        "https://example.org/docs/lease.md",
        "docs/lease.md\n" * 4000,
    ],
)
def test_other_text_is_no_path(folder: Path, text: str) -> None:
    assert pasted_paths(text, folder) == ()


def test_paths_are_shown_on_a_line_and_without_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    odd = os.fsdecode(b"/home/me/a\xff\n\x1b]0;x\x07.txt")
    assert shown(odd) == "~/a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}]0;x.txt"
    assert shown("/home/meander") == "/home/meander"
    assert not sayable(odd)
    assert sayable("Übung mit Leerzeichen.txt")


@given(st.text(max_size=40), st.integers(2, 30))
def test_a_shortened_path_fits_and_keeps_its_end(path: str, cells: int) -> None:
    from rich.cells import cell_len

    short = fitted(path, cells)
    assert cell_len(short) <= cells
    assert short == path or path.endswith(short[1:])
