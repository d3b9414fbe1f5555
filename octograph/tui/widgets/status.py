"""The status line: what the app is doing, or what it has to say."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain

__all__ = ["Status"]


class Status(Static):
    """One line. A notice stands until the next `show`."""

    def show(self, text: str) -> None:
        """Say what the app is doing."""
        self.remove_class("-notice")
        self.update(Content(plain(text)))

    def notice(self, text: str) -> None:
        """Answer something that the user did."""
        self.add_class("-notice")
        self.update(Content(plain(text)))
