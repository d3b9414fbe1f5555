"""A line that narrows a list down."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from octograph.terminal import plain

__all__ = ["FilterInput"]


class FilterInput(Input):
    """What is typed is looked for in a list below it."""

    DEFAULT_CSS = "FilterInput { background: $panel; margin-bottom: 1; }"

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True)

    def _on_paste(self, event: events.Paste) -> None:
        # Runs before Input's own handler, which takes the first line.
        event.text = plain(" ".join(event.text.split()))
