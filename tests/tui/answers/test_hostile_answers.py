"""Hostile words in every place of an answer that words come from; read off the screen, and out of the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App

from octograph.agents import Attempt, Citation, Turn
from octograph.terminal import plain
from octograph.tui.testing import a_route
from octograph.tui.widgets.foot import Rating
from tests.tui.answers.stage import Stage, settle
from tests.tui.hostile import CORPUS

ReadScreen = Callable[[App[None]], str]

EVERYTHING = " ".join(CORPUS.values())
CODE = f"```sh {CORPUS['titles']}\necho {CORPUS['clipboard']}\n```\n\n"
TURN = Turn(
    id="1",
    thread="t",
    query=EVERYTHING,
    status="answered",
    text=CODE + EVERYTHING,
    worker=EVERYTHING,
    source="model",
    route=a_route({EVERYTHING: 0.9, "chat": 0.1}, token=EVERYTHING, query=EVERYTHING).document(),
    tried=(Attempt(worker=EVERYTHING, reason=EVERYTHING, text=CODE * 2 + EVERYTHING, score=-1.0),),
    citations=(
        Citation(
            number=1,
            source=EVERYTHING,
            title=EVERYTHING,
            heading=EVERYTHING,
            page=1,
            text=EVERYTHING,
            similarity=0.5,
        ),
    ),
    seconds=1.0,
)
SCENES = {
    "answered": (TURN, ("o", "enter")),
    "code": (TURN, ("c", "b")),
    "abstained": (replace(TURN, status="abstained", worker=None, source=None), ("g", "enter", "c", "b")),
    "waiting": (
        replace(TURN, status="waiting", worker=None, source=None, choices=("answer", "abstain", EVERYTHING)),
        ("g", "enter"),
    ),
    "another": (TURN, ("a",)),
    "failed": (replace(TURN, status="failed", worker=None, source=None), ()),
    "tool": (replace(TURN, source="tool"), ("c",)),
}


@pytest.mark.parametrize("name", list(SCENES))
async def test_words_of_answers_are_only_shown(read_screen: ReadScreen, name: str) -> None:
    turn, keys = SCENES[name]
    app = Stage((turn, None))
    async with app.run_test(size=(120, 200)) as pilot:
        await settle(pilot)
        app.answers[0].focus()
        app.answers[0].rate(Rating(accepted=False, instead=EVERYTHING))
        await settle(pilot)
        screens = [read_screen(app)]
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
            screens.append(read_screen(app))
    for text in (*screens, app.clipboard):
        assert plain(text) == text
    assert "owned" in screens[0]
