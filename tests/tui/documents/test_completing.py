"""The list of paths in the prompt, and what is pasted there."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.pilot import Pilot

from octograph.tui.widgets.completions import Completions
from octograph.tui.widgets.prompt import Prompt
from tests.tui.documents.conftest import Stage

ReadScreen = Callable[[App[None]], str]


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(5):
        await pilot.pause(0.04)


def listed(stage: Stage) -> list[str]:
    """What the list shows; nothing if it is closed."""
    return [
        str(prompt)
        for completions in stage.screen.query(Completions)
        if completions.display
        for prompt in (option.prompt for option in completions.options)
    ]


async def test_an_at_sign_opens_the_list_and_letters_narrow_it_down(stage: Stage, read_screen: ReadScreen) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, *"see", "space", "@")
        assert listed(stage)[:2] == ["README.md", "docs/"]
        await press(pilot, *"lea")
        assert listed(stage) == ["docs/lease.md"]
        assert "docs/lease.md" in read_screen(stage)
        await press(pilot, *"xyz")
        assert listed(stage) == []
        await press(pilot, "backspace", "backspace", "backspace")
        assert listed(stage) == ["docs/lease.md"]


@pytest.mark.parametrize("key", ["tab", "enter"])
async def test_a_path_is_taken_with_a_key(stage: Stage, folder: Path, key: str) -> None:
    async with stage.run_test() as pilot:
        prompt = stage.screen.query_one(Prompt)
        await press(pilot, *"see", "space", "@", "r", key)
        assert prompt.text == "see @README.md "
        assert listed(stage) == []
        await press(pilot, "@", *"my", key)
        assert prompt.text == 'see @README.md @"docs/my notes.txt" '
        assert prompt.has_focus
        await press(pilot, "enter")
    (question,) = stage.submitted
    assert question.text == 'see @README.md @"docs/my notes.txt" '
    assert question.mentions == (folder / "README.md", folder / "docs" / "my notes.txt")


async def test_the_arrows_move_in_the_list_and_call_no_questions_back(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        prompt = stage.screen.query_one(Prompt)
        await press(pilot, *"before", "enter", "@", "down", "down", "up", "enter")
        assert prompt.text == "@docs/ "
        await press(pilot, "up")
        assert prompt.text == "before"


async def test_tab_goes_on_into_a_folder(stage: Stage, folder: Path) -> None:
    async with stage.run_test() as pilot:
        prompt = stage.screen.query_one(Prompt)
        await press(pilot, "@", *"doc", "tab")
        assert prompt.text == "@docs/"
        assert listed(stage)[0] == "docs/lease.md"
        await press(pilot, "down", "down", "down", "tab")
        assert prompt.text == "@docs/plans/"
        await press(pilot, "enter")  # the folder itself: it is written already
    assert stage.submitted[0].mentions == (folder / "docs" / "plans",)


async def test_a_path_that_is_written_out_is_sent_by_one_enter(stage: Stage, folder: Path) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, *"@README.md")
        assert listed(stage) == ["README.md"]
        await press(pilot, "enter")
    assert stage.submitted[0].mentions == (folder / "README.md",)


async def test_escape_closes_the_list_until_the_next_mention(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "@", "r")
        assert listed(stage)
        await press(pilot, "escape")
        assert listed(stage) == []
        await press(pilot, "e")
        assert listed(stage) == []
        await press(pilot, "space", "@", "r")
        assert listed(stage)


async def test_the_list_closes_where_no_path_is_written(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        prompt = stage.screen.query_one(Prompt)
        await press(pilot, *"a", "space", "@", "r")
        assert listed(stage)
        await press(pilot, "home")
        assert listed(stage) == []
        await press(pilot, "end", "e")
        assert listed(stage)
        await press(pilot, "ctrl+j")
        assert listed(stage) == []
        assert prompt.text == "a @re\n"
        await press(pilot, *"me@ex")
        assert listed(stage) == []


async def test_a_question_called_back_opens_no_list(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        prompt = stage.screen.query_one(Prompt)
        await press(pilot, *"first", "enter")
        await press(pilot, *"see", "space", *"@README.md", "enter")
        await press(pilot, "up")
        assert prompt.text == "see @README.md"
        assert listed(stage) == []
        await press(pilot, "up")
        assert prompt.text == "first"


async def test_a_click_takes_a_path(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "@")
        await pilot.click(Completions, offset=(4, 2))
        await settle(pilot)
        prompt = stage.screen.query_one(Prompt)
        assert prompt.text == "@docs/ "
        assert prompt.has_focus


async def test_the_list_closes_with_the_prompt_left(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "@")
        assert listed(stage)
        stage.screen.set_focus(None)
        await settle(pilot)
        assert listed(stage) == []


async def test_documents_are_offered_with_a_mark(stage: Stage, folder: Path) -> None:
    async with stage.run_test() as pilot:
        stage.screen.query_one(Prompt).know(["/srv/handbook.pdf", str(folder / "README.md")])
        await press(pilot, "@", *"handb")
        assert listed(stage) == ["/srv/handbook.pdf   indexed"]
        await press(pilot, *["backspace"] * 5, *"readme")
        assert listed(stage) == ["README.md   indexed"]


async def test_typing_does_not_wait_for_a_slow_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, begun, go_on = os.scandir, threading.Event(), threading.Event()
    in_time: list[bool] = []

    def slow(path: str) -> object:
        begun.set()
        in_time.append(go_on.wait(60))
        return scan(path)

    async with stage.run_test() as pilot:
        await settle(pilot)
        monkeypatch.setattr(os, "scandir", slow)
        prompt = stage.screen.query_one(Prompt)
        await press(pilot, "@", *"read")
        await asyncio.to_thread(begun.wait, 60)
        await press(pilot, "m")
        assert prompt.text == "@readm"
        go_on.set()
        monkeypatch.undo()
        for _ in range(100):
            await pilot.pause(0.05)
            if listed(stage) and listed(stage)[0] == "README.md":
                break
        assert listed(stage)[0] == "README.md"
    assert all(in_time)


async def test_keys_of_one_burst_keep_their_order_around_a_mention(stage: Stage, folder: Path) -> None:
    async with stage.run_test() as pilot:
        await settle(pilot)
        for key in "@README.md":
            stage.post_message(events.Key("at" if key == "@" else key, key))
        stage.post_message(events.Key("enter", None))
        stage.post_message(events.Key("x", "x"))
        await settle(pilot)
        assert stage.screen.query_one(Prompt).text == "x"
    assert [(one.text, one.mentions) for one in stage.submitted] == [("@README.md", (folder / "README.md",))]


# --- pasted -----------------------------------------------------------------------------------------------


async def test_pasted_paths_are_told_and_not_inserted(stage: Stage, folder: Path) -> None:
    notes = folder / "docs" / "my notes.txt"
    async with stage.run_test() as pilot:
        await settle(pilot)
        stage.post_message(events.Paste(f"'{notes}'\r{folder.as_uri()}"))
        await settle(pilot)
        prompt = stage.screen.query_one(Prompt)
        assert prompt.text == ""
        (pasted,) = stage.pasted
        assert pasted.paths == (notes, folder)
        prompt.insert(pasted.text)  # what whoever offers to add them does if the user would rather have the text
        assert prompt.text == f"'{notes}'\n{folder.as_uri()}"


async def test_other_text_is_inserted_also_between_keys_of_one_burst(stage: Stage) -> None:
    async with stage.run_test() as pilot:
        await settle(pilot)
        stage.post_message(events.Key("a", "a"))
        stage.post_message(events.Paste("one\rdocs/lease.md\r\ntwo\x1b[31m"))
        stage.post_message(events.Key("b", "b"))
        await settle(pilot)
        assert stage.screen.query_one(Prompt).text == "aone\ndocs/lease.md\ntwo[31mb"
    assert stage.pasted == []


async def test_other_keys_can_send(stage: Stage, folder: Path) -> None:
    class Rebound(Prompt):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+g", "submit", "Send")]

    async with stage.run_test() as pilot:
        prompt = Rebound(folder=folder)
        await stage.screen.mount(prompt)
        prompt.focus()
        await press(pilot, *"one", "ctrl+g")
    assert [one.text for one in stage.submitted] == ["one"]
