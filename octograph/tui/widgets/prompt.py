"""The prompt: a few lines to write a question in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from octograph.terminal import plain
from octograph.tui.history import History

__all__ = ["Prompt"]


class Prompt(TextArea):
    """Sends on Enter, and calls earlier questions back with the arrow keys.

    A question stays in the prompt until whoever gets `Submitted` takes it with `take`; so nothing typed is
    lost when it cannot be sent yet.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Send", tooltip="Send the question"),
        Binding(
            "ctrl+j,shift+enter",
            "newline",
            "New line",
            key_display="^j",
            tooltip="Begin a new line",
        ),
        Binding("up", "cursor_up", "Earlier", show=False, tooltip="Earlier question (on the first line)"),
        Binding("down", "cursor_down", "Later", show=False, tooltip="Later question (on the last line)"),
    ]

    @dataclass
    class Submitted(Message):
        """The user wants this to be asked."""

        prompt: Prompt
        text: str

    def __init__(self) -> None:
        super().__init__(placeholder="Ask a question", highlight_cursor_line=False)
        self._history = History()

    def take(self, question: str) -> None:
        """Remember the question and drop it from the prompt; what was typed since stays."""
        self._history.add(question)
        if self.text.startswith(question):
            self.text = self.text[len(question) :]
            self.move_cursor(self.document.end)

    def remember(self, questions: Iterable[str]) -> None:
        """Begin the history with these questions."""
        self._history = History(questions)

    def action_submit(self) -> None:
        """Offer the question."""
        if self.text.strip():
            self.post_message(self.Submitted(self, self.text))

    def action_newline(self) -> None:
        """Break the line at the cursor."""
        self.insert("\n")

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up or, from the first line, to the question before."""
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location):
            super().action_cursor_up(select)
        else:
            self._call_back(self._history.back(self.text))

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down or, from the last line, to the question after."""
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location):
            super().action_cursor_down(select)
        else:
            self._call_back(self._history.forward(self.text))

    async def _on_key(self, event: events.Key) -> None:
        # Here and not by their bindings, which overtake letters that came in the same burst and are still
        # in this widget's queue.
        actions = {"enter": self.action_submit, "ctrl+j": self.action_newline, "shift+enter": self.action_newline}
        if (action := actions.get(event.key)) is not None:
            event.stop()
            event.prevent_default()
            action()

    async def _on_paste(self, event: events.Paste) -> None:
        # Runs before TextArea's own handler, which inserts what is left. Terminals end pasted lines with CR.
        event.text = plain(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    def _call_back(self, question: str | None) -> None:
        if question is not None:
            self.text = question
            self.move_cursor(self.document.end)
