"""Nothing that a model, a document, a graph or an error says is obeyed by the terminal; read where it arrives."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.terminal import plain
from octograph.testing.screen import Control, Screen
from octograph.testing.terminal import Terminal
from tests.tui.hostile import CORPUS, MARKS, NODES

ROOT = Path(__file__).parents[2]
COLUMNS, LINES = 140, 90
ESCAPE, ENTER, PAGE_UP, PAGE_DOWN, UP, DOWN, CTRL_UP = (
    "\x1b",
    "\r",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[A",
    "\x1b[B",
    "\x1b[1;5A",
)
F1, F2, F3, F4, F5, F8 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[19~"
CTRL_P, CTRL_Q, CTRL_T = "\x10", "\x11", "\x14"
PATIENCE = 120.0
QUIET = 0.1
"""Seconds without output after which the next key is pressed; the cursor blinks every half a second."""
ALONE = 0.4
"""Seconds after Esc, which with a key that followed at once would be another key."""
DIALOG = "╭─ "
ASKED = ("whole", "pieces", "tool", "none", "passages", "passed", "plan", "error", "bug")
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def press(terminal: Terminal, *keys: str) -> None:
    """Press keys, each once the one before has been dealt with."""
    for key in keys:
        terminal.press(key)
        terminal.settle(ALONE if key == ESCAPE else QUIET)


def go(terminal: Terminal, key: str, mark: str) -> None:
    """Go to what has a mark on it; a key that was lost on the way is pressed again."""
    for _ in range(5):
        terminal.press(key)
        with suppress(TimeoutError):
            terminal.wait(lambda text: mark in text, seconds=10.0)
            break
    terminal.settle(QUIET)
    assert mark in terminal.screen.text, terminal.screen.text


def visit(terminal: Terminal, key: str, mark: str, *keys: str) -> None:
    """Open what has a mark on it, press keys there, and leave it."""
    go(terminal, key, mark)
    press(terminal, *keys)
    while mark in terminal.screen.text:
        press(terminal, ESCAPE)
        with suppress(TimeoutError):  # there may be something else above it
            terminal.wait(lambda text: mark not in text, seconds=2.0)


def chat(terminal: Terminal) -> None:
    """See every turn of the old conversation, every question in the prompt, every event, and the threads."""
    press(terminal, *[PAGE_UP] * 40, *[UP] * 36, *[DOWN] * 36)
    for question in ASKED:
        press(terminal, question, ENTER)
        terminal.wait(is_ready, seconds=PATIENCE)
    visit(terminal, CTRL_T, "Rename", *[DOWN] * len(CORPUS), "e", ESCAPE, "d", "n", ESCAPE, "/", "safe")


def around(terminal: Terminal) -> None:
    """See what there is around a conversation: its details and passages, the graph, documents, lists to choose from."""
    visit(terminal, F3, "Why this model?", *[PAGE_DOWN] * 6, *[UP] * 4)
    visit(terminal, F4, "─ Documents", *[DOWN] * 8, "d")
    for _ in range(NODES + 3):
        press(terminal, F5, DOWN)
        visit(terminal, ENTER, DIALOG)
    press(terminal, ESCAPE)
    visit(terminal, F8, "Parting", *[PAGE_DOWN] * 4)
    go(terminal, CTRL_UP, "Copy")
    go(terminal, "o", "Read")
    visit(terminal, ENTER, "─ Passage", DOWN)
    press(terminal, ESCAPE)
    go(terminal, CTRL_UP, "Copy")
    for key, mark in (("a", DIALOG), ("b", "Which block?"), ("m", DIALOG), ("w", "Why this model?")):
        visit(terminal, key, mark, DOWN, DOWN)
    press(terminal, ESCAPE)
    for key, mark in ((F1, "─ Keys"), (F2, "Settings"), (CTRL_P, "Find an action")):
        visit(terminal, key, mark, DOWN)
    go(terminal, CTRL_UP, "Copy")
    go(terminal, "e", "Send")


def broken(terminal: Terminal) -> None:
    """See why the graph cannot be opened."""
    press(terminal, *[PAGE_UP] * 4)


STAGES = {"chat": chat, "around": around, "broken": broken}


def is_ready(text: str) -> bool:
    return "ready" in text or "could not be opened" in text


def stage_of(words: str, stage: str, **environment: str) -> Terminal:
    """Start the app with the words."""
    command = [sys.executable, "-m", "tests.tui.hostile", words, stage]
    known = {"PYTHONPATH": str(ROOT)}
    return Terminal(command, columns=COLUMNS, lines=LINES, environment={**known, **environment})


def played(words: str, stage: str) -> Terminal:
    """Play a stage with the words, leave the app, and return the terminal that it was in."""
    with stage_of(words, stage) as terminal:
        terminal.wait(is_ready, seconds=PATIENCE)
        terminal.settle(QUIET)
        assert ("could not be opened" in terminal.screen.text) is (stage == "broken")
        STAGES[stage](terminal)
        terminal.press(CTRL_Q)
        terminal.settle(2.0)
    return terminal


def kinds(controls: Iterable[Control]) -> set[tuple[str, str]]:
    return {(each.kind, each.name) for each in controls}


@pytest.mark.parametrize("stage", ["chat", "broken", pytest.param("around", marks=pytest.mark.slow)])
def test_the_terminal_gets_what_it_gets_for_harmless_words_and_no_more(stage: str) -> None:
    hostile, tame = played("hostile", stage), played("harmless", stage)
    controls = hostile.screen.controls
    assert hostile.screen.unfinished == ""
    assert kinds(controls) - kinds(tame.screen.controls) == set()
    assert [each for each in controls if any(mark in each.body for mark in MARKS)] == []
    places = {each.body for each in controls if (each.kind, each.name) == ("CSI", "H")}
    assert places <= {"H", *(f"{row};{column}H" for row in range(1, LINES + 1) for column in range(1, COLUMNS + 1))}
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
        terminal.press(CTRL_Q)
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
