"""A question, as it was asked."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain

__all__ = ["Question"]


class Question(Horizontal):
    """The user's words, word for word: no Markdown, no markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Make the bubble."""
        yield Static(Content(plain(self._text)), classes="bubble")
