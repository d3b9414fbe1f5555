"""The documents that answers can rest on: add, remove, compare with the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from octograph.errors import OctographError
from octograph.tui.documents.indexing import Indexing, IndexingState, Outcome
from octograph.tui.documents.pasted import pasted_paths
from octograph.tui.documents.paths import absolute, existing, listed, shown
from octograph.tui.documents.store import DocumentStore
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.widgets.document_list import COLUMNS, DocumentList
from octograph.tui.widgets.failure import explain
from octograph.tui.widgets.indexing import IndexingLine
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.path_input import PathInput
from octograph.tui.widgets.status import Status

if TYPE_CHECKING:  # see documents.py
    from octograph.retrieval.entry import Entry

__all__ = ["DocumentsScreen"]

EMPTY = (
    "No documents yet.\n\n"
    "Write a file or a folder below and press enter. It is read in the background, and answers can soon rest on what "
    "is done of it.\n\n"
    "In a question, @ names a file or folder that is to be read first."
)


class DocumentsScreen(ModalScreen[None]):
    """Lists the documents, by their paths, and under them what could not be read.

    Parameters
    ----------
    documents
        Where they are.
    indexing
        Adds to them.
    folder
        Where relative paths begin; the current directory if None.

    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", tooltip="Write a file or folder to add"),
        Binding("d,delete", "remove", "Remove", tooltip="Remove the document, if you confirm; its file stays"),
        Binding("D", "remove_folder", "Remove folder", tooltip="Remove all documents of its folder, if you confirm"),
        Binding("v", "verify", "Verify", tooltip="Look for files that changed or went since they were read"),
        Binding("u", "update", "Update", tooltip="Read again what changed, remove what is gone if you confirm"),
        Binding("c", "cancel", "Stop indexing", tooltip="Stop indexing; what is done is kept"),
        Binding("escape", "back", "Back", tooltip="Back to the list, and to the chat"),
    ]
    DEFAULT_CSS = """
    DocumentsScreen { align: center middle; }
    DocumentsScreen .documents { width: 92%; max-width: 116; height: 90%; padding: 1 0 0 0; border: round $primary;
                                 background: $surface; }
    DocumentsScreen .columns { height: 1; padding: 0 2; color: $text-muted; }
    DocumentsScreen .nothing { height: 1fr; padding: 0 2; color: $text-muted; }
    DocumentsScreen PathInput { margin: 1 2 0 2; background: $panel; }
    """

    def __init__(self, documents: DocumentStore, indexing: Indexing, *, folder: Path | None = None) -> None:
        super().__init__()
        self._documents = documents
        self._indexing = indexing
        self._folder = Path() if folder is None else folder
        self._entries: list[Entry] = []
        self._changes: dict[str, str] = {}
        self._last: Outcome | None = None
        self._usable = 0
        self._leave: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        with Vertical(classes="documents") as dialog:
            dialog.border_title = "Documents"
            yield Static(Content(EMPTY), classes="nothing")
            yield Static(Content(COLUMNS), classes="columns")
            yield DocumentList()
            yield PathInput(self._folder)
            yield IndexingLine()
            yield Status()
        yield KeyLine()

    def on_mount(self) -> None:
        """Load the list, and follow what is being added."""
        self.query_one(".nothing").display = self.query_one(".columns").display = False
        self._last, self._usable = self._indexing.state.last, self._indexing.state.usable
        self._leave = self._indexing.follow(self._show_indexing)
        self._load()

    def on_unmount(self) -> None:
        """Follow no longer."""
        if self._leave is not None:
            self._leave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if action == "cancel":
            return bool(self._indexing.state.current)
        if action == "update":
            return bool(self._changes)
        if action in ("remove", "remove_folder", "verify"):
            return bool(self._entries)
        return True

    def _show_indexing(self, state: IndexingState) -> None:
        self.query_one(IndexingLine).show(state)
        if (state.last, state.usable) != (self._last, self._usable):
            self._last, self._usable = state.last, state.usable
            self._load()
        self.refresh_bindings()

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        try:
            self._entries = await asyncio.to_thread(self._documents.entries)
        except OctographError as error:
            self._complain(error)
            return
        self._show()
        if self.focused is None and self.query_one(DocumentList).display:
            self.query_one(DocumentList).focus()
        elif not (self.query_one(DocumentList).display or self._indexing.state.current):
            self.query_one(PathInput).focus()

    def _show(self) -> None:
        unread = self._indexing.state.unread
        there = bool(self._entries or unread)
        self.query_one(DocumentList).show(self._entries, unread, self._changes)
        self.query_one(DocumentList).display = self.query_one(".columns").display = there
        self.query_one(".nothing").display = not there
        passages = sum(entry.passages for entry in self._entries)
        counts = f"{len(self._entries):,} documents, {passages:,} passages" if there else ""
        self.query_one(".documents").border_subtitle = counts
        self.refresh_bindings()

    # --- adding --------------------------------------------------------------------------------------------

    def action_add(self) -> None:
        """Go to the line where a path is written."""
        self.query_one(PathInput).focus()

    @on(Input.Submitted)
    async def add(self, event: Input.Submitted) -> None:
        """Add what was written, if it is there."""
        event.stop()
        written = event.value.strip()
        if not written:
            return
        one = await asyncio.to_thread(existing, written, self._folder)
        paths = (one,) if one is not None else await asyncio.to_thread(pasted_paths, written, self._folder)
        if not paths:
            self._notice(f"There is nothing at {shown(absolute(written, self._folder))}.")
            return
        event.input.clear()
        self.query_one(Status).show("")
        self._indexing.add(paths)

    def action_cancel(self) -> None:
        """Stop indexing."""
        self._indexing.cancel()

    # --- removing ------------------------------------------------------------------------------------------

    @work(group="change")
    async def action_remove(self) -> None:
        """Remove the document under the cursor, if the user really wants it."""
        source = self.query_one(DocumentList).current
        if source is not None:
            await self._remove([source], f"Remove this document? Its file stays.\n\n{shown(source)}")

    @work(group="change")
    async def action_remove_folder(self) -> None:
        """Remove all documents of the folder of the one under the cursor, if the user really wants it."""
        source = self.query_one(DocumentList).current
        if source is not None:
            folder = str(Path(source).parent)
            count = sum(Path(entry.source).is_relative_to(folder) for entry in self._entries)
            question = f"Remove all {count:,} documents of this folder and those below? Their files stay."
            await self._remove([folder], f"{question}\n\n{shown(folder)}")

    async def _remove(self, sources: list[str], question: str) -> None:
        if self._indexing.state.current:
            self._notice("Documents are being added. Nothing can be removed until that is done, or stopped with c.")
            return
        if not await self.app.push_screen_wait(ConfirmScreen(question, act="Remove")):
            return
        try:
            gone = await asyncio.to_thread(self._documents.remove, sources)
        except OctographError as error:
            self._complain(error)
            return
        for source in gone:
            self._changes.pop(source, None)
        self.query_one(Status).show(f"{len(gone):,} removed")
        self._load()

    # --- what changed on the disk --------------------------------------------------------------------------

    @work(exclusive=True, group="verify")
    async def action_verify(self) -> None:
        """Compare the documents with their files."""
        self.query_one(Status).show("comparing with the files…")
        try:
            changes = await asyncio.to_thread(self._documents.changes)
        except OctographError as error:
            self._complain(error)
            return
        self._changes = {change.source: change.kind for change in changes}
        self._show()
        kinds = list(self._changes.values())
        counts = [f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds)]
        told = f"{', '.join(counts)} · u updates" if counts else "all files are as they were when they were read"
        self.query_one(Status).show(told)

    @work(group="change")
    async def action_update(self) -> None:
        """Remove documents whose files are gone, if the user really wants it, and read changed files again."""
        gone = [source for source, kind in self._changes.items() if kind == "gone"]
        again = [Path(source) for source, kind in self._changes.items() if kind != "gone"]
        if gone:
            await self._remove(gone, f"These files are gone. Remove their documents ({len(gone):,})?\n\n{listed(gone)}")
        if again:
            self._changes = {source: kind for source, kind in self._changes.items() if kind == "gone"}
            self._indexing.add(again)
        self._show()

    # --- elsewhere -----------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Go back to the list, and from there to the chat."""
        documents = self.query_one(DocumentList)
        if self.query_one(PathInput).has_focus and (documents.display or self._indexing.state.current):
            self.set_focus(documents if documents.display else None)
        else:
            self.dismiss()

    def _complain(self, error: OctographError) -> None:
        self._notice(" ".join(part for part in explain(error) if part))

    def _notice(self, text: str) -> None:
        self.query_one(Status).notice(text)
