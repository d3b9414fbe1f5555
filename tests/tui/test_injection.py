"""Nothing that a model, a document, a graph or an error says is obeyed by the terminal; read where it arrives."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.terminal import plain
from octograph.testing.screen import Control, Screen
from octograph.testing.terminal import Terminal
from tests.tui.hostile import CORPUS, MARKS

ROOT = Path(__file__).parents[2]
COLUMNS, LINES = 140, 90
PAGE_UP, UP, DOWN = "\x1b[5~", "\x1b[A", "\x1b[B"
PATIENCE = 120.0
QUIET = 0.1
"""Seconds without output after which the next key is pressed; the cursor blinks every half a second."""
ASKED = ("whole", "pieces", "tool", "none", "passages", "passed", "plan", "error", "bug")
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def chat(terminal: Terminal) -> None:
    """See every turn of the old conversation, every question in the prompt, every event, and the threads."""
    terminal.wait(lambda text: "ready" in text, seconds=PATIENCE)
    terminal.settle(QUIET)
    for key in [*[PAGE_UP] * 40, *[UP] * 36, *[DOWN] * 36]:
        terminal.press(key)
        terminal.settle(QUIET)
    for question in ASKED:
        terminal.press(f"{question}\r")
        terminal.settle(QUIET)
        terminal.wait(lambda text: "ready" in text, seconds=PATIENCE)
    terminal.press("\x14")
    terminal.settle(QUIET)
    for key in [*[DOWN] * len(CORPUS), "d", "n", "\x1b"]:
        terminal.press(key)
        terminal.settle(QUIET)


def broken(terminal: Terminal) -> None:
    """See why the graph cannot be opened."""
    terminal.wait(lambda text: "could not be opened" in text, seconds=PATIENCE)
    terminal.settle(QUIET)


STAGES = {"chat": chat, "broken": broken}


def stage_of(words: str, stage: str, **environment: str) -> Terminal:
    """Start the app with the words."""
    command = [sys.executable, "-m", "tests.tui.hostile", words, stage]
    known = {"PYTHONPATH": str(ROOT)}
    return Terminal(command, columns=COLUMNS, lines=LINES, environment={**known, **environment})


def played(words: str, stage: str) -> Terminal:
    """Play a stage with the words, leave the app, and return the terminal that it was in."""
    with stage_of(words, stage) as terminal:
        STAGES[stage](terminal)
        terminal.press("\x11")
        terminal.settle(2.0)
    return terminal


def kinds(controls: Iterable[Control]) -> set[tuple[str, str]]:
    return {(each.kind, each.name) for each in controls}


@pytest.mark.parametrize("stage", list(STAGES))
def test_the_terminal_gets_what_it_gets_for_harmless_words_and_no_more(stage: str) -> None:
    hostile, tame = played("hostile", stage), played("harmless", stage)
    controls = hostile.screen.controls
    assert hostile.screen.unfinished == ""
    assert kinds(controls) - kinds(tame.screen.controls) == set()
    assert [each for each in controls if any(mark in each.body for mark in MARKS)] == []
    places = [
        each.body[:-1].split(";") for each in controls if (each.kind, each.name) == ("CSI", "H") and each.body != "H"
    ]
    assert all(int(row) <= LINES and int(column) <= COLUMNS for row, column in places)
    written = bytes(hostile.written).decode()  # strictly: no halves of characters, no eight bit controls
    assert [each for each in DIRECTIONS if each in written] == []
    assert all(mark in written for mark in MARKS)  # they were shown


def test_a_link_that_is_clicked_is_shown_and_not_opened(tmp_path: Path) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho $1 > {opened}\n")
    browser.chmod(0o755)
    with stage_of("hostile", "link", BROWSER=f"{browser} %s") as terminal:
        terminal.wait(lambda text: " there" in text, seconds=PATIENCE)
        terminal.settle(QUIET)
        lines = terminal.screen.text.splitlines()
        row = next(number for number, line in enumerate(lines, start=1) if " there" in line)
        place = f"{lines[row - 1].index('there') + 2};{row}"
        terminal.press(f"\x1b[<0;{place}M\x1b[<0;{place}m")
        terminal.wait(lambda text: "The link leads to https://e.vil/owned" in text, seconds=PATIENCE)
        terminal.press("\x11")
        terminal.settle(2.0)
    assert not opened.exists()


def test_a_terminal_would_obey_the_corpus() -> None:
    """So the test above can fail."""
    obeyed = {name: Screen(COLUMNS, LINES) for name in CORPUS}
    for name, screen in obeyed.items():
        screen.feed(CORPUS[name].encode(errors="replace") + b" ")
    tame = {"directions", "halves of characters", "markup", "links", "images", "entities"}
    assert {name for name, screen in obeyed.items() if not (screen.controls or screen.unfinished)} == tame - {"images"}


# --- plain ----------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=())))
def test_plain_text_holds_nothing_to_obey_and_can_be_written(text: str) -> None:
    shown = plain(text)
    shown.encode()
    screen = Screen(80, 24)
    screen.feed(shown.replace("\n", "").replace("\t", "").encode())
    assert (screen.controls, screen.unfinished) == ([], "")
    assert not set(shown) & set(DIRECTIONS)


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_plain_text_is_made_piece_by_piece_as_it_is_made_at_once(before: str, after: str) -> None:
    assert plain(before) + plain(after) == plain(before + after)
    assert plain(plain(before)) == plain(before)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=DIRECTIONS) | st.sampled_from("\n\t")))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert plain(text) == text
