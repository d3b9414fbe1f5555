from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

from octograph.agents import StepStarted, Turn
from octograph.errors import ThreadError
from octograph.tui.app import OctographApp
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.screens.threads import ThreadsScreen
from octograph.tui.testing import Pause, ScriptedBackend, answered
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.question import Question

MakeApp = Callable[..., OctographApp]
ReadScreen = Callable[[App[None]], str]


def turn(thread: str, query: str, text: str, *, interrupted: bool = False) -> Turn:
    return Turn(
        id="t1",
        thread=thread,
        query=query,
        status="interrupted" if interrupted else "answered",
        text=text,
        started="2026-01-02T03:04:05+00:00",
    )


def two_threads() -> ScriptedBackend:
    return ScriptedBackend(
        conversations={
            "a": [turn("a", "about apples", "They are red.")],
            "b": [turn("b", "about boats", "They float.")],
        }
    )


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(5):
        await pilot.pause(0.04)


async def test_threads_are_listed_and_opened(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(two_threads())
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t")
        screen = read_screen(app)
        assert "2026-01-02 03:04  about apples" in screen
        assert "2026-01-02 03:04  about boats" in screen
        await press(pilot, "down", "enter")
        screen = read_screen(app)
        assert isinstance(app.screen, ChatScreen)
    assert "They float." in screen
    assert screen.splitlines()[0].endswith("about boats")


async def test_a_question_goes_to_the_open_thread(app_on: MakeApp) -> None:
    backend = two_threads()
    app = app_on(backend, thread="b")
    async with app.run_test() as pilot:
        await press(pilot, *"more", "enter")
        await press(pilot, "up")
        assert app.screen.query_one(Prompt).text == "more"
        await press(pilot, "up")
        assert app.screen.query_one(Prompt).text == "about boats"
    assert [each.query for each in backend.conversations["b"]] == ["about boats", "more"]


async def test_a_new_thread_begins_empty(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = two_threads()
    app = app_on(backend, thread="a")
    async with app.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+n")
        assert not app.screen.query(Question)
        assert "new thread" in read_screen(app)
        await press(pilot, *"hi", "enter")
        await press(pilot, "ctrl+t", "ctrl+n")
        assert not app.screen.query(Question)
    assert [each.query for each in backend.conversations["thread-3"]] == ["hi"]


async def test_deleting_asks_first(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = two_threads()
    app = app_on(backend, thread="a")
    async with app.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+t", "d")
        assert isinstance(app.screen, ConfirmScreen)
        assert "about apples" in read_screen(app)
        await press(pilot, "enter")  # the default keeps it
        assert list(backend.conversations) == ["a", "b"]
        await press(pilot, "delete")
        await press(pilot, "y")
        assert list(backend.conversations) == ["b"]
        assert "about apples" not in read_screen(app)
        await press(pilot, "escape")
        assert not app.screen.query(Question)  # it was the one on the screen
        assert "new thread" in read_screen(app)


async def test_a_thread_that_cannot_be_deleted_is_explained(app_on: MakeApp, read_screen: ReadScreen) -> None:
    class Busy(ScriptedBackend):
        def delete(self, thread: str) -> None:
            raise ThreadError(f"the thread {thread!r} is busy", hint="Wait for its answer.")

    app = app_on(Busy(conversations=two_threads().conversations))
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t", "d")
        await press(pilot, "y")
        assert isinstance(app.screen, ThreadsScreen)
        assert "the thread 'a' is busy Wait for its answer." in read_screen(app)


async def test_no_threads_are_said_in_words(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend())
    async with app.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+t", "d", "enter")
        assert "No threads yet" in read_screen(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, ChatScreen)


async def test_a_running_answer_is_not_left_behind(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = two_threads()
    backend.scripts = {"slow": [StepStarted(step="route"), Pause()]}
    app = app_on(backend)
    async with app.run_test() as pilot:
        await press(pilot, *"slow", "enter")
        await press(pilot, "ctrl+n")
        assert "Esc stops it" in read_screen(app)
        await press(pilot, "ctrl+t", "enter")
        assert "Esc stops it" in read_screen(app)
        assert "choosing a worker…" in read_screen(app)


async def test_an_interrupted_turn_is_marked_and_resumed(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = ScriptedBackend(
        scripts={"cut": answered("cut", "whole again")},
        conversations={"a": [turn("a", "cut", "", interrupted=True)]},
    )
    app = app_on(backend, thread="a")
    async with app.run_test() as pilot:
        await press(pilot)
        screen = read_screen(app)
        assert "interrupted before it was done · ctrl+r resumes it" in screen
        assert "Resume" in screen.splitlines()[-1]
        await press(pilot, "ctrl+r")
        screen = read_screen(app)
    assert "whole again" in screen
    assert "interrupted" not in screen
    assert "Resume" not in screen.splitlines()[-1]
    assert [each.status for each in backend.conversations["a"]] == ["answered"]


async def test_a_new_question_closes_an_interrupted_turn(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = ScriptedBackend(conversations={"a": [turn("a", "cut", "", interrupted=True)]})
    app = app_on(backend, thread="a")
    async with app.run_test() as pilot:
        await press(pilot)
        await press(pilot, *"hi", "enter")
        screen = read_screen(app)
        assert "interrupted before it was done" in screen
        assert "ctrl+r" not in screen
        await press(pilot, "ctrl+r")
    assert len(backend.conversations["a"]) == 2
