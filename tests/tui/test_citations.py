from __future__ import annotations

from collections.abc import Callable

from textual.app import App

from octograph.agents import Citation, Turn
from octograph.tui.app import OctographApp
from octograph.tui.testing import ScriptedBackend

CITED = Citation(
    number=1,
    source="/home/me/lease\x1b]52;c;aGk=\x07.pdf",
    title="Lease",
    heading="Notice",
    page=3,
    text="The notice period is three months.",
    similarity=0.7,
)


async def test_an_answer_shows_where_its_passages_stand(
    app_on: Callable[..., OctographApp], read_screen: Callable[[App[None]], str]
) -> None:
    turn = Turn(
        id="t",
        thread="old",
        query="How long?",
        status="answered",
        text="Three months. [1]",
        worker="reader",
        source="model",
        citations=(CITED,),
        started="2026-01-02T03:04:05+00:00",
    )
    app = app_on(ScriptedBackend(conversations={"old": [turn]}), thread="old")
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.3)
        shown = read_screen(app)
    assert "Three months. [1]" in shown
    assert "page 3, Notice" in shown
    assert "\x1b" not in shown
