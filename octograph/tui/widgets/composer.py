"""Where questions are written, and what has to be known while one writes them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from octograph.tui.documents import DocumentStore
from octograph.tui.indexing import Indexing, IndexingState, Outcome
from octograph.tui.widgets.context_meter import ContextMeter
from octograph.tui.widgets.failure import told
from octograph.tui.widgets.indexing import IndexingLine
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.status import Status

__all__ = ["Composer"]


class Composer(Vertical):
    """What is being indexed, how full the context is, what the app is doing, and the prompt.

    Attributes
    ----------
    busy
        Whether an answer is being written: then a question stays in the prompt.
    indexing
        Adds documents; None until they are known.

    """

    DEFAULT_CSS = "Composer { height: auto; align-horizontal: center; }"

    @dataclass
    class Asked(Message):
        """The user asks this, and what it names is read."""

        text: str

    def __init__(self) -> None:
        super().__init__()
        self.busy = False
        self.indexing: Indexing | None = None

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        yield IndexingLine()
        yield ContextMeter()
        yield Status()
        yield Prompt()

    async def on_unmount(self) -> None:
        """Stop indexing; what is done is kept."""
        if self.indexing is not None:
            await self.indexing.close()

    def open(self, documents: DocumentStore) -> None:
        """Add to these documents, and complete their paths."""
        if self.indexing is None:
            self.indexing = Indexing(documents.aadd)
            self.indexing.follow(self._show_indexing)
            self.know(documents)

    def write(self, text: str) -> None:
        """Put a text into the prompt, and go there."""
        prompt = self.query_one(Prompt)
        prompt.text = text
        prompt.move_cursor(prompt.document.end)
        prompt.focus()

    @work(exclusive=True, group="know")
    async def know(self, documents: DocumentStore) -> None:
        """Complete the paths of what is indexed by now."""
        try:
            entries = await asyncio.to_thread(documents.entries)
        except Exception as error:  # of any kind: questions can be asked without
            self.query_one(Status).notice(told(error))
            return
        self.query_one(Prompt).know(entry.source for entry in entries)

    @on(Prompt.Submitted)
    def submit(self, event: Prompt.Submitted) -> None:
        """Ask, once what the question names is read."""
        event.stop()
        status = self.query_one(Status)
        if self.busy:
            status.notice("One question at a time: this one waits in the prompt. Esc stops the answer.")
        elif not event.mentions:
            self.post_message(self.Asked(event.text))
            event.prompt.take(event.text)
        elif self.indexing is None:
            status.notice("What the question names can be read once the graph is open.")
        else:
            status.notice("Reading what the question names; then it is asked.")
            self._ask_over(event.text, self.indexing.add(event.mentions, ahead=True))
            event.prompt.take(event.text)

    @work(exclusive=True, group="ask")
    async def _ask_over(self, text: str, read: asyncio.Future[Outcome]) -> None:
        await read
        self.post_message(self.Asked(text))

    @on(Prompt.PathsPasted)
    def add_pasted(self, event: Prompt.PathsPasted) -> None:
        """Add what was pasted or dragged here to the documents."""
        event.stop()
        if self.indexing is None:
            event.prompt.insert(event.text)
            self.query_one(Status).notice("Documents can be added once the graph is open.")
        else:
            self.indexing.add(event.paths)

    def _show_indexing(self, state: IndexingState) -> None:
        if self.is_attached:
            self.query_one(IndexingLine).show(state)
