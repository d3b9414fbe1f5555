"""The pseudo-terminal that tests and benchmarks look at the app through."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.testing.screen import Screen
from octograph.testing.terminal import Terminal
from tests.tui.hostile import CORPUS

WRITTEN = ("\x1b[1;38;2;24;48;2;31;40;50mHelp" + " ".join(CORPUS.values())).encode(errors="replace")
READER = "import sys; print('ready', flush=True); print('got', sys.stdin.readline().strip(), flush=True)"


def shown(pieces: Sequence[bytes]) -> Screen:
    screen = Screen(80, 24)
    for piece in pieces:
        screen.feed(piece)
    return screen


@given(st.lists(st.integers(0, len(WRITTEN))))
def test_it_does_not_matter_how_the_bytes_come(cuts: Sequence[int]) -> None:
    places = [0, *sorted(cuts), len(WRITTEN)]
    pieces = [WRITTEN[begin:end] for begin, end in pairwise(places)]
    whole, torn = shown([WRITTEN]), shown(pieces)
    assert torn.text == whole.text
    assert torn.controls == whole.controls
    assert torn.unfinished == whole.unfinished


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("over\rOV", ["OVer"]),
        ("a\bb", ["b"]),
        ("\x1b[2;3Hc\x1b[Hd", ["d", "  c"]),
        ("gone\x1b[2J\x1b[Hhere", ["here"]),
        ("\x1b[1mb\x1b[0m 漢字\x1b[1;7H|", ["b 漢字|"]),
        ("e\u0301", ["e\u0301"]),
        ("\x1b[1;79Htoo long", [" " * 78 + "to"]),
    ],
)
def test_the_cursor_goes_where_a_terminals_would(written: str, lines: Sequence[str]) -> None:
    assert shown([written.encode()]).text.rstrip("\n").splitlines() == lines


@pytest.mark.parametrize(
    ("written", "kind", "name", "body"),
    [
        ("\x1b[31m", "CSI", "m", "31m"),
        ("\x1b[?2004h", "CSI", "?2004h", "?2004h"),
        ("\x1b[>c", "CSI", ">c", ">c"),
        ("\x1b]52;c;AAAA\x07", "OSC", "52", "52;c;AAAA"),
        ("\x1b]0;title\x1b\\", "OSC", "0", "0;title"),
        ("\x1b_Ga=T;AAAA\x1b\\", "APC", "Ga=T", "Ga=T;AAAA"),
        ("\x1bPq\x1b\\", "DCS", "q", "q"),
        ("\x1bc", "ESC", "c", "c"),
        ("\x9b", "C1", "\x9b", "\x9b"),
        ("\x07", "C0", "\x07", "\x07"),
        ("\x1b[4 7", "cut", "[", "[4 "),
    ],
)
def test_what_a_terminal_obeys_is_told(written: str, kind: str, name: str, body: str) -> None:
    (control,) = shown([written.encode()]).controls
    assert (control.kind, control.name, control.body) == (kind, name, body)


def test_keys_reach_the_program_and_its_words_the_screen() -> None:
    with Terminal([sys.executable, "-c", READER], columns=40, lines=5) as terminal:
        assert terminal.wait(lambda text: "ready" in text) > terminal.started
        pressed = terminal.press("a key\r")
        assert terminal.wait(lambda text: "got a key" in text) > pressed
        terminal.settle(0.1)
    assert b"got a key" in terminal.written


def program(words: str) -> Terminal:
    return Terminal([sys.executable, "-c", f"import signal, time\n{words}"])


def test_what_never_comes_is_told_with_the_screen() -> None:
    slow, told = "print('here', flush=True); time.sleep(60)", r"not there after 1\.0 s(.|\n)*here"
    with program(slow) as terminal, pytest.raises(TimeoutError, match=told):
        terminal.wait(lambda text: "there" in text, seconds=1.0)
    with program("print('bye')") as terminal, pytest.raises(TimeoutError, match=r"the program ended(.|\n)*bye"):
        terminal.wait(lambda text: "there" in text)


def test_a_program_that_does_not_want_to_end_is_ended() -> None:
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
    with program(stubborn) as terminal:
        terminal.wait(lambda text: "ready" in text)
