"""What of the chat asks: one answer at a time, told as it happens, stopped when the user wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import work
from textual.screen import Screen
from textual.worker import Worker

from octograph.cancellation import CancelToken
from octograph.tui.backend import Backend, Opening
from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.composer import Composer
from octograph.tui.widgets.failure import explain, told
from octograph.tui.widgets.graph_pane import GraphPane
from octograph.tui.widgets.status import Status
from octograph.tui.widgets.transcript import Transcript

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Event, Turn

__all__ = ["AskingScreen", "Running"]

Begin = Callable[[Backend], AsyncIterator["Event"]]


@dataclass(slots=True, kw_only=True)
class Running:
    """The answer in progress."""

    cancel: CancelToken
    answer: Answer | None = None
    worker: Worker[None] | None = None


class AskingScreen(Screen[None]):
    """Asks the backend and shows what happens in a transcript, a graph pane and a status line.

    Parameters
    ----------
    opening
        The backend, which may still be opening: questions wait for it.
    thread
        Conversation to go on with.

    """

    def __init__(self, opening: Opening, *, thread: str | None = None) -> None:
        super().__init__()
        self._opening = opening
        self._thread = thread
        self._account = Account()
        """The latest turn."""
        self._current: Running | None = None
        self._order = asyncio.Lock()
        """Held while turns are loaded or an answer runs, so that a question waits for the turns before it."""

    async def ask(self, query: str, *, worker: str | None = None) -> None:
        """Ask in this thread, the master or a worker by name."""
        cancel = CancelToken()
        self._current = Running(cancel=cancel)
        transcript = self.query_one(Transcript)
        if (last := transcript.last) is not None:
            last.give_up()
        self._show_account(Account())
        answer = await transcript.add(query)
        await self._run(answer, lambda to: to.astream(query, thread=self._thread, worker=worker, cancel=cancel))

    async def resume(self, answer: Answer, thread: str, *, choice: str | None = None) -> None:
        """Go on with a turn that was interrupted, or that waits for a choice, in its place."""
        cancel = CancelToken()
        self._current = Running(cancel=cancel)
        await self._run(answer, lambda to: to.aresume(thread, choice=choice, cancel=cancel))

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

                await tell(begin(backend), answer, models=backend.hosts, began=self._began, happened=self._happened)
        except Exception as error:  # of any kind: the app stays up and says it
            if self._is_open:
                await answer.fail(*explain(error))
                self._show_account(replace(self._account, status="failed", text=str(error), step=None))
        finally:
            self._current = None
            if self._is_open:
                self._show_status()
                self._ended()

    @property
    def _is_open(self) -> bool:
        """Whether its widgets are there: when the app ends they go one by one, while an answer may still be told."""
        return self.is_attached and self.app.is_running

    def _began(self, thread: str) -> None:
        self._thread = thread

    def _happened(self, event: Event) -> None:
        self._show_account(self._account.after(event))

    def _ended(self) -> None:
        """Show what depends on the turns of the thread."""

    def _show_account(self, account: Account) -> None:
        """Show the latest turn on the graph."""
        self._account = account
        running = self._current
        if running is not None and running.answer is not None:
            running.answer.show_account(account)
        self.query_one(GraphPane).show(account)

    def account_of(self, turn: Turn) -> Account:
        """All that is known of a turn."""
        return self._account if self._account.turn == turn.id else Account.of(turn)

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

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell an error of any kind in the status line: the app stays up."""
        try:
            yield
        except Exception as error:
            if self._is_open:
                self.notice(told(error))

    def notice(self, text: str) -> None:
        """Answer something that the user did."""
        self.query_one(Status).notice(text)

    def _show_status(self) -> None:
        self.refresh_bindings()
        self.query_one(Composer).busy = self._current is not None
        status = self.query_one(Status)
        if self._current is not None and self._current.cancel.cancelled:
            status.show("stopping…")
        elif self._opening.failed:
            status.show("the graph could not be opened")
        elif self._opening.ready is None:
            status.show("loading the graph…")
        else:
            status.show("ready" if self._current is None else "answering…")
