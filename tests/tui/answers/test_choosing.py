from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from octograph.graph import open_graph
from octograph.tui.drawing.strokes import ASCII, BLOCKS
from octograph.tui.screens.choose_worker import ChooseWorkerScreen, Offered
from octograph.tui.widgets.code_blocks import CodeBlock, code_blocks
from tests.tui.answers.stage import CODE, settle, sure

ReadScreen = Callable[[App[None]], str]

EMBEDDED = open_graph("embedded")
ACCOUNT = sure()[1]


async def chosen(
    *keys: str,
    read: ReadScreen,
    act: Callable[[Pilot[None]], None] | None = None,
    workers: tuple[Offered, ...] | None = None,
    size: tuple[int, int] = (80, 24),
) -> tuple[list[str | None], str]:
    """What is returned after keys, and the screen before the last one."""
    app, names, screen = App[None](), list[str | None](), ""
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        offered = Offered.all_of(EMBEDDED, ACCOUNT) if workers is None else workers
        app.push_screen(ChooseWorkerScreen(offered, title="Who is to answer?", strokes=BLOCKS), names.append)
        await settle(pilot)
        if act is not None:
            act(pilot)
            await settle(pilot)
        screen = read(app)
        for key in keys:
            screen = read(app)
            await pilot.press(key)
            await pilot.pause(0.05)
        await settle(pilot)
    return names, screen


def test_the_likeliest_come_first_and_one_can_be_left_out() -> None:
    names = [one.name for one in Offered.all_of(EMBEDDED, ACCOUNT)]
    assert names[:3] == ["math", "calculator", "units"]
    assert sorted(names) == sorted(worker.name for worker in EMBEDDED.workers())
    assert "math" not in [one.name for one in Offered.all_of(EMBEDDED, ACCOUNT, but="math")]
    assert {one.probability for one in Offered.all_of(EMBEDDED, None)} == {None}


async def test_workers_are_listed_with_what_they_are_for_and_how_likely_they_were(read_screen: ReadScreen) -> None:
    names, screen = await chosen("down", "enter", read=read_screen)
    assert "math        ███▊    62 %  Word problems" in screen
    assert "clock                     Dates, times" in screen
    assert names == ["calculator"]


@pytest.mark.parametrize(("typed", "name"), [("unit", "units"), ("poems", "writing"), ("EXACT arith", "calculator")])
async def test_typing_narrows_the_list_down(read_screen: ReadScreen, typed: str, name: str) -> None:
    keys = ["space" if letter == " " else letter for letter in typed]
    names, screen = await chosen(*keys, "enter", read=read_screen)
    assert names == [name]
    assert "translation" not in screen


async def test_nobody_is_said_and_not_chosen(read_screen: ReadScreen) -> None:
    names, screen = await chosen(*"zzz", "enter", "down", "escape", read=read_screen)
    assert "No worker has all of that." in screen
    assert names == [None]


async def test_the_mouse_chooses_too(read_screen: ReadScreen) -> None:
    app, names = App[None](), list[str | None]()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ChooseWorkerScreen(Offered.all_of(EMBEDDED, ACCOUNT), title="Who?"), names.append)
        await settle(pilot)
        await pilot.click("ChoiceList", offset=(4, 2))
        await settle(pilot)
    assert names == ["units"]


async def test_the_cursor_stays_in_sight_on_a_small_screen(read_screen: ReadScreen) -> None:
    _, screen = await chosen("up", "down", "up", "up", read=read_screen, size=(60, 12))
    assert len(screen.splitlines()) <= 12
    assert Offered.all_of(EMBEDDED, ACCOUNT)[-1].name in screen


async def test_words_of_graphs_and_pastes_are_only_shown(read_screen: ReadScreen) -> None:
    evil = "[$red]x \x1b]52;c;aGk=\x07[@click=app.quit]"
    workers = (Offered(name=evil, about=evil, probability=0.5),)

    def paste(pilot: Pilot[None]) -> None:
        pilot.app.post_message(events.Paste("[$red]x\x1b[2J\nmore"))

    names, screen = await chosen("escape", read=read_screen, workers=workers, act=paste)
    assert "\x1b" not in screen
    assert "[$red]x[2J more" in screen
    _, screen = await chosen("escape", read=read_screen, workers=workers)
    assert screen.count("[$red]x") == 2
    assert names == [None]


async def test_letters_do_where_blocks_cannot_be_shown(read_screen: ReadScreen) -> None:
    app = App[None]()
    async with app.run_test(size=(60, 24)) as pilot:
        screen = ChooseWorkerScreen(Offered.all_of(EMBEDDED, ACCOUNT), title="Who?", strokes=ASCII)
        app.push_screen(screen)
        await settle(pilot)
        lines = read_screen(app).splitlines()
    assert all(line.strip(" │").isascii() for line in lines if "%" in line)


# --- blocks of code ---------------------------------------------------------------------------------------


def test_blocks_are_found_wherever_they_stand() -> None:
    text = f"{CODE}\n- one\n\n  ~~~\n  x\n\n  y\n  ~~~\n\n      indented\n"
    assert code_blocks(text) == (
        CodeBlock(language="python", text="def add(a: int, b: int) -> int:\n    return a + b"),
        CodeBlock(language="sh", text="echo $((1 + 2))"),
        CodeBlock(language="", text="x\n\ny"),
        CodeBlock(language="", text="indented"),
    )
    assert code_blocks("`no` code, and \\`\\`\\` none") == ()


def test_a_block_that_was_cut_off_is_one() -> None:
    assert code_blocks("```python title=a.py\nx = 1") == (CodeBlock(language="python", text="x = 1"),)


def test_a_block_is_known_by_its_first_words() -> None:
    assert CodeBlock(language="", text="\n\n  x = 1").title == "code, 3 lines: x = 1"
    assert CodeBlock(language="py", text="").title == "py, 1 line: "
