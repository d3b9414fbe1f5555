"""Where questions are written, and what has to be known while one writes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker

from octograph.tui.documents.indexing import Indexing, IndexingState, Outcome
from octograph.tui.documents.store import DocumentStore
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

    @dataclass
    class Offered(Message):
        """The user pasted files and folders, and may want them to be added; `text` is what was pasted."""

        paths: tuple[Path, ...]
        text: str

    def __init__(self) -> None:
        super().__init__()
        self.busy = False
        self.indexing: Indexing | None = None
        self._documents: DocumentStore | None = None
        self._last: Outcome | None = None
        self._usable = 0
        self._reading: Worker[None] | None = None
        self._leave: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        yield IndexingLine()
        yield ContextMeter()
        yield Status()
        yield Prompt()

    async def on_unmount(self) -> None:
        """Stop indexing; what is done is kept."""
        self._leave()
        if self.indexing is not None:
            await self.indexing.close()

    @property
    def reading(self) -> bool:
        """Whether a question waits until what it names is read."""
        return self._reading is not None

    def open(self, documents: DocumentStore) -> None:
        """Add to these documents, and complete their paths."""
        if self.indexing is None:
            self._documents = documents
            self.indexing = Indexing(documents.aadd)
            self._leave = self.indexing.follow(self._show_indexing)
            self.know()

    def stop_reading(self) -> None:
        """Leave the question that waits in the prompt; what is being read for it is read all the same."""
        if self._reading is not None:
            self._reading.cancel()

    def write(self, text: str) -> None:
        """Put a text into the prompt, and go there."""
        prompt = self.query_one(Prompt)
        prompt.put(text)
        prompt.focus()

    @work(exclusive=True, group="know")
    async def know(self) -> None:
        """Complete the paths of what is indexed by now."""
        documents = self._documents
        if documents is None:
            return
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
        if self.busy or self.reading:
            status.notice("One question at a time: this one waits in the prompt. Esc stops the answer.")
        elif not event.mentions:
            self.post_message(self.Asked(event.text))
            event.prompt.take(event.text)
        elif self.indexing is None or self._documents is None:
            status.notice("What the question names can be read once the graph is open.")
        else:
            status.notice("Reading what the question names; then it is asked. Esc leaves it in the prompt.")
            self._reading = self._ask_over(event, self.indexing, self._documents)
            self.screen.refresh_bindings()

    @work(group="ask")
    async def _ask_over(self, event: Prompt.Submitted, indexing: Indexing, documents: DocumentStore) -> None:
        """Ask once answers can rest on all that is named; if they cannot, the question stays in the prompt."""
        status = self.query_one(Status)
        why = ""
        try:
            if unindexed := await asyncio.to_thread(documents.unindexed, event.mentions):
                why = _failure(await indexing.add(unindexed, ahead=True))
        except asyncio.CancelledError:
            status.notice("The question waits in the prompt.")
            raise
        except Exception as error:  # of any kind: the app stays up and says it
            why = told(error)
        finally:
            self._reading = None
            self.screen.refresh_bindings()
        if why:
            status.notice(f"What the question names was not read: {why}")
        else:
            event.prompt.take(event.text)
            self.post_message(self.Asked(event.text))

    @on(Prompt.PathsPasted)
    def offer_pasted(self, event: Prompt.PathsPasted) -> None:
        """Offer to add what was pasted or dragged here to the documents."""
        event.stop()
        if self.indexing is None:
            event.prompt.insert(event.text)
        else:
            self.post_message(self.Offered(event.paths, event.text))

    def _show_indexing(self, state: IndexingState) -> None:
        self.query_one(IndexingLine).show(state)
        if (state.last, state.usable) != (self._last, self._usable):
            self._last, self._usable = state.last, state.usable
            self.know()


def _failure(outcome: Outcome) -> str:
    """Why not all was read; empty if it was."""
    if outcome.finished:
        return ""
    return "it was stopped" if outcome.error is None else told(outcome.error)
