"""The conversations: open one, begin one, delete one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static

from octograph.errors import OctographError
from octograph.tui.backend import Backend
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.widgets.failure import explain
from octograph.tui.widgets.status import Status
from octograph.tui.widgets.thread_list import ThreadList

if TYPE_CHECKING:  # see backend.py
    from octograph.agents import ThreadInfo

__all__ = ["ThreadChoice", "ThreadsScreen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChoice:
    """What the user wants next.

    Attributes
    ----------
    open
        The thread to show, None for the one that was shown before.
    new
        Whether to begin a new one.
    deleted
        Threads that are gone.

    """

    open: ThreadInfo | None = None
    new: bool = False
    deleted: frozenset[str] = frozenset()


class ThreadsScreen(Screen[ThreadChoice]):
    """Lists the conversations, the last used first.

    Parameters
    ----------
    backend
        Where they are.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "new", "New", tooltip="Begin a new thread"),
        Binding("d,delete", "delete", "Delete", tooltip="Delete the thread, if you confirm"),
        Binding("escape,ctrl+t", "back", "Back", tooltip="Back to the chat"),
    ]

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self._backend = backend
        self._deleted: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Make the list."""
        yield Static(Content("Threads"), id="threads-title")
        yield Static(Content("No threads yet. Ask something, and it becomes one."), id="no-threads")
        yield ThreadList()
        yield Status()
        yield Footer()

    def on_mount(self) -> None:
        """Load the list."""
        self.query_one("#no-threads").display = False
        self._load()

    @work(exclusive=True)
    async def _load(self) -> None:
        try:
            threads = await asyncio.to_thread(self._backend.threads)
        except OctographError as error:
            self._complain(error)
            return
        self.query_one(ThreadList).show(threads)
        self.query_one(ThreadList).display = bool(threads)
        self.query_one("#no-threads").display = not threads

    @on(OptionList.OptionSelected)
    def open(self, event: OptionList.OptionSelected) -> None:
        """Open the thread under the cursor."""
        event.stop()
        self.dismiss(ThreadChoice(open=self.query_one(ThreadList).current, deleted=self._deleted))

    def action_new(self) -> None:
        """Begin a thread."""
        self.dismiss(ThreadChoice(new=True, deleted=self._deleted))

    def action_back(self) -> None:
        """Leave everything as it was."""
        self.dismiss(ThreadChoice(deleted=self._deleted))

    @work
    async def action_delete(self) -> None:
        """Delete the thread under the cursor, if the user really wants it."""
        thread = self.query_one(ThreadList).current
        if thread is None:
            return
        question = f"Delete this thread and all its answers?\n\n{' '.join(thread.title.split())}"
        if not await self.app.push_screen_wait(ConfirmScreen(question, act="Delete")):
            return
        try:
            await asyncio.to_thread(self._backend.delete, thread.id)
        except OctographError as error:
            self._complain(error)
            return
        self._deleted |= {thread.id}
        self.query_one(Status).show("deleted")
        self._load()

    def _complain(self, error: OctographError) -> None:
        self.query_one(Status).notice(" ".join(part for part in explain(error) if part))
