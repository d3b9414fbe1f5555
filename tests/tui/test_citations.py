from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.agents import Citation, Turn
from octograph.tui.app import OctographApp
from octograph.tui.screens.passage import PassageScreen
from octograph.tui.testing import ScriptedBackend
from octograph.tui.widgets.answer import Answer

ReadScreen = Callable[[App[None]], str]
MakeApp = Callable[..., OctographApp]

CITED = Citation(
    number=1,
    source="/home/me/lease\x1b]52;c;aGk=\x07.pdf",
    title="Lease",
    heading="Notice",
    page=3,
    text="The notice period is three months.",
    similarity=0.7,
)
NEXT = replace(CITED, number=2, heading="Repairs", page=5, text="The tenant repairs the boiler.", similarity=None)
TURN = Turn(
    id="t",
    thread="old",
    query="How long?",
    status="answered",
    text="Three months. [1]",
    worker="reader",
    source="model",
    citations=(CITED, NEXT),
    started="2026-01-02T03:04:05+00:00",
)


async def opened(pilot: Pilot[None]) -> Answer:
    """Wait until the thread is shown."""
    while not pilot.app.screen.query(Answer):
        await pilot.pause(0.05)
    await pilot.pause(0.3)
    return pilot.app.screen.query_one(Answer)


async def test_an_answer_shows_where_its_passages_stand(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations={"old": [TURN]}), thread="old")
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        shown = read_screen(app)
    assert "Three months. [1]" in shown
    assert "page 3, Notice" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("close", ["escape", "q", "enter"])
async def test_enter_reads_a_passage_and_nothing_else_is_opened(
    app_on: MakeApp, read_screen: ReadScreen, monkeypatch: pytest.MonkeyPatch, close: str
) -> None:
    addresses: list[str] = []
    app = app_on(ScriptedBackend(conversations={"old": [TURN]}), thread="old")
    monkeypatch.setattr(app, "open_url", addresses.append)
    async with app.run_test(size=(100, 30)) as pilot:
        (await opened(pilot)).focus()
        await pilot.press("o", "down", "enter")
        await pilot.pause(0.3)
        shown = read_screen(app)
        assert "Passage 2" in shown
        assert "lease]52;c;aGk=.pdf, page 5, Repairs" in shown
        assert "The tenant repairs the boiler." in shown
        assert "similarity" not in shown
        await pilot.press(close, "up", "enter")
        await pilot.pause(0.3)
        shown = read_screen(app)
        assert "Passage 1" in shown
        assert "similarity to the question: 0.70" in shown
    assert addresses == []


async def test_a_long_passage_is_scrolled_and_hostile_words_are_only_shown(read_screen: ReadScreen) -> None:
    evil = "[$red]x \x1b]52;c;aGk=\x07[@click=app.quit]end"
    cited = replace(CITED, source=f"/tmp/{evil}", title=evil, heading=evil, text="\n".join([*["line"] * 60, evil]))
    app = App[None]()
    app.animation_level = "none"
    async with app.run_test(size=(100, 20)) as pilot:
        app.push_screen(PassageScreen(cited))
        await pilot.pause(0.3)
        shown = read_screen(app)
        await pilot.press("end")
        await pilot.pause(0.3)
        shown += read_screen(app)
    assert "\x1b" not in shown
    assert shown.count("[$red]x") == 4
