"""How far a model is that an answer waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.agents import Finished, Generated, Routed, StepStarted, TextWritten, Turn
from octograph.hosts import HostStatus
from octograph.tui.app import OctographApp
from octograph.tui.drawing.loading import loading
from octograph.tui.drawing.strokes import ASCII, BLOCKS
from octograph.tui.testing import Beat, Pause, ScriptedBackend, a_route
from octograph.tui.widgets.prompt import Prompt

MakeApp = Callable[..., OctographApp]
ReadScreen = Callable[[App[None]], str]


def starting(*models: str, **changes: Any) -> HostStatus:
    return HostStatus(models=models or ("smollm2",), state="starting", awaited=True, starting_seconds=1.0, **changes)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (starting(), "starting smollm2…"),
        (starting(loaded=0.0), "starting smollm2…"),
        (starting(loaded=0.43), "loading smollm2 ██████▉░░░░░░░░░ 43 %"),
        (starting("qwen", "twin", requantising=True), "requantising qwen, once…"),
        (starting(evicted=("qwen", "phi")), "starting smollm2… · stopped qwen, phi to make room"),
        (starting("a\x1b[2J\nb"), "starting a[2J b…"),
    ],
)
def test_the_stage_is_said(status: HostStatus, said: str) -> None:
    ready = HostStatus(models=("other",), state="ready")
    assert loading([ready, status], BLOCKS) == said


def test_nothing_is_said_of_models_that_no_request_waits_for() -> None:
    by_hand = HostStatus(models=("other",), state="starting", loaded=0.5)
    assert loading([by_hand, HostStatus(models=("far",), state="remote")], BLOCKS) is None
    assert loading([by_hand, starting(loaded=0.5)], ASCII) == "loading smollm2 ########........ 50 %"


def a_slow_script() -> list[Beat]:
    """The master is waited for until the answer is stopped."""
    return [StepStarted(step="route"), Pause(seconds=None)]


async def until(pilot: Pilot[None], shown: Callable[[], bool]) -> None:
    for _ in range(100):
        await pilot.pause(0.02)
        if shown():
            return
    pytest.fail(f"never shown: {pilot.app.screen}")


async def test_an_answer_says_how_far_its_model_is_and_then_its_step_again(
    app_on: MakeApp, read_screen: ReadScreen
) -> None:
    backend = ScriptedBackend(scripts={"q": a_slow_script()})
    ready = backend.hosts.statuses["smollm2"]
    app = app_on(backend)
    async with app.run_test() as pilot:
        backend.hosts.statuses["smollm2"] = starting(loaded=0.25, evicted=("qwen",))
        app.screen.query_one(Prompt).text = "q"
        await pilot.press("enter")
        await until(pilot, lambda: "loading smollm2 ████░░░░░░░░░░░░ 25 %" in read_screen(app))
        assert "stopped qwen to make room" in read_screen(app)
        assert "choosing a worker…" not in read_screen(app)
        backend.hosts.statuses["smollm2"] = starting(loaded=0.5)
        await until(pilot, lambda: "50 %" in read_screen(app))
        backend.hosts.statuses["smollm2"] = ready
        await until(pilot, lambda: "choosing a worker…" in read_screen(app))
        assert "loading" not in read_screen(app)
        await pilot.press("escape")
        await until(pilot, lambda: "■ stopped" in read_screen(app))


async def test_what_is_written_is_not_hidden_by_a_model_that_starts(app_on: MakeApp, read_screen: ReadScreen) -> None:
    route = a_route({"chat": 1.0}, query="q")
    script: list[Beat] = [
        StepStarted(step="route"),
        Routed(route=route, seconds=0.1),
        StepStarted(step="generate", worker="chat"),
        TextWritten(worker="chat", text="Once upon"),
        Pause(seconds=None),
    ]
    backend = ScriptedBackend(scripts={"q": script})
    app = app_on(backend)
    async with app.run_test() as pilot:
        backend.hosts.statuses["smollm2"] = starting(loaded=0.25)
        app.screen.query_one(Prompt).text = "q"
        await pilot.press("enter")
        await until(pilot, lambda: "Once upon" in read_screen(app))
        await pilot.pause(0.3)
        assert "loading smollm2" not in read_screen(app)
        await pilot.press("escape")
        await until(pilot, lambda: "■ stopped" in read_screen(app))


async def test_nobody_looks_at_the_models_once_the_answer_is_there(app_on: MakeApp, read_screen: ReadScreen) -> None:
    turn = Turn(id="", thread="", query="q", status="answered", text="Yes.", worker="chat", source="model")
    script: list[Beat] = [
        StepStarted(step="generate", worker="chat"),
        Generated(worker="chat", finish="stop", source="model", seconds=0.1),
        Finished(turn=turn),
    ]
    backend = ScriptedBackend(scripts={"q": script})
    app = app_on(backend)
    async with app.run_test() as pilot:
        app.screen.query_one(Prompt).text = "q"
        await pilot.press("enter")
        await until(pilot, lambda: "Yes." in read_screen(app))
        backend.hosts.statuses["smollm2"] = starting(loaded=0.25)
        await pilot.pause(0.3)
        assert "loading smollm2" not in read_screen(app)
