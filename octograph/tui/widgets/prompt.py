"""The prompt: a few lines to write a question in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from octograph.terminal import plain
from octograph.tui.documents.mentions import OpenMention, mentioned, open_mention, written
from octograph.tui.documents.pasted import pasted_paths
from octograph.tui.documents.path_finder import PathFinder
from octograph.tui.threads.history import History
from octograph.tui.widgets.completions import Completions

__all__ = ["Prompt"]


class Prompt(TextArea):
    """Sends on Enter, calls earlier questions back with the arrow keys, and completes paths after ``@``.

    A question stays in the prompt until whoever gets `Submitted` takes it with `take`; so nothing typed is
    lost when it cannot be sent yet.

    Parameters
    ----------
    folder
        Where relative paths begin; the current directory if None.

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
        """The user wants this to be asked; `mentions` are the files and folders that it names with ``@``."""

        prompt: Prompt
        text: str
        mentions: tuple[Path, ...] = ()

    @dataclass
    class PathsPasted(Message):
        """The user pasted, or dragged here, nothing but files and folders; `text` was not inserted."""

        prompt: Prompt
        paths: tuple[Path, ...]
        text: str

    def __init__(self, *, folder: Path | None = None) -> None:
        super().__init__(placeholder="Ask a question", highlight_cursor_line=False)
        self._history = History()
        self._folder = Path() if folder is None else folder
        self._finder = PathFinder(self._folder)
        self._completions = Completions(self._finder, take=self._complete)

    def take(self, question: str) -> None:
        """Remember the question and drop it from the prompt; what was typed since stays."""
        self._history.add(question)
        if self.text.startswith(question):
            self.text = self.text[len(question) :]
            self.move_cursor(self.document.end)

    def remember(self, questions: Iterable[str]) -> None:
        """Begin the history with these questions."""
        self._history = History(questions)

    def put(self, text: str) -> None:
        """Show a text in the place of what is there, the cursor behind it."""
        self.text = plain(text)
        self.move_cursor(self.document.end)

    def know(self, sources: Iterable[str]) -> None:
        """Complete the paths of these documents too."""
        self._finder.know(sources)

    async def action_submit(self) -> None:
        """Offer the question."""
        text = self.text
        if text.strip():
            self._completions.close()
            mentions = await asyncio.to_thread(mentioned, text, self._folder) if "@" in text else ()
            self.post_message(self.Submitted(self, text, mentions))

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

    def edit(self, edit: Edit) -> EditResult:
        """Change the text, and complete the path that is being written."""
        result = super().edit(edit)
        if self._mention is None:
            self._completions.close()
        else:
            if not self._completions.is_attached and isinstance(self.parent, Widget):
                self.parent.mount(self._completions, before=self)
            self._completions.look_for(self._mention.path)
        return result

    @on(TextArea.SelectionChanged)
    def leave(self) -> None:
        """Close the list once the cursor is elsewhere."""
        if self._mention is None:
            self._completions.close()

    async def _on_key(self, event: events.Key) -> None:
        # Here and not by their bindings, which overtake letters that came in the same burst and are still
        # in this widget's queue.
        if not self._completions.press(event.key):
            match self._bound(event):
                case "submit":
                    await self.action_submit()
                case "newline":
                    self.action_newline()
                case _:
                    return
        event.stop()
        event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        # Runs before TextArea's own handler, which inserts what is left. Terminals end pasted lines with CR.
        event.text = plain(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        paths = await asyncio.to_thread(pasted_paths, event.text, self._folder)
        if paths:
            event.stop()
            event.prevent_default()
            self.post_message(self.PathsPasted(self, paths, event.text))

    def _on_blur(self, event: events.Blur) -> None:
        self._completions.close()

    def _bound(self, event: events.Key) -> str | None:
        """What a key does here, which the user may have changed."""
        bound = None if event.is_printable else self.screen.active_bindings.get(event.key)
        return bound.binding.action if bound is not None and bound.node is self else None

    @property
    def _mention(self) -> OpenMention | None:
        """The mention that ends at the cursor."""
        row, column = self.cursor_location
        return open_mention(self.document[row][:column])

    def _complete(self, path: str, further: bool) -> None:
        """Write a path out; `further` goes on below it."""
        mention = self._mention
        if mention is not None:
            row, _ = self.cursor_location
            text = written(path, closed=not further) + ("" if further else " ")
            self.replace(text, (row, mention.start), self.cursor_location, maintain_selection_offset=False)

    def _call_back(self, question: str | None) -> None:
        if question is not None:
            self.put(question)
