"""The app: opens the backend, shows the chat, closes the backend."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from octograph.tui.backend import Backend, BackendFactory, Opening
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.screens.help import HelpScreen
from octograph.tui.screens.threads import ThreadsScreen
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.thread_list import ThreadList

__all__ = ["OctographApp", "make_app", "run"]


class OctographApp(App[None]):
    """A chat with a model graph.

    Parameters
    ----------
    opening
        The backend, opened once the first screen is painted.
    thread
        Conversation to go on with, None for a new one.

    """

    TITLE = "Octograph"
    CSS_PATH = "octograph.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", tooltip="Show all keys"),
        Binding("ctrl+q", "quit", "Quit", priority=True, tooltip="End the app and its models"),
    ]

    def __init__(self, opening: Opening, *, thread: str | None = None) -> None:
        super().__init__()
        self._opening = opening
        self._thread = thread

    def get_default_screen(self) -> Screen[None]:
        """Return the chat, which stays below all other screens."""
        return ChatScreen(self._opening, thread=self._thread)

    def action_help(self) -> None:
        """Show all keys, as the classes declare them."""
        if isinstance(self.screen, HelpScreen):
            return
        tables = {
            "Everywhere": self.BINDINGS,
            "Chat": ChatScreen.BINDINGS,
            "Prompt": Prompt.BINDINGS,
            "Threads": [*ThreadList.BINDINGS, *ThreadsScreen.BINDINGS],
        }
        self.push_screen(HelpScreen(tables))

    async def on_unmount(self) -> None:
        """Close the backend; its hosts end."""
        await self._opening.close()


def make_app(backend_factory: BackendFactory, *, thread: str | None = None) -> OctographApp:
    """Return the app on a backend that a factory opens; the factory is called in a thread."""
    return OctographApp(Opening(backend_factory), thread=thread)


def run(graph: str | None = None, thread: str | None = None) -> int:
    """Run the app on a model graph in this terminal, and return its exit code.

    Parameters
    ----------
    graph
        Name of a bundled graph or path of a graph file; None takes the one of the configuration.
    thread
        Conversation to go on with.

    """

    def open_graph() -> Backend:
        # Here, in the factory's thread: the first paint does not wait for these imports.
        from octograph import api, settings

        loaded = settings.load()
        return api.open(graph if graph is not None else loaded.graph, settings=loaded)

    app = make_app(open_graph, thread=thread)
    app.run()
    return app.return_code or 0
