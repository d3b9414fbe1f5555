"""The app: opens the backend, shows the chat, closes the backend."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.events import Event, InputEvent, Key
from textual.screen import Screen

from octograph.configuration import change
from octograph.errors import UsageError
from octograph.tui.backend import Backend, BackendFactory, Opening
from octograph.tui.collector import Collector
from octograph.tui.control.actions import Place, give_ids, keyless, places
from octograph.tui.control.keys import keymap, with_keys
from octograph.tui.control.look import Look, chosen_look
from octograph.tui.control.palette import ActionProvider, offers
from octograph.tui.control.themes import DARK, LIGHT, check_theme, themes
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.screens.help import HelpScreen
from octograph.tui.screens.settings import SettingsScreen

__all__ = ["OctographApp", "make_app", "run"]


class OctographApp(App[None]):
    """A chat with a model graph.

    Parameters
    ----------
    opening
        The backend, opened once the first screen is painted.
    thread
        Conversation to go on with, None for a new one.
    look
        Theme and keys.
    collector
        Collects garbage in idle moments; None leaves that to Python.

    Raises
    ------
    UsageError
        There is no such theme, or no such action or key.

    """

    TITLE = "Octograph"
    CSS_PATH = "octograph.tcss"
    CSS = """
    CommandPalette SearchIcon { display: none; }
    CommandPalette > Vertical { max-width: 112; }
    CommandPalette CommandInput { margin-left: 1; }
    CommandPalette CommandList > .option-list--option { text-style: none; text-wrap: nowrap; text-overflow: ellipsis; }
    TextArea .text-area--placeholder { color: $text-disabled; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", show=False, priority=True, tooltip="Find an action"),
        Binding("f1", "help", "Help", priority=True, tooltip="Show all keys"),
        Binding("f2", "settings", "Settings", show=False, tooltip="Show the settings"),
        keyless("theme", "Theme", tooltip="Choose other colours"),
        Binding("ctrl+q", "quit", "Quit", priority=True, tooltip="End the app and its models"),
    ]

    def __init__(
        self,
        opening: Opening,
        *,
        thread: str | None = None,
        look: Look | None = None,
        collector: Collector | None = None,
    ) -> None:
        give_ids()  # before the first widget is made
        super().__init__()
        look = look if look is not None else Look()
        self._opening = opening
        self._thread = thread
        self._collector = collector
        self._keys: Mapping[str, str] = {}
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        check_theme(look.theme)
        self.theme = look.theme
        self._take_keys(look.keys)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where something can be done, with the keys that hold now."""
        return with_keys(places(), self._keys)

    def get_default_screen(self) -> Screen[None]:
        """Return the chat, which stays below all other screens."""
        return ChatScreen(self._opening, thread=self._thread)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no screen over itself."""
        above: Mapping[str, type[Screen[Any]]] = {
            "help": HelpScreen,
            "settings": SettingsScreen,
            "command_palette": CommandPalette,
        }
        return action not in above or not isinstance(self.screen, above[action])

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpScreen(self.places))

    def action_settings(self) -> None:
        """Show the settings."""
        self.push_screen(SettingsScreen({"theme": check_theme, "keys": partial(keymap, places=places())}))

    def action_command_palette(self) -> None:
        """Show what can be done now."""
        found = [offer for offer in offers(self.screen, self.places) if offer.action.run != "command_palette"]
        provider = ActionProvider(self.screen, found)
        self.push_screen(CommandPalette([provider], placeholder="Find an action"))  # type: ignore[list-item]  # Textual takes a `SimpleProvider` itself, too

    def action_theme(self) -> None:
        """Show the themes."""
        found = [(name, partial(self._choose_theme, name), about) for name, about in themes().items()]
        self.search_commands(found, placeholder="Find a theme")

    @on(SettingsScreen.Changed)
    def take(self, event: SettingsScreen.Changed) -> None:
        """Let a changed setting hold."""
        if event.name == "theme":
            self.theme = event.value
        elif event.name == "keys":
            self._take_keys(event.value)

    def on_mount(self) -> None:
        """Tidy up now and then."""
        if self._collector is not None:
            self.set_interval(1.0, self._collector.tidy)

    async def on_event(self, event: Event) -> None:
        """Take a letter with alt for a key and not for a letter, which Textual's parser leaves open."""
        if self._collector is not None and isinstance(event, InputEvent):
            self._collector.touch()
        if isinstance(event, Key) and event.key.startswith("alt+"):
            event.character = None
        await super().on_event(event)

    async def on_unmount(self) -> None:
        """Close the backend; its hosts end."""
        await self._opening.close()

    async def _choose_theme(self, name: str) -> None:
        """Take a theme, now and from the next start."""
        self.theme = name
        try:
            await asyncio.to_thread(change, "theme", name)
        except UsageError as error:
            self.notify(f"{error.message}. It holds until the end.", severity="warning", markup=False)

    def _take_keys(self, wanted: Mapping[str, str]) -> None:
        self._keys = keymap(wanted, places())
        self.set_keymap(self._keys)


def make_app(backend_factory: BackendFactory, *, thread: str | None = None, look: Look | None = None) -> OctographApp:
    """Return the app on a backend that a factory opens; the factory is called in a thread."""
    return OctographApp(Opening(backend_factory), thread=thread, look=look)


def run(graph: str | None = None, thread: str | None = None) -> int:
    """Run the app on a model graph in this terminal, and return its exit code.

    Parameters
    ----------
    graph
        Name of a bundled graph or path of a graph file; None takes the one of the configuration.
    thread
        Conversation to go on with.

    Raises
    ------
    UsageError
        The configuration names a theme, an action or a key that there is not.

    """

    def open_graph() -> Backend:
        with collector.held():
            # Here, in the factory's thread: the first paint does not wait for these imports.
            from octograph import api, settings

            loaded = settings.load()
            return api.open(graph if graph is not None else loaded.graph, settings=loaded)

    collector = Collector()
    app = OctographApp(Opening(open_graph), thread=thread, look=chosen_look(), collector=collector)
    app.run()
    return app.return_code or 0
