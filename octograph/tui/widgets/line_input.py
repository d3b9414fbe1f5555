"""A line to write in, there only while something is written."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from octograph.terminal import plain

__all__ = ["LineInput"]


class LineInput(Input):
    """Hidden until it is opened."""

    DEFAULT_CSS = """
    LineInput { display: none; max-width: 108; margin: 1 2 0 2; background: $panel; }
    LineInput.-open { display: block; }
    """

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False)
        self.can_focus = False  # keys that are pressed before the styles are there are not for it

    def open(self, value: str) -> None:
        """Show the line with something in it, to be changed."""
        self.value = plain(value)
        self.cursor_position = len(self.value)
        self.add_class("-open")
        self.can_focus = True
        self.focus()

    def close(self) -> None:
        """Hide the line, and what was written with it."""
        self.remove_class("-open")
        self.can_focus = False
        self.value = ""

    def _on_paste(self, event: events.Paste) -> None:
        # Runs before Input's own handler, which takes the first line.
        event.text = plain(" ".join(event.text.split()))
