"""The settings: what holds, where it comes from, what it does; most can be changed here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from octograph.configuration import change, config_path
from octograph.errors import OctographError, UsageError
from octograph.terminal import plain
from octograph.tui.control.typed import value_of
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.widgets.failure import Failure
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.setting_field import SettingField, SettingInput
from octograph.tui.widgets.status import Status

if TYPE_CHECKING:  # pydantic takes its time to import, which the first paint does not wait for
    from octograph.settings import Setting

__all__ = ["SettingsScreen"]

_ABOUT = "What you write here goes to the file. Theme and keys change at once, all else with the next start."
_FIXED = {
    "data_dir": "To be changed in the file, while no conversation is open.",
    "cache_dir": "To be changed in the file, while no model is loaded.",
    "api_keys": "To be changed in the file.",
}


class SettingsScreen(Screen[None]):
    """Shows all settings, and writes those that the user changes to the configuration file.

    Parameters
    ----------
    checks
        By the names of settings that hold at once, what refuses a bad value.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Back to where you were"),
    ]
    DEFAULT_CSS = """
    SettingsScreen { align-horizontal: center; }
    SettingsScreen > .title { height: auto; max-width: 112; padding: 0 2; text-style: bold; color: $text-accent; }
    SettingsScreen > .about { height: auto; max-width: 112; padding: 0 2; margin-bottom: 1; color: $text-muted; }
    SettingsScreen > VerticalScroll { max-width: 112; height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Changed(Message):
        """A setting that holds at once has another value."""

        name: str
        value: Any

    def __init__(self, checks: Mapping[str, Callable[[Any], object]]) -> None:
        super().__init__()
        self._checks = checks
        self._order = asyncio.Lock()
        """Held while the file is read and written, so that one change follows the other."""

    def compose(self) -> ComposeResult:
        """Make the parts; the settings come once they are read."""
        path = plain(str(config_path()))
        yield Static(Content.assemble("Settings  ", (path, "$text-muted not bold")), classes="title")
        yield Static(Content(_ABOUT), classes="about")
        yield VerticalScroll(can_focus=False)
        yield Status()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the settings."""
        self._load()

    @work
    async def _load(self) -> None:
        fields = self.query_one(VerticalScroll)
        try:
            settings = await asyncio.to_thread(_listed)
        except OctographError as error:
            await fields.mount(Failure("the settings could not be read", error))
            return
        await fields.mount_all(self._field(setting) for setting in settings)
        self.query(SettingInput).first().focus()

    def _field(self, setting: Setting) -> SettingField:
        fixed = _FIXED.get(setting.name, "")
        if setting.origin == "environment":
            fixed = f"{setting.variable} goes before the file."
        return SettingField(setting, fixed=fixed)

    @on(SettingField.Entered)
    @work
    async def enter(self, event: SettingField.Entered) -> None:
        """Write what was typed."""
        event.stop()
        await self._write(event.field, event.text)

    @work
    async def action_back(self) -> None:
        """Write what was typed and leave; what cannot be written is not lost without asking."""
        for field in self.query(SettingField):
            if field.changed:
                await self._write(field, field.typed)
        left = [field.setting.name for field in self.query(SettingField) if field.changed]
        question = f"This cannot be written: {', '.join(left)}. Leave all the same?"
        if not left or await self.app.push_screen_wait(ConfirmScreen(question, act="Leave")):
            self.dismiss()

    async def _write(self, field: SettingField, text: str | None) -> None:
        """Write a setting, unless it cannot have that value."""
        name = field.setting.name
        async with self._order:
            try:
                setting = await asyncio.to_thread(_written, name, text, self._checks.get(name))
            except OctographError as error:
                field.refuse(f"{error.message}. {error.hint}".rstrip())
                return
        field.take(setting)
        self.query_one(Status).show(f"{name}: {'the default again' if text is None else 'written'}")
        if name in self._checks:
            self.post_message(self.Changed(name, setting.value))


def _listed() -> list[Setting]:
    from octograph import settings  # here, in a thread: see above

    return settings.listed()


def _written(name: str, text: str | None, check: Callable[[Any], object] | None) -> Setting:
    """Check a value, write it, and return the setting that holds now."""
    from octograph import settings

    value = None
    if text is not None:
        try:
            value = settings.check(name, value_of(text))
        except ValueError as error:
            raise UsageError(f"{text!r} is no table: {error}") from error
        except UsageError as error:
            raise UsageError(error.message) from error  # its hint is for who edits the file
        if check is not None:
            check(value)
    change(name, value)
    return next(setting for setting in settings.listed() if setting.name == name)
