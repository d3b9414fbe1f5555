"""The conversations: open, begin, find, rename, delete and export one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from octograph.errors import OctographError
from octograph.tui.threads.conversations import Conversations, Form
from octograph.tui.threads.exporting import write_new
from octograph.tui.widgets.failure import explain
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.status import Status
from octograph.tui.widgets.thread_list import ThreadList
from octograph.tui.widgets.thread_search import ThreadSearch
from octograph.tui.widgets.thread_title import ThreadTitle

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import ThreadInfo

__all__ = ["ThreadChoice", "ThreadsScreen"]

EMPTY = "No threads yet. Ask something, and it becomes one."
NOWHERE = "No question and no answer has all of these words."

ENDINGS: Mapping[Form, str] = {"markdown": "md", "json": "json"}

T = TypeVar("T")


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
    renamed
        New titles, by thread.

    """

    open: ThreadInfo | None = None
    new: bool = False
    deleted: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)


class ThreadsScreen(Screen[ThreadChoice]):
    """Lists the conversations, the last used first, or those with some words, the best first.

    Parameters
    ----------
    threads
        Where they are.
    folder
        Where they are exported to; the current one if None.

    """

    AUTO_FOCUS: ClassVar[str] = "ThreadList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "new", "New", tooltip="Begin a new thread"),
        Binding("slash", "search", "Search", tooltip="Find threads by words of their questions and answers"),
        Binding("e", "rename", "Rename", tooltip="Give the thread another title"),
        Binding("d,delete", "delete", "Delete", tooltip="Delete the thread"),
        Binding("u", "undo", "Undo", tooltip="Bring the thread back that was deleted last"),
        Binding(
            "x",
            "export('markdown')",
            "Export",
            id="threads.export",
            tooltip="Write the thread to a Markdown file in the current folder",
        ),
        Binding(
            "X",
            "export('json')",
            "Export as JSON",
            id="threads.export_json",
            show=False,
            tooltip="Write the thread to a JSON file in the current folder, with all that is known of its turns",
        ),
        Binding("escape,ctrl+t", "back", "Back", tooltip="Back to the list, and to the chat"),
    ]

    def __init__(self, threads: Conversations, *, folder: Path | None = None) -> None:
        super().__init__()
        self._threads = threads
        self._folder = Path() if folder is None else folder
        self._deleted: list[ThreadInfo] = []
        self._renamed: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        yield Static(Content("Threads"), id="threads-title")
        yield ThreadSearch()
        yield Static(id="no-threads")
        yield ThreadList()
        yield ThreadTitle()
        yield Status()
        yield KeyLine()

    def on_mount(self) -> None:
        """Load the list."""
        self.query_one("#no-threads").display = False
        self._load()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        return action != "undo" or bool(self._deleted)

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        words = self.query_one(ThreadSearch).value.strip()
        threads = await self._done(self._threads.list)
        turns = await self._done(lambda: self._threads.search(words)) if words else []
        if threads is None or turns is None:
            return
        found = {turn.thread: turn for turn in reversed(turns)}  # the best of each
        if words:
            infos = {thread.id: thread for thread in threads}
            threads = [infos[name] for name in dict.fromkeys(turn.thread for turn in turns) if name in infos]
        self.query_one(ThreadList).show(threads, found)
        self.query_one(ThreadList).display = bool(threads)
        self.query_one("#no-threads", Static).update(Content(NOWHERE if words else EMPTY))
        self.query_one("#no-threads").display = not threads

    # --- finding and opening -------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Go to the line for words to look for."""
        search = self.query_one(ThreadSearch)
        search.open(search.value)

    @on(Input.Changed, "ThreadSearch")
    def find(self, event: Input.Changed) -> None:
        """Show the threads with these words."""
        event.stop()
        self._load()

    @on(Input.Submitted, "ThreadSearch")
    def leave_search(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self.query_one(ThreadList).focus()

    @on(OptionList.OptionSelected)
    def open(self, event: OptionList.OptionSelected) -> None:
        """Open the thread under the cursor."""
        event.stop()
        self._leave(open=self.query_one(ThreadList).current)

    def action_new(self) -> None:
        """Begin a thread."""
        self._leave(new=True)

    def action_back(self) -> None:
        """Leave the line that is written in, then the search, then the screen."""
        search, title = self.query_one(ThreadSearch), self.query_one(ThreadTitle)
        if title.has_class("-open"):
            title.close()
        elif search.has_class("-open"):
            search.close()
        else:
            self._leave()
            return
        self.query_one(ThreadList).focus()

    def _leave(self, *, open: ThreadInfo | None = None, new: bool = False) -> None:  # noqa: A002  # as the choice names it
        deleted = frozenset(thread.id for thread in self._deleted)
        self.dismiss(ThreadChoice(open=open, new=new, deleted=deleted, renamed=self._renamed))

    # --- changing ------------------------------------------------------------------------------------------

    def action_rename(self) -> None:
        """Go to the line for the title of the thread under the cursor."""
        thread = self.query_one(ThreadList).current
        if thread is not None:
            self.query_one(ThreadTitle).open(thread.title)

    @on(Input.Submitted, "ThreadTitle")
    async def rename(self, event: Input.Submitted) -> None:
        """Give the thread under the cursor the title that was written."""
        event.stop()
        thread, title = self.query_one(ThreadList).current, event.value
        self.action_back()
        if thread is not None and await self._changed(lambda: self._threads.rename(thread.id, title), "renamed"):
            self._renamed[thread.id] = title

    async def action_delete(self) -> None:
        """Delete the thread under the cursor."""
        thread = self.query_one(ThreadList).current
        if thread is not None:
            told = f"deleted: {' '.join(thread.title.split())} · u undoes it"
            if await self._changed(lambda: self._threads.delete(thread.id), told):
                self._deleted.append(thread)
                self.refresh_bindings()

    async def action_undo(self) -> None:
        """Bring the thread back that was deleted last."""
        thread = self._deleted[-1]
        if await self._changed(lambda: self._threads.restore(thread.id), f"it is back: {thread.title}"):
            self._deleted.pop()
            self.refresh_bindings()

    async def action_export(self, form: Form) -> None:
        """Write the thread under the cursor to a file."""
        thread = self.query_one(ThreadList).current
        if thread is None:
            return
        text = await self._done(lambda: self._threads.export(thread.id, form=form))
        if text is None:
            return
        try:
            path = await asyncio.to_thread(write_new, self._folder, thread.title, text, ending=ENDINGS[form])
        except OSError as error:
            self.query_one(Status).notice(f"it cannot be written: {error}")
        else:
            self.query_one(Status).notice(f"written to {path}")

    async def _changed(self, act: Callable[[], None], told: str) -> bool:
        """Do something to a thread, and say so and load the list if it could be done."""

        def acted() -> bool:
            act()
            return True

        if not await self._done(acted):
            return False
        self.query_one(Status).notice(told)
        self._load()
        return True

    async def _done(self, act: Callable[[], T]) -> T | None:
        """What something that blocks came to; None, and the error is told, if it failed."""
        try:
            return await asyncio.to_thread(act)
        except OctographError as error:
            self.query_one(Status).notice(" ".join(part for part in explain(error) if part))
            return None
