"""The palette, the table of keys and the keys themselves, in the app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette
from textual.containers import Vertical
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from octograph.errors import UsageError
from octograph.tui import make_app
from octograph.tui.app import OctographApp
from octograph.tui.control.actions import keyless, place_of
from octograph.tui.control.look import Look, chosen_look
from octograph.tui.control.palette import offers
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.screens.help import HelpScreen
from octograph.tui.screens.settings import SettingsScreen
from octograph.tui.screens.threads import ThreadsScreen
from octograph.tui.testing import ScriptedBackend
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.prompt import Prompt

ReadScreen = Callable[[App[None]], str]


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of a configuration file that is not there yet."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(path))
    return path


def app(**keys: str) -> OctographApp:
    """The app, in which actions have other keys; two underscores stand for the dot."""
    look = Look(keys={name.replace("__", "."): key for name, key in keys.items()})
    made = make_app(ScriptedBackend, look=look)
    made.animation_level = "none"
    return made


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(5):
        await pilot.pause(0.04)


# --- the palette -----------------------------------------------------------------------------------------


async def test_the_palette_shows_what_can_be_done_now_with_its_keys(read_screen: ReadScreen) -> None:
    running = app()
    async with running.run_test(size=(80, 40)) as pilot:
        await press(pilot)
        await press(pilot, "ctrl+p")
        screen = [" ".join(line.split()) for line in read_screen(running).splitlines()]
    assert "Show the threads ctrl+t Chat" in screen
    assert "Begin a new line ctrl+j, shift+enter Prompt" in screen
    assert "Theme: Choose other colours Everywhere" in screen
    assert "Quit: End the app and its models ctrl+q Everywhere" in screen
    assert not any("Stop the answer" in line or "Resume" in line for line in screen)


async def test_a_few_letters_find_an_action_and_enter_does_it(read_screen: ReadScreen) -> None:
    running = app()
    async with running.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+p", *"shthr")
        assert "Show the threads" in read_screen(running)
        await press(pilot, "enter")
        assert isinstance(running.screen, ThreadsScreen)


async def test_the_palette_is_opened_once_and_closed_with_escape() -> None:
    running = app()
    async with running.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+p", "ctrl+p")
        assert isinstance(running.screen, CommandPalette)
        await press(pilot, "escape")
        assert isinstance(running.screen, ChatScreen)


async def test_letters_that_nothing_has_find_nothing() -> None:
    running = app()
    async with running.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+p", *"zzzqq")
        assert running.screen.query_one(CommandList).option_count == 0
        await press(pilot, "enter")
        assert isinstance(running.screen, CommandPalette)


class Sheet(ModalScreen[None]):
    """A modal screen with a widget that is not focused, one that can do nothing now, and one without a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "cut", "Cut", tooltip="Cut it"),
        Binding("y", "never", "Never", tooltip="Never to be done"),
        keyless("export", "Export", tooltip="Write it to a file"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.exported = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("a sheet")
            yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "never"

    def action_cut(self) -> None:
        self.exported = -1

    def action_export(self) -> None:
        self.exported += 1


async def test_of_a_modal_screen_its_own_actions_are_offered_and_the_apps_that_go_first() -> None:
    running = app()
    async with running.run_test() as pilot:
        sheet = Sheet()
        await running.push_screen(sheet)
        found = offers(sheet, [place_of(Sheet), *running.places])
        assert [offer.action.id for offer in found] == [
            "sheet.cut",
            "sheet.export",
            "app.command_palette",
            "app.help",
            "app.quit",
        ]
        await next(offer for offer in found if offer.action.id == "sheet.export").take()
        assert sheet.exported == 1
        sheet.dismiss()
        await press(pilot)
        await next(offer for offer in found if offer.action.id == "sheet.cut").take()
        assert sheet.exported == 1  # gone by now


async def test_a_theme_is_chosen_in_the_palette_and_kept() -> None:
    running = app()
    async with running.run_test() as pilot:
        await press(pilot)
        await press(pilot, "ctrl+p", *"colours", "enter")
        await press(pilot, *"octograph-light", "enter")
        assert running.theme == "octograph-light"
        await pilot.pause(0.2)
    assert chosen_look().theme == "octograph-light"


async def test_a_theme_that_cannot_be_kept_holds_until_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(tmp_path))  # a folder
    running = app()
    async with running.run_test(notifications=True) as pilot:
        await press(pilot)
        await press(pilot, "ctrl+p", *"colours", "enter")
        await press(pilot, *"ansi-light", "enter")
        await pilot.pause(0.3)
        assert running.theme == "ansi-light"
        (toast,) = running.screen.query("Toast")
        assert str(toast.render()).endswith("It holds until the end.")


# --- help ------------------------------------------------------------------------------------------------


async def test_help_shows_every_action_and_scrolls(read_screen: ReadScreen) -> None:
    running = app(chat__stop="alt+s", app__theme="alt+c")
    async with running.run_test(size=(80, 24)) as pilot:
        await press(pilot)
        await press(pilot, "f1")
        seen, before = "", None
        while before != (before := read_screen(running)):
            seen += f"\n{before}"
            await press(pilot, "pagedown")
        lines = [" ".join(line.strip("│╭╮╰╯─▁▂▃▄▅▆▇█ ").split()) for line in seen.splitlines()]
        assert "alt+s Stop the answer, keep its text stop" in lines
        assert "alt+c Choose other colours theme" in lines
        for place in running.places:
            assert f"{place.title} {place.name}." in lines
            for action in place.actions:
                assert any(line.endswith(f" {action.id.rpartition('.')[2]}") for line in lines), action.id
        await press(pilot, "f1")
        assert isinstance(running.screen, ChatScreen)


async def test_help_comes_over_a_modal_screen_too() -> None:
    running = app()
    async with running.run_test() as pilot:
        await running.push_screen(Sheet())
        await press(pilot, "f1")
        assert isinstance(running.screen, HelpScreen)
        await press(pilot, "escape")
        assert isinstance(running.screen, Sheet)


# --- keys ------------------------------------------------------------------------------------------------


async def test_another_key_does_it_and_the_first_one_no_longer(read_screen: ReadScreen) -> None:
    running = app(chat__threads="alt+s, ctrl+e", app__settings="alt+e", app__theme="alt+c")
    async with running.run_test() as pilot:
        await press(pilot)
        assert "alt+s Threads" in read_screen(running)
        await press(pilot, "ctrl+t")
        assert isinstance(running.screen, ChatScreen)
        for key in ("alt+s", "ctrl+e"):
            await press(pilot, key)
            assert isinstance(running.screen, ThreadsScreen)
            await press(pilot, "escape")
        await press(pilot, "alt+e")
        assert isinstance(running.screen, SettingsScreen)
        await press(pilot, "escape", "alt+c")
        assert isinstance(running.screen, CommandPalette)


async def test_a_letter_with_alt_is_a_key_and_no_letter() -> None:
    running = app(chat__threads="alt+t")
    async with running.run_test() as pilot:
        await press(pilot)
        for key in ("alt+t", "alt+x"):
            running.post_message(Key(key, key[-1]))  # as terminals send it
            await press(pilot)
        assert isinstance(running.screen, ThreadsScreen)
        await press(pilot, "escape")
        running.post_message(Key("alt+x", "x"))
        await press(pilot)
        assert running.screen.query_one(Prompt).text == ""


def test_what_the_user_cannot_have_is_told_before_the_app_starts() -> None:
    with pytest.raises(UsageError, match=r"'chat\.stpo'"):
        app(chat__stpo="f5")
    with pytest.raises(UsageError, match="'octograph-lite'") as caught:
        make_app(ScriptedBackend, look=Look(theme="octograph-lite"))
    assert "octograph-light" in caught.value.hint


def test_the_look_is_read_from_the_environment_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_look() == Look()
    file.write_text('theme = "nord"\nkeys = { "chat.stop" = "f5" }\n')
    assert chosen_look() == Look(theme="nord", keys={"chat.stop": "f5"})
    monkeypatch.setenv("OCTOGRAPH_THEME", "dracula")
    monkeypatch.setenv("OCTOGRAPH_KEYS", '{"chat.stop": "f6"}')
    assert chosen_look() == Look(theme="dracula", keys={"chat.stop": "f6"})


@pytest.mark.parametrize("text", ["theme = 7\nkeys = 7\n", 'keys = { "chat.stop" = 7 }\n', "no toml"])
def test_what_is_no_look_is_left_for_the_settings_to_tell(file: Path, text: str) -> None:
    file.write_text(text)
    assert chosen_look() == Look()
