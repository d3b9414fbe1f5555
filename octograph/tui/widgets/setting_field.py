"""A setting: its name, its value to change, where the value comes from and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from octograph.terminal import plain
from octograph.tui.control.typed import text_of

if TYPE_CHECKING:  # pydantic takes its time to import, which the first paint does not wait for
    from octograph.settings import Setting

__all__ = ["SettingField", "SettingInput"]


class SettingInput(Input):
    """The value as text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Save", tooltip="Write the setting to the configuration file"),
    ]


class SettingField(Vertical):
    """Offers what was typed when the user enters it or goes elsewhere; it stays typed until it is taken.

    Parameters
    ----------
    setting
        What to show.
    fixed
        Why it cannot be changed here; empty if it can.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "reset", "Default", tooltip="Take the default again"),
        # Here and not in the screen: the list between them scrolls with these keys.
        Binding("up", "app.focus_previous", "Up", show=False, tooltip="Setting above"),
        Binding("down", "app.focus_next", "Down", show=False, tooltip="Setting below"),
    ]
    DEFAULT_CSS = """
    SettingField { height: auto; margin-bottom: 1; padding-left: 1; border-left: blank; }
    SettingField:focus-within { border-left: outer $primary; }
    SettingField Horizontal { height: auto; }
    SettingField .name { width: 14; text-style: bold; }
    SettingField .value { width: 1fr; }
    SettingField SettingInput { width: 1fr; }
    SettingField .origin { width: 13; padding-left: 2; color: $text-muted; }
    SettingField .about, SettingField .problem { margin-left: 14; height: auto; }
    SettingField .about { color: $text-muted; }
    SettingField .problem { color: $text-error; text-style: bold; }
    """

    @dataclass
    class Entered(Message):
        """The user wants the setting to have this value, None for the default."""

        field: SettingField
        text: str | None

    def __init__(self, setting: Setting, *, fixed: str = "") -> None:
        super().__init__()
        self._setting = setting
        self._fixed = fixed
        self._input: SettingInput | None = None
        self._origin = Static(classes="origin")
        self._about = Static(classes="about")
        self._problem = Static(classes="problem")
        self._problem.display = False

    @property
    def setting(self) -> Setting:
        """What is shown."""
        return self._setting

    @property
    def _value(self) -> str:
        return plain(text_of(self._setting.value))

    @property
    def typed(self) -> str | None:
        """What is typed, None for the default."""
        return (self._input.value.strip() or None) if self._input is not None else None

    @property
    def changed(self) -> bool:
        """Whether what is typed is not what holds."""
        return self._input is not None and self._input.value.strip() != self._value

    def compose(self) -> ComposeResult:
        """Lay out the value beside its name, and what there is to say below."""
        with Horizontal():
            yield Static(Content(self._setting.name), classes="name")
            if self._fixed:
                yield Static(Content(self._value or "—"), classes="value")
            else:
                suggester = SuggestFromList(self._setting.choices) if self._setting.choices else None
                self._input = SettingInput(self._value, compact=True, suggester=suggester, select_on_focus=False)
                yield self._input
            yield self._origin
        yield self._about
        yield self._problem

    def on_mount(self) -> None:
        """Say what it does."""
        self.take(self._setting)

    def take(self, setting: Setting) -> None:
        """Show what holds now."""
        self._setting = setting
        self._origin.update(Content(setting.origin))
        self._about.update(Content(f"{setting.about} {self._fixed}".rstrip()))
        self._problem.display = False
        if self._input is not None and self.changed:
            self._input.value = self._value

    def refuse(self, problem: str) -> None:
        """Say why it cannot have the value; what was typed stays."""
        self._problem.update(Content(plain(f"✗ {problem}")))
        self._problem.display = True
        self.scroll_visible()

    def action_reset(self) -> None:
        """Offer the default."""
        if self._input is not None:
            self.post_message(self.Entered(self, None))

    @on(Input.Submitted)
    @on(Input.Blurred)
    def enter(self, event: Input.Submitted | Input.Blurred) -> None:
        """Offer what was typed, if it is anything new."""
        event.stop()
        if self.changed:
            self.post_message(self.Entered(self, self.typed))
