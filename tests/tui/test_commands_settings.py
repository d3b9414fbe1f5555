"""The settings: shown with what they do, changed by keyboard, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from octograph import settings
from octograph.tui import make_app
from octograph.tui.app import OctographApp
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.screens.settings import SettingsScreen
from octograph.tui.screens.threads import ThreadsScreen
from octograph.tui.testing import ScriptedBackend
from octograph.tui.widgets.setting_field import SettingField, SettingInput

ReadScreen = Callable[[App[None]], str]

WRITTEN = """\
# Mine.
threads = 3  # of four
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file with a comment."""
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN)
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(path))
    return path


def app() -> OctographApp:
    made = make_app(ScriptedBackend)
    made.animation_level = "none"
    return made


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, and wait for the file."""
    await pilot.press(*keys)
    await pilot.pause(0.05)
    while at_work(pilot.app):
        await pilot.pause(0.05)
    await pilot.pause(0.05)


def at_work(app: App[None]) -> bool:
    """Whether the settings are being read or written; leaving waits for an answer once it has asked."""
    names = {"_load", "enter", *(["action_back"] if isinstance(app.screen, SettingsScreen) else [])}
    return any(worker.is_running and worker.name in names for worker in app.workers)


async def go_to(pilot: Pilot[None], name: str) -> SettingField:
    """Open the settings and walk to one of them."""
    if not isinstance(pilot.app.screen, SettingsScreen):
        await press(pilot)
        await press(pilot, "f2")
    inputs = list(pilot.app.screen.query(SettingInput))
    fields = [next(each for each in one.ancestors if isinstance(each, SettingField)) for one in inputs]
    here = next(place for place, one in enumerate(inputs) if one.has_focus)
    there = next(place for place, field in enumerate(fields) if field.setting.name == name)
    await press(pilot, *["down" if there > here else "up"] * abs(there - here))
    assert inputs[there].has_focus
    return fields[there]


async def write(pilot: Pilot[None], name: str, text: str) -> SettingField:
    """Write another value and enter it."""
    field = await go_to(pilot, name)
    await press(pilot, "home", "ctrl+k", *text, "enter")
    return field


async def read(file: Path) -> str:
    return await asyncio.to_thread(file.read_text)


async def test_a_setting_is_shown_with_its_origin_and_what_it_does(
    read_screen: ReadScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOGRAPH_PRICE", "0.5")
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        await go_to(pilot, "graph")
        screen = " ".join(read_screen(running).split())
        shown = [field.setting.name for field in running.screen.query(SettingField)]
    assert shown == list(settings.load().document())
    assert "graph embedded default" in screen
    assert "The model graph used when none is named: a bundled one or a path." in screen
    assert "threads 3 file CPU threads of a model; all cores if empty." in screen
    assert "price 0.5 environment" in screen
    assert "OCTOGRAPH_PRICE goes before the file." in screen
    assert "To be changed in the file." in screen


async def test_a_value_is_written_and_the_comments_stay(file: Path, read_screen: ReadScreen) -> None:
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        field = await write(pilot, "threads", "2")
        assert (field.setting.value, field.changed) == (2, False)
        assert "threads: written" in read_screen(running)
        assert await read(file) == "# Mine.\nthreads = 2  # of four\n"
        await write(pilot, "most_seconds", "1.5")
        await write(pilot, "requantise", "false")
        assert settings.load().most_seconds == 1.5
        assert settings.load().requantise is False


async def test_an_empty_field_and_a_key_take_the_default(file: Path, read_screen: ReadScreen) -> None:
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        field = await write(pilot, "threads", "")
        assert (field.setting.value, field.setting.origin) == (None, "default")
        assert await read(file) == "# Mine.\n"
        await write(pilot, "graph", "laptop-8gb")
        assert settings.load().graph == "laptop-8gb"
        field = await go_to(pilot, "graph")
        await press(pilot, "ctrl+r")
        assert field.query_one(Input).value == "embedded"
        assert "graph: the default again" in read_screen(running)
        assert await read(file) == "# Mine.\n"


async def test_what_was_typed_is_written_on_the_way_to_another_field(file: Path) -> None:
    running = app()
    async with running.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, "threads")
        await press(pilot, "home", "ctrl+k", "1", "tab")
        assert "threads = 1" in await read(file)
        await go_to(pilot, "unsure")
        await press(pilot, "home", "ctrl+k", *"ask", "escape")
        assert isinstance(running.screen, ChatScreen)
    assert settings.load().unsure == "ask"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("threads", "many", "'threads' is wrong"),
        ("unsure", "never", "'abstain' or 'ask'"),
        ("theme", "octograph-lite", "there is no theme 'octograph-lite'. Did you mean 'octograph-light'?"),
        ("keys", "chat.stop", "'keys' is wrong"),
        ("keys", "{ chat", "is no table"),
        ("keys", '{ "chat.stpo" = "f5" }', "'chat.stpo', which is no action"),
        ("keys", '{ "chat.stop" = "ctrl+t" }', "'chat.stop' and to 'chat.threads'"),
    ],
)
async def test_a_bad_value_is_told_beside_the_field_and_stays_typed(
    file: Path, read_screen: ReadScreen, name: str, text: str, said: str
) -> None:
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        await write(pilot, name, text)
        assert said in " ".join(read_screen(running).split())
        await press(pilot, "escape")
        assert isinstance(running.screen, ConfirmScreen)
        assert f"This cannot be written: {name}." in read_screen(running)
        await press(pilot, "n")
        field = await go_to(pilot, name)
        assert (field.typed, field.changed) == (text, True)
        assert await read(file) == WRITTEN
        await press(pilot, "ctrl+r")
        assert said not in " ".join(read_screen(running).split())
        await press(pilot, "escape")
        assert isinstance(running.screen, ChatScreen)


async def test_leaving_a_bad_value_is_possible() -> None:
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        await write(pilot, "threads", "many")
        await press(pilot, "escape", "y")
        assert isinstance(running.screen, ChatScreen)


async def test_theme_and_keys_change_at_once(file: Path) -> None:
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        await write(pilot, "theme", "octograph-light")
        assert running.theme == "octograph-light"
        await write(pilot, "keys", '{ "chat.threads" = "alt+s" }')
        await press(pilot, "escape", "alt+s")
        assert isinstance(running.screen, ThreadsScreen)
    assert settings.load().keys == {"chat.threads": "alt+s"}


async def test_a_file_that_broke_meanwhile_is_left_alone(file: Path, read_screen: ReadScreen) -> None:
    running = app()
    async with running.run_test(size=(100, 70)) as pilot:
        await go_to(pilot, "threads")
        await asyncio.to_thread(file.write_text, "no toml")
        await press(pilot, "home", "ctrl+k", "1", "enter")
        assert "cannot be read" in " ".join(read_screen(running).split())
        assert await read(file) == "no toml"


async def test_a_file_that_is_broken_is_told_and_the_app_stays_up(file: Path, read_screen: ReadScreen) -> None:
    await asyncio.to_thread(file.write_text, "threads = 0\n")
    running = app()
    async with running.run_test() as pilot:
        await press(pilot)
        await press(pilot, "f2")
        assert "the settings could not be read" in read_screen(running)
        await press(pilot, "escape")
        assert isinstance(running.screen, ChatScreen)
