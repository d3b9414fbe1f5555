from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.content import Content
from textual.pilot import Pilot

from octograph.agents import StepStarted, Turn
from octograph.errors import ThreadError
from octograph.testing import ScriptedWorker, make_octograph
from octograph.tui.app import OctographApp
from octograph.tui.backend import Backend
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.screens.threads import ThreadsScreen
from octograph.tui.testing import Pause, ScriptedBackend, ScriptedThreads, answered
from octograph.tui.threads.exporting import write_new
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.question import Question
from octograph.tui.widgets.thread_list import ThreadList
from octograph.tui.widgets.thread_title import ThreadTitle

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


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(5):
        await pilot.pause(0.04)


async def test_a_title_with_controls_in_it_is_changed_without_them(app_on: MakeApp) -> None:
    backend = ScriptedBackend(conversations={"a": [turn("a", "x \x1b]0;owned\x07 y", "z")]})
    app = app_on(backend)
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t")
        await press(pilot, "e")
        assert app.screen.query_one(ThreadTitle).value == "x ]0;owned y"


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


async def test_deleting_can_be_undone(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = two_threads()
    app = app_on(backend, thread="a")
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot)
        await press(pilot, "ctrl+t", "u")  # there is nothing to undo
        assert "Undo" not in read_screen(app)
        await press(pilot, "delete")
        assert list(backend.conversations) == ["b"]
        assert "deleted: about apples · u undoes it" in read_screen(app)
        await press(pilot, "d")
        assert "No threads yet" in read_screen(app)
        await press(pilot, "u")
        assert list(backend.conversations) == ["b"]
        assert "Undo" in read_screen(app)
        await press(pilot, "u")
        assert list(backend.conversations) == ["b", "a"]
        assert "Undo" not in read_screen(app)
        await press(pilot, "escape")
        assert "They are red." in read_screen(app)  # it was the one on the screen


async def test_a_deleted_thread_leaves_the_chat(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(two_threads(), thread="a")
    async with app.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+t", "d", "escape")
        assert not app.screen.query(Question)  # it was the one on the screen
        assert "new thread" in read_screen(app)


async def test_what_cannot_be_done_is_explained(app_on: MakeApp, read_screen: ReadScreen) -> None:
    class Busy(ScriptedThreads):
        def delete(self, thread: str) -> None:
            raise ThreadError(f"the thread {thread!r} is busy", hint="Wait for its answer.")

    backend = two_threads()
    backend.threads = Busy(conversations=backend.conversations)
    app = app_on(backend)
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t", "d")
        assert isinstance(app.screen, ThreadsScreen)
        assert "the thread 'a' is busy Wait for its answer." in read_screen(app)
        await press(pilot, "u")
        assert "Undo" not in read_screen(app)


async def test_threads_are_found_and_opened(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(two_threads())
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t", "slash", *"boat")
        screen = read_screen(app)
        assert "2026-01-02 03:04  about boats" in screen
        assert "about apples" not in screen
        await press(pilot, *"swain")
        assert "No question and no answer has all of these words." in read_screen(app)
        await press(pilot, *["backspace"] * 5, "down", "enter")
        assert isinstance(app.screen, ChatScreen)
        assert "They float." in read_screen(app)


async def test_a_search_is_left_for_the_whole_list(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(two_threads())
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t", "slash", *"boat", "escape")
        assert isinstance(app.screen, ThreadsScreen)
        assert "about apples" in read_screen(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, ChatScreen)


async def test_where_the_words_stand_is_marked(app_on: MakeApp) -> None:
    app = app_on(two_threads())
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t", "slash", *"boat")
        prompt = app.screen.query_one(ThreadList).get_option_at_index(0).prompt
        assert isinstance(prompt, Content)
        line = prompt.plain.splitlines()[1]
        (bold,) = [span for span in prompt.spans if "bold" in str(span.style)]
        assert line.strip() == "about boats"
        assert prompt.plain[bold.start : bold.end] == "boat"


async def test_a_thread_gets_another_title(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = two_threads()
    app = app_on(backend, thread="a")
    async with app.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+t", "e", *"!?", "escape")  # it stays as it is
        await press(pilot, "e", *"!", "enter")
        assert backend.threads.titles == {"a": "about apples!"}
        assert "2026-01-02 03:04  about apples!" in read_screen(app)
        await press(pilot, "escape")
        assert read_screen(app).splitlines()[0].endswith("about apples!")


async def test_a_thread_is_exported(
    app_on: MakeApp, read_screen: ReadScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(two_threads())
    async with app.run_test(size=(200, 24)) as pilot:
        await press(pilot, "ctrl+t", "x")
        assert (tmp_path / "about apples.md").read_text(encoding="utf-8") == "> about apples\n"
        assert "about apples.md" in read_screen(app)
        await press(pilot, "x", "down", "x", "X")
    assert names(tmp_path) == {"about apples.md", "about apples 2.md", "about boats.md", "about boats.json"}
    assert (tmp_path / "about boats.json").read_text(encoding="utf-8") == '["about boats"]'


async def test_a_file_that_cannot_be_written_is_explained(
    app_on: MakeApp, read_screen: ReadScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    app = app_on(two_threads())
    async with app.run_test() as pilot:
        await press(pilot, "ctrl+t", "x")
        assert "it cannot be written" in read_screen(app)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../a/b: c?", "ab c.md"),
        ("...", "thread.md"),
        ("-rf \n x", "rf x.md"),
        ("日本 é", "日本 é.md"),
        ("x" * 300, "x" * 60 + ".md"),
    ],
)
def test_the_name_of_an_exported_file(tmp_path: Path, title: str, name: str) -> None:
    assert write_new(tmp_path, title, "…") == tmp_path / name


def test_what_the_app_needs_the_real_ones_have(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["They are red."])}) as octo:
        backend: Backend = octo
        octo.ask("about apples", thread="a")
        threads = backend.threads
        threads.rename("a", "Fruit")
        assert [found.thread for found in threads.search("red")] == ["a"]
        assert threads.export("a").startswith("# Fruit\n")
        threads.delete("a")
        threads.restore("a")
        assert threads.list() == [threads.info("a")]


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
