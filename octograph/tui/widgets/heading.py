"""The first line: which graph, which conversation."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.widgets.badge import Badge

__all__ = ["Heading"]


class Heading(Horizontal):
    """Name of the graph and what it has to do with a network to the left, title of the conversation to the right."""

    def compose(self) -> ComposeResult:
        """Make both sides."""
        yield Static(Content("Octograph"), id="graph")
        yield Badge()
        yield Static(Content("new thread"), id="title")

    def show_graph(self, name: str) -> None:
        """Name the graph."""
        self.query_one("#graph", Static).update(Content.assemble("Octograph", (f"  {plain(name)}", "dim")))

    def show_title(self, title: str | None) -> None:
        """Name the conversation, None for a new one; only its first line is shown."""
        words = " ".join(plain(title).split()) if title else "new thread"
        self.query_one("#title", Static).update(Content(words))
