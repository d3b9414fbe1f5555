"""Two branches side by side: what the lines say, how they are scrolled, and how it looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.pilot import Pilot

import octograph.tui
from octograph.agents import DoneStep, ThreadInfo, Turn
from octograph.tui.control.themes import DARK, LIGHT
from octograph.tui.drawing.strokes import ASCII, BLOCKS
from octograph.tui.screens.compare import CompareScreen
from octograph.tui.testing import ScriptedThreads
from octograph.tui.threads.comparing import branches, compared
from octograph.tui.widgets.comparison import Comparison

ReadScreen = Callable[[App[None]], str]
SnapCompare = Callable[..., bool]

WIDE, NARROW = (140, 45), (80, 24)


def turn(number: int | str, query: str, text: str, *, worker: str = "chat", score: float | None = None) -> Turn:
    return Turn(
        id=f"t{number}",
        thread="",
        query=query,
        status="answered",
        text=text,
        worker=worker,
        source="model",
        score=score,
    )


TREES = turn(1, "What grows in the shade?", "Ferns, hostas and ivy grow in the shade.", score=-0.42)
FRUIT = turn(2, "And which fruit?", "Currants, gooseberries and rhubarb bear fruit with three hours of sun.")
SUM = replace(turn(3, "What do 12 of them cost at 4.50?", "12 * 4.5 = 54", worker="calculator"), source="tool")
GUESS = turn("3.1", "What do a dozen cost at 4.50?", "A dozen costs about 50. " * 9, worker="math", score=-1.31)
NOBODY = Turn(id="t4", thread="", query="Who sells them?", status="abstained", text="I don't know.")
PLAN = replace(
    turn("4.1", "Add 20 % and write to the shop.", "64.8\n\nDear Sir or Madam, …", worker="writing"),
    steps=(
        DoneStep(worker="calculator", query="54 * 1.2", text="64.8", source="tool"),
        DoneStep(worker="writing", query="write", text="Dear Sir or Madam, …", source="model"),
    ),
)
LAST = turn("5.1", "Thank you.", "You are welcome.")
PARENT, FORK = [TREES, FRUIT, SUM, NOBODY], [TREES, FRUIT, GUESS, PLAN, LAST]


class Stage(App[None]):
    """Nothing but the screen."""

    CSS_PATH = Path(octograph.tui.__file__).parent / "octograph.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, threads: ScriptedThreads, others: Sequence[str] = ("fork",), *, theme: str = DARK.name) -> None:
        super().__init__()
        for each in (DARK, LIGHT):
            self.register_theme(each)
        self.theme = theme
        self.animation_level = "none"
        self.compare = CompareScreen(threads, "parent", others)

    def on_mount(self) -> None:
        self.push_screen(self.compare)


def threads(**conversations: list[Turn]) -> ScriptedThreads:
    titles = {"parent": "What grows in the shade?", "fork": "What grows in the shade? (fork)"}
    known = {"parent": PARENT, "fork": FORK, **conversations}
    return ScriptedThreads(conversations=known, titles={name: titles.get(name, name) for name in known})


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(5):
        await pilot.pause(0.04)


# --- the lines -----------------------------------------------------------------------------------------------


def lines(left: list[Turn], right: list[Turn], *, width: int = 80) -> list[str]:
    return [line.plain for line in compared(left, right, width=width, shown="both", strokes=BLOCKS).lines]


def test_what_both_have_stands_once_and_the_rest_beside_each_other() -> None:
    found = compared(PARENT, FORK, width=80, shown="both", strokes=BLOCKS)
    text = [line.plain for line in found.lines]
    assert sum("Ferns" in line for line in text) == 1
    assert text[found.parting].startswith("── here they part ──")
    row = next(line for line in text if "What do 12" in line)
    assert row.index("> What do 12") < row.index("│") < row.index("> What do a dozen")
    assert [text[line].partition("│")[0].strip() for line in found.turns] == [
        "> What grows in the shade?",
        "> And which fruit?",
        "> What do 12 of them cost at 4.50?",
        "> Who sells them?",
        "ends here",
    ]


def test_who_answered_and_how_sure_that_is() -> None:
    text = "\n".join(lines(PARENT, FORK))
    assert "  chat, g -0.42" in text
    assert "  calculator, exact" in text
    assert "  math, g -1.31" in text
    assert "  ○ abstained" in text
    assert "  calculator, then writing" in text


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (PARENT, PARENT, "they are the same"),
        ([], [], "they are the same"),
        ([SUM], [GUESS], "they have no turn in common"),
        (PARENT, PARENT[:2], "here they part"),
    ],
)
def test_how_they_hang_together_is_said(left: list[Turn], right: list[Turn], words: str) -> None:
    found = compared(left, right, width=80, shown="both", strokes=BLOCKS)
    assert words in found.lines[found.parting].plain


def test_without_blocks_nothing_but_letters_is_drawn() -> None:
    found = compared(PARENT[:3], FORK[:3], width=80, shown="both", strokes=ASCII)
    assert "".join(line.plain for line in found.lines).isascii()


TURNS = st.lists(
    st.builds(
        lambda number, query, text: turn(number, query, text),
        st.integers(0, 5),
        st.text(max_size=60),
        st.text(max_size=200),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(TURNS, TURNS, st.integers(20, 160))
def test_lines_fit_and_one_thread_takes_the_place_of_the_other(left: list[Turn], right: list[Turn], width: int) -> None:
    both = compared(left, right, width=width, shown="both", strokes=BLOCKS)
    assert all(line.cell_length <= width for line in both.lines)
    one = compared(left, right, width=width, shown="left", strokes=BLOCKS)
    other = compared(left, right, width=width, shown="right", strokes=BLOCKS)
    assert (len(one.lines), one.turns, one.parting) == (len(other.lines), other.turns, other.parting)
    assert all(line.cell_length <= width for line in (*one.lines, *other.lines))


def test_nothing_that_a_terminal_would_obey_is_drawn() -> None:
    hostile = turn(9, "\x1b]0;owned\x07 [bold]?", "\x1b[2J\x9b31m", worker="\x1b[8mmath")
    text = "\n".join(lines([hostile], [SUM]))
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "[bold]?" in text


# --- which there are -----------------------------------------------------------------------------------------


def info(name: str, parent: str | None = None) -> ThreadInfo:
    return ThreadInfo(id=name, title=name, created="", updated="", parent=parent)


def test_branches_are_all_that_come_from_the_same_thread() -> None:
    known = [info("late", "a"), info("other"), info("early", "a"), info("deep", "early"), info("a")]
    assert [each.id for each in branches(known, "a")] == ["late", "early", "deep"]
    assert [each.id for each in branches(known, "deep")] == ["early", "late", "a"]
    assert branches(known, "other") == []
    assert branches(known, "elsewhere") == []


def test_branches_of_a_deleted_thread_know_each_other() -> None:
    known = [info("one", "gone"), info("two", "gone")]
    assert [each.id for each in branches(known, "one")] == ["two"]


# --- the screen ----------------------------------------------------------------------------------------------


async def test_both_are_shown_from_where_they_part_and_scroll_as_one(read_screen: ReadScreen) -> None:
    app = Stage(threads())
    async with app.run_test(size=(140, 12)) as pilot:
        await press(pilot)
        shown = read_screen(app).splitlines()
        assert "What grows in the shade?" in shown[0]
        assert "What grows in the shade? (fork)" in shown[0]
        assert "here they part" in shown[2]
        await press(pilot, "home")
        assert "> What grows in the shade?" in read_screen(app)
        await press(pilot, "n", "n")
        row = read_screen(app).splitlines()[2]
        assert "What do 12" in row
        assert "What do a dozen" in row
        await press(pilot, "p")
        assert "> And which fruit?" in read_screen(app).splitlines()[2]
        await press(pilot, "d")
        assert "here they part" in read_screen(app).splitlines()[2]
        await press(pilot, "end")
        assert "You are welcome." in read_screen(app)
        await press(pilot, "pageup", "up", "down", "n", "n", "n", "n", "n")
        assert "You are welcome." in read_screen(app)


async def test_where_there_is_room_for_one_a_key_shows_the_other_in_its_place(read_screen: ReadScreen) -> None:
    app = Stage(threads())
    async with app.run_test(size=(80, 14)) as pilot:
        await press(pilot)
        assert "1 of 2  What grows in the shade?" in read_screen(app)
        assert "What do 12" in read_screen(app)
        assert "What do a dozen" not in read_screen(app)
        place = app.compare.query_one(Comparison).scroll_y
        await press(pilot, "tab")
        assert "2 of 2  What grows in the shade? (fork)" in read_screen(app)
        assert "What do a dozen" in read_screen(app)
        assert app.compare.query_one(Comparison).scroll_y == place
        await press(pilot, "tab")
        assert "What do 12" in read_screen(app)


async def test_the_turn_that_is_read_stays_when_the_terminal_changes(read_screen: ReadScreen) -> None:
    app = Stage(threads())
    async with app.run_test(size=(140, 12)) as pilot:
        await press(pilot)
        await press(pilot, "n", "n")
        assert "Who sells them?" in read_screen(app).splitlines()[2]
        await pilot.resize_terminal(60, 12)
        await press(pilot)
        assert "Who sells them?" in read_screen(app).splitlines()[2]
        assert "Other thread" in read_screen(app)
        await pilot.resize_terminal(140, 12)
        await press(pilot)
        assert "Who sells them?" in read_screen(app).splitlines()[2]
        assert "Other thread" not in read_screen(app)


async def test_the_next_branch_takes_the_place_of_the_other(read_screen: ReadScreen) -> None:
    third = [TREES, turn(7, "And in the sun?", "Lavender.")]
    app = Stage(threads(third=third), ("fork", "third"))
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot)
        await press(pilot, "b")
        assert "Lavender." in read_screen(app)
        await press(pilot, "b")
        assert "dozen" in read_screen(app)
    app = Stage(threads())
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot)
        assert "Next branch" not in read_screen(app)
        await press(pilot, "escape")
        assert app.screen is not app.compare


async def test_a_thread_that_is_gone_is_told(read_screen: ReadScreen) -> None:
    app = Stage(threads(), ("elsewhere",))
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot)
        assert "there is no thread 'elsewhere'" in read_screen(app)


def test_there_has_to_be_something_to_compare_with() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        CompareScreen(threads(), "parent", ())


async def test_a_long_thread_is_shown_to_its_end(read_screen: ReadScreen) -> None:
    long = [turn(f"n{number}", f"Question {number}?", "An answer. " * 30) for number in range(500)]
    app = Stage(threads(parent=[TREES, *long], fork=[TREES, *long[1:]]))
    async with app.run_test(size=WIDE) as pilot:
        await app.workers.wait_for_complete()
        await press(pilot, "end")
        assert "Question 499?" in read_screen(app)


# --- how it looks --------------------------------------------------------------------------------------------


def waited(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        await press(pilot)
        await press(pilot, *keys)

    return play


@pytest.mark.parametrize("theme", [DARK.name, pytest.param(LIGHT.name, marks=pytest.mark.slow)])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x45"])
def test_looks_as_it_did(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    keys = ("tab",) if size == NARROW else ("home",)
    assert snap_compare(Stage(threads(), theme=theme), terminal_size=size, run_before=waited(*keys))
