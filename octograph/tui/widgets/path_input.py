"""A line to write a path in."""

from __future__ import annotations

from pathlib import Path

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from octograph.terminal import plain
from octograph.tui.documents.path_finder import PathFinder
from octograph.tui.widgets.completions import Completions

__all__ = ["PathInput"]


class PathInput(Input):
    """Completes files and folders while they are written.

    Parameters
    ----------
    folder
        Where relative paths begin.

    """

    def __init__(self, folder: Path) -> None:
        super().__init__(placeholder="A file or folder, such as ~/Documents", compact=True)
        self._completions = Completions(PathFinder(folder), take=self._complete)
        self._taken = ""

    def on_mount(self) -> None:
        """Put the list in its place."""
        if isinstance(self.parent, Widget):
            self.parent.mount(self._completions, before=self)

    @on(Input.Changed)
    def look(self, event: Input.Changed) -> None:
        """Show what may be meant."""
        event.stop()
        if event.value and event.value != self._taken and self.has_focus:
            self._completions.look_for(event.value)
        else:
            self._completions.close()

    async def _on_key(self, event: events.Key) -> None:
        # Before Input's own handler, and before the bindings of the screen.
        if self._completions.press(event.key):
            event.stop()
            event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        # Runs before Input's own handler, which takes the first line.
        event.text = plain(" ".join(event.text.split()))

    def _on_blur(self, event: events.Blur) -> None:
        self._completions.close()

    def _complete(self, path: str, further: bool) -> None:
        """Write a path out; `further` goes on below it."""
        self._taken = "" if further else path
        self.value = path
        self.cursor_position = len(path)
