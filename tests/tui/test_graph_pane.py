from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App

from octograph.agents import Routed, Started, StepStarted, TextWritten
from octograph.graph import Edge, Master, Model, ModelGraph, Worker, open_graph
from octograph.tui.drawing.strokes import ASCII
from octograph.tui.testing import Beat, a_route, abstained, answered, planned
from octograph.tui.turns.account import Account
from octograph.tui.turns.speed import Speed
from octograph.tui.widgets.graph_tree import GraphTree
from tests.tui.accounts import MANY, grounded, told, weighed, withheld
from tests.tui.stage import NARROWEST_CHAT, Stage

ReadScreen = Callable[[App[None]], str]
EMBEDDED = open_graph("embedded")
SIZE = (80, 24)
SETTLED = 0.4
"""Seconds behind which everything was painted."""


def large(count: int) -> ModelGraph:
    names = [f"worker{number}" for number in range(count)]
    return ModelGraph(
        "large",
        "router",
        [Model(name="tiny", source="path:tiny.gguf")],
        [
            Master(name="router", model="tiny"),
            *(Worker(name=name, description=f"About {name}", model="tiny") for name in names),
        ],
        [Edge(source="router", target=name, kind="routes_to") for name in names],
    )


async def shown(app: Stage, read: ReadScreen, size: tuple[int, int] = SIZE, *keys: str) -> str:
    async with app.run_test(size=size) as pilot:
        await pilot.pause(SETTLED)
        if keys:
            app.pane.query_one(GraphTree).focus()
            await pilot.press(*keys)
            await pilot.pause(SETTLED)
        return read(app)


def line(screen: str, *words: str) -> str:
    return next(each for each in screen.splitlines() if all(word in each for word in words))


async def test_before_a_question_it_shows_the_graph_and_its_tokens(read_screen: ReadScreen) -> None:
    screen = await shown(Stage(EMBEDDED, Account()), read_screen)
    assert "<fn_2>" in line(screen, "calculator")
    assert "⇢math" in line(screen, "calculator")
    assert "≡" in line(screen, "documents")
    assert "%" not in screen


async def test_the_chosen_edge_is_marked_and_the_others_are_bars(read_screen: ReadScreen) -> None:
    screen = await shown(Stage(EMBEDDED, told(weighed(), until=6)), read_screen)
    assert "<fn_1> math 62 %" in screen
    chosen, other = line(screen, "━", "math"), line(screen, "─", "calculator")
    assert "●" in chosen
    assert "62 %" in chosen
    assert "30 %" in other
    assert chosen.count("█") > other.count("█") > 0
    assert "math writes" in screen


async def test_who_was_passed_over_and_who_answered_have_their_marks(read_screen: ReadScreen) -> None:
    screen = await shown(Stage(EMBEDDED, told(grounded())), read_screen)
    assert "✗ knowledge" in screen
    assert "✓ reader" in screen
    assert "✓ reader answered" in screen


async def test_a_score_stands_against_its_threshold(read_screen: ReadScreen) -> None:
    enough = line(await shown(Stage(EMBEDDED, told(weighed())), read_screen), "g -0.31")
    assert "✓ tau -0.60" in enough
    assert enough.index("┃") < enough.rindex("█")
    wanting = line(await shown(Stage(EMBEDDED, told(withheld())), read_screen), "g -1.40")
    assert "✗ tau -0.60" in wanting
    assert "█" not in wanting


async def test_an_abstention_is_told_as_a_result(read_screen: ReadScreen) -> None:
    screen = await shown(Stage(EMBEDDED, told(abstained("q", "I don't know."))), read_screen)
    assert "<fn_none> no worker fits 63 %" in screen
    assert "○ abstained" in screen
    assert "fail" not in screen


async def test_the_steps_of_a_plan_have_their_state(read_screen: ReadScreen) -> None:
    script = planned(
        "q", [("calculator", "What is 3 * 4?", "12"), ("units", "Convert it", "7"), ("code", "Print", "x")]
    )
    screen = await shown(Stage(EMBEDDED, told(script, until=7)), read_screen)
    assert "1 ✓ calculator What is 3 * 4?" in screen
    assert "2 ● units Convert it" in screen
    assert "3 ○ code Print" in screen
    assert "step 2 of 3" in screen


async def test_of_a_long_plan_the_step_that_is_asked_is_in_sight(read_screen: ReadScreen) -> None:
    script = planned("q", [("calculator", f"Question {number}", "1") for number in range(1, 9)])
    account = replace(told(script, until=-1), place=7)
    screen = await shown(Stage(EMBEDDED, account), read_screen)
    assert "Question 7" in screen
    assert "Question 1" not in screen


@pytest.mark.parametrize(("width", "cells"), [(80, 35), (100, 44), (120, 46), (200, 46)])
async def test_it_leaves_the_chat_enough(width: int, cells: int) -> None:
    app = Stage(EMBEDDED, told(weighed()))
    async with app.run_test(size=(width, 24)):
        assert app.pane.size.width + app.pane.gutter.width == cells
        assert width - cells >= NARROWEST_CHAT


async def test_a_node_is_chosen_with_the_keyboard(read_screen: ReadScreen) -> None:
    app = Stage(EMBEDDED, Account())
    screen = await shown(app, read_screen, SIZE, "down", "down", "enter")
    assert app.selected == ["math"]
    assert "Word problems" in screen
    assert "math" in line(screen, "▌", "math")


async def test_a_node_tells_where_its_edges_lead(read_screen: ReadScreen) -> None:
    screen = await shown(Stage(EMBEDDED, Account()), read_screen, SIZE, "down", "down", "down", "down")
    assert "passes on to math" in screen


async def test_no_worker_fits_cannot_be_chosen(read_screen: ReadScreen) -> None:
    app = Stage(EMBEDDED, Account())
    await shown(app, read_screen, SIZE, "end", "enter")
    assert app.selected == ["extraction"]


async def test_among_many_workers_those_that_matter_come_first(read_screen: ReadScreen) -> None:
    shares = {f"worker{number}": 0.0 for number in range(200)} | {"worker150": 0.7, "worker199": 0.2, "worker7": 0.1}
    events: list[Beat] = [
        Started(thread="t", turn="1", query="q"),
        Routed(route=a_route(shares, token="<fn_150>"), seconds=0.1),
    ]
    screen = await shown(Stage(large(200), told(events)), read_screen)
    order = [screen.index(f"{name} ") for name in ("worker150", "worker199", "worker7", "worker0")]
    assert order == sorted(order)


async def test_a_worker_far_down_is_scrolled_to(read_screen: ReadScreen) -> None:
    app = Stage(large(60), Account())
    screen = await shown(app, read_screen, SIZE, *["pagedown"] * 5)
    assert "worker59" in screen


async def test_the_cursor_stays_where_the_user_put_it() -> None:
    app = Stage(EMBEDDED, Account())
    async with app.run_test(size=SIZE) as pilot:
        tree = app.pane.query_one(GraphTree)
        tree.focus()
        await pilot.press("down", "down", "down")
        assert tree.current == "reasoning"
        app.pane.show(told(weighed()))
        await pilot.pause(SETTLED)
        assert tree.current == "reasoning"


async def test_the_speed_of_a_text_that_is_written_is_told(read_screen: ReadScreen) -> None:
    now = [0.0]
    account = told(weighed(), until=6)
    app = Stage(EMBEDDED, account, clock=lambda: now[0])
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(21):
            account = account.after(TextWritten(worker="math", text="a "))
            app.pane.show(account)
            now[0] += 0.1
        app.pane.show(account)
        await pilot.pause(SETTLED)
        assert "≈ 9.5 tokens/s" in read_screen(app)
        app.pane.show(told(weighed()))
        await pilot.pause(SETTLED)
        assert "40 tokens, 20.0 tokens/s, 5.5 s" in read_screen(app)


def test_one_piece_has_no_speed() -> None:
    now = [0.0]
    speed = Speed(lambda: now[0])
    account = told(weighed(), until=6).after(TextWritten(worker="math", text="a "))
    speed.of(account)
    now[0] += 5.0
    assert speed.of(account) is None
    assert speed.of(account.after(TextWritten(worker="math", text="b "))) == 0.2


@pytest.mark.parametrize("width", [30, 46, 80])
async def test_letters_do_where_blocks_cannot_be_shown(read_screen: ReadScreen, width: int) -> None:
    app = Stage(EMBEDDED, told(weighed()), strokes=ASCII, alone=True)
    screen = await shown(app, read_screen, (width, 24))
    assert "|=+ math" in screen
    inner = "".join(each[1:] for each in screen.splitlines())  # without the border, which is the style sheet's
    scrollbar = "▁▂▃▄▅▆▇█"
    assert inner.translate(dict.fromkeys(map(ord, scrollbar))).isascii()


async def test_nothing_is_obeyed_by_the_terminal(read_screen: ReadScreen) -> None:
    script = planned("q", [("calculator", "\x1b[31m[red]What[/]?", "12"), ("units", "Convert it", "7")])
    screen = await shown(Stage(EMBEDDED, told(script, until=4)), read_screen)
    assert "\x1b" not in screen
    assert "[red]What" in screen


async def test_without_a_graph_it_still_tells_the_decision(read_screen: ReadScreen) -> None:
    screen = await shown(Stage(None, told(answered(MANY, "7"))), read_screen)
    assert "<fn_2> chat 90 %" in screen


async def test_a_worker_asked_by_name_is_said_to_be(read_screen: ReadScreen) -> None:
    events: list[Beat] = [Started(thread="t", turn="1", query="q"), StepStarted(step="generate", worker="math")]
    screen = await shown(Stage(EMBEDDED, told(events)), read_screen)
    assert "math asked by name" in screen
    assert "● math" in screen
