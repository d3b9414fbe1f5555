"""What becomes of what the user wants of an answer."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol, assert_never

from textual.app import App

from octograph.tui.backend import Backend
from octograph.tui.screens.choose_worker import ChooseWorkerScreen, Offered
from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.foot import Rating
from octograph.tui.widgets.wishes import Wish

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Chat", "grant"]


class Chat(Protocol):
    """The screen on which the answer stands."""

    @property
    def app(self) -> App[object]:
        """The app."""
        ...

    def account_of(self, turn: Turn) -> Account:
        """All that is known of a turn."""
        ...

    def why(self, account: Account) -> None:
        """Show the details of a turn."""
        ...

    def action_documents(self) -> None:
        """Show the documents."""
        ...

    async def ask_instead(self, thread: str, query: str, *, worker: str | None) -> None:
        """Show a thread that parts before a question, and ask it there again."""
        ...

    async def go_back(self, thread: str, *, query: str) -> None:
        """Show a thread that parts before a question, with the question in the prompt."""
        ...


async def grant(chat: Chat, backend: Backend, answer: Answer, turn: Turn, wish: Wish) -> None:
    """Do what the user wants; called in a worker of the app, as it may ask the user something.

    What is asked again is asked in a branch of the thread, and the answer that is there stays in its own.
    """
    match wish:
        case "why":
            chat.why(chat.account_of(turn))
        case "documents":
            chat.action_documents()
        case "good" | "bad":
            await _rate(backend, answer, turn, Rating(accepted=wish == "good"))
        case "elsewhere":
            instead = await _chosen(chat, backend, turn, "Who should have answered?", but=turn.worker)
            if instead is not None:
                await _rate(backend, answer, turn, Rating(accepted=False, instead=instead))
        case "again":
            await chat.ask_instead(await _before(backend, turn), turn.query, worker=None)
        case "another":
            worker = await _chosen(chat, backend, turn, "Who is to answer?")
            if worker is not None:
                await chat.ask_instead(await _before(backend, turn), turn.query, worker=worker)
        case "edit":
            await chat.go_back(await _before(backend, turn), query=turn.query)
        case _:
            assert_never(wish)


async def _rate(backend: Backend, answer: Answer, turn: Turn, rating: Rating) -> None:
    keep = partial(backend.feedback, accepted=rating.accepted, instead=rating.instead, turn=turn.id)
    await asyncio.to_thread(keep, turn.thread)
    answer.rate(rating)


async def _chosen(chat: Chat, backend: Backend, turn: Turn, title: str, *, but: str | None = None) -> str | None:
    workers = Offered.all_of(backend.graph, chat.account_of(turn), but=but)
    return await chat.app.push_screen_wait(ChooseWorkerScreen(workers, title=title))


async def _before(backend: Backend, turn: Turn) -> str:
    return await asyncio.to_thread(partial(backend.threads.fork, keep=False), turn.thread, turn.id)
