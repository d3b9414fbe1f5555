"""The chat: a conversation, the prompt, and one answer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Markdown
from textual.worker import Worker

from octograph.cancellation import CancelToken
from octograph.tui.backend import Backend, Opening
from octograph.tui.screens.threads import ThreadChoice, ThreadsScreen
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.failure import Failure, explain
from octograph.tui.widgets.heading import Heading
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.status import Status
from octograph.tui.widgets.transcript import Transcript

if TYPE_CHECKING:  # see backend.py
    from octograph.agents import Event

__all__ = ["ChatScreen"]

Begin = Callable[[Backend], AsyncIterator["Event"]]


@dataclass(slots=True, kw_only=True)
class Running:
    """The answer in progress."""

    cancel: CancelToken
    answer: Answer | None = None
    worker: Worker[None] | None = None


class ChatScreen(Screen[None]):
    """Asks the backend and shows what happens.

    Parameters
    ----------
    opening
        The backend, which may still be opening: questions wait for it.
    thread
        Conversation to go on with.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", tooltip="Stop the answer, keep its text"),
        Binding("ctrl+t", "threads", "Threads", tooltip="Show the threads"),
        Binding("ctrl+n", "new", "New", tooltip="Begin a new thread"),
        Binding("ctrl+r", "resume", "Resume", tooltip="Resume an interrupted answer"),
        Binding("pageup", "page(-1)", "Up", show=False, priority=True, tooltip="Scroll up"),
        Binding("pagedown", "page(1)", "Down", show=False, priority=True, tooltip="Scroll down"),
    ]

    def __init__(self, opening: Opening, *, thread: str | None = None) -> None:
        super().__init__()
        self._opening = opening
        self._thread = thread
        self._current: Running | None = None
        self._order = asyncio.Lock()
        """Held while turns are loaded or an answer runs, so that a question waits for the turns before it."""

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        yield Heading()
        yield Transcript()
        yield Status()
        yield Prompt()
        yield Footer()

    def on_mount(self) -> None:
        """Open the backend; the prompt works meanwhile."""
        self.query_one(Prompt).focus()
        self._load()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if action == "stop":
            return self._current is not None
        if action == "resume":
            last = self.query_one(Transcript).last if self.is_mounted else None
            return self._current is None and last is not None and last.resumable
        return True

    # --- the backend and the thread ------------------------------------------------------------------------

    @work(group="load")
    async def _load(self) -> None:
        self._show_status()
        failure = "the graph could not be opened"
        async with self._order:
            try:
                backend = await self._opening.backend()
                self.query_one(Heading).show_graph(backend.graph.name)
                if self._thread is not None:
                    failure = "the thread could not be shown"
                    await self._show_turns(backend, self._thread)
            except Exception as error:  # of any kind: the app stays up and says it
                await self.query_one(Transcript).add_note(Failure(failure, error))
        self._show_status()

    async def _show_turns(self, backend: Backend, thread: str) -> None:
        turns = await asyncio.to_thread(backend.turns, thread)
        self.query_one(Heading).show_title(turns[0].query if turns else None)
        self.query_one(Prompt).remember(turn.query for turn in turns)
        await self.query_one(Transcript).show(turns)

    async def _switch(self, thread: str | None) -> None:
        """Show another thread, None for a new one."""
        self._thread = thread
        self.query_one(Heading).show_title(None)
        await self.query_one(Transcript).clear()
        if thread is not None:
            self._load()
        self._show_status()
        self.query_one(Prompt).focus()

    # --- asking --------------------------------------------------------------------------------------------

    @on(Prompt.Submitted)
    async def ask(self, event: Prompt.Submitted) -> None:
        """Ask, unless an answer runs."""
        event.stop()
        if self._current is not None:
            self._notice("One question at a time: this one waits in the prompt. Esc stops the answer.")
            return
        cancel = CancelToken()
        self._current = Running(cancel=cancel)
        transcript = self.query_one(Transcript)
        if self._thread is None:
            self.query_one(Heading).show_title(event.text)
        if (last := transcript.last) is not None:
            last.give_up()
        event.prompt.take(event.text)
        answer = await transcript.add(event.text)
        await self._run(answer, lambda to: to.astream(event.text, thread=self._thread, cancel=cancel))

    async def action_resume(self) -> None:
        """Go on with the interrupted turn, in its place."""
        answer, thread = self.query_one(Transcript).last, self._thread
        if self._current is not None or answer is None or thread is None or not answer.resumable:
            return
        cancel = CancelToken()
        self._current = Running(cancel=cancel)
        await self._run(answer, lambda to: to.aresume(thread, cancel=cancel))

    async def _run(self, answer: Answer, begin: Begin) -> None:
        if self._current is not None:
            self._current.answer = answer
            await answer.wait("waiting for the graph…" if self._opening.ready is None else "asking…")
            self._current.worker = self._answer(answer, begin)
        self._show_status()

    @work(group="answer")
    async def _answer(self, answer: Answer, begin: Begin) -> None:
        try:
            async with self._order:
                backend = await self._opening.backend()
                from octograph.tui.telling import tell  # here: with the backend, the agents are loaded

                await tell(begin(backend), answer, began=self._began)
        except Exception as error:  # of any kind: the app stays up and says it
            await answer.fail(*explain(error))
        finally:
            self._current = None
            if self.is_attached:
                self._show_status()

    def _began(self, thread: str) -> None:
        self._thread = thread

    def action_stop(self) -> None:
        """Stop the answer; what was written stays."""
        running = self._current
        if running is None:
            return
        running.cancel.cancel()
        self._show_status()
        if self._opening.ready is None and running.worker is not None and running.answer is not None:
            running.worker.cancel()
            running.answer.stop()

    # --- elsewhere -----------------------------------------------------------------------------------------

    def action_threads(self) -> None:
        """Show the threads."""
        backend = self._opening.ready
        if backend is None:
            self._notice("The threads can be shown once the graph is open.")
            return
        self.app.push_screen(ThreadsScreen(backend), self._chosen)

    async def action_new(self) -> None:
        """Begin a new thread."""
        if self._current is not None:
            self._notice("An answer is being written. Esc stops it.")
        else:
            await self._switch(None)

    async def _chosen(self, choice: ThreadChoice | None) -> None:
        if choice is None:
            return
        if choice.new:
            await self.action_new()
        elif choice.open is not None and choice.open.id != self._thread:
            if self._current is not None:
                self._notice("An answer is being written. Esc stops it, then another thread can be opened.")
            else:
                await self._switch(choice.open.id)
        elif self._thread in choice.deleted:
            await self._switch(None)

    def action_page(self, direction: int) -> None:
        """Scroll the conversation by a page."""
        transcript = self.query_one(Transcript)
        if direction < 0:
            transcript.scroll_page_up(animate=False)
        else:
            transcript.scroll_page_down(animate=False)

    @on(Markdown.LinkClicked)
    def show_address(self, event: Markdown.LinkClicked) -> None:
        """Say where a link of an answer leads; it is never opened."""
        event.stop()
        self._notice(f"The link leads to {event.href}")

    def _notice(self, text: str) -> None:
        self.query_one(Status).notice(text)

    def _show_status(self) -> None:
        self.refresh_bindings()
        status = self.query_one(Status)
        if self._current is not None and self._current.cancel.cancelled:
            status.show("stopping…")
        elif self._opening.failed:
            status.show("the graph could not be opened")
        elif self._opening.ready is None:
            status.show("loading the graph…")
        else:
            status.show("ready" if self._current is None else "answering…")
