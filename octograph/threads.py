"""The conversations, from Python: listed, read, found, renamed, deleted and restored, forked, compacted, exported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from octograph.agents import Conversation, ThreadInfo, Turn
from octograph.agents.context import ContextUse, context_use, worker_shown
from octograph.agents.finding import FoundTurn
from octograph.agents.transcript import Form, transcript
from octograph.background import BackgroundLoop
from octograph.graph import ModelGraph
from octograph.nodes.llama import LlamaClient

__all__ = ["ContextUse", "Threads"]

T = TypeVar("T")


class Threads:
    """The conversations of an `Octograph`.

    All methods raise `ThreadError` if the file of the conversations is damaged; those that change a thread or return
    something of it, also if there is none of that name, and those that change it, if it is busy.

    Parameters
    ----------
    conversation
        Opens the file when it is first needed.
    loop
        Where everything runs.
    graph, models
        Who answers, and the models that run here, by name.

    """

    def __init__(
        self,
        conversation: Callable[[], Awaitable[Conversation]],
        loop: BackgroundLoop,
        *,
        graph: ModelGraph,
        models: Mapping[str, LlamaClient],
    ) -> None:
        self._conversation = conversation
        self._loop = loop
        self._graph = graph
        self._models = models

    def info(self, thread: str) -> ThreadInfo:
        """Return title, times and parent of a conversation."""
        return self._with(lambda talk: talk.store.info(thread))

    def turns(self, thread: str) -> list[Turn]:
        """Return the turns of a conversation, oldest first; empty if there is none of that name."""
        return self._with(lambda talk: talk.turns(thread))

    def search(self, text: str, *, limit: int = 50) -> list[FoundTurn]:
        """Return the turns in whose question or answer all words of the text stand, the best first.

        Words may be shortened, capitals and accents are all the same, and nothing in the text is syntax. Turns that
        are not finished are not found.

        Raises
        ------
        UsageError
            There is nothing to look for.

        """
        return self._with(lambda talk: talk.search(text, limit=limit))

    def rename(self, thread: str, title: str) -> None:
        """Give a conversation another title, of which 80 characters are kept.

        Raises
        ------
        UsageError
            The title is empty.

        """
        self._with(lambda talk: talk.store.rename(thread, title))

    def delete(self, thread: str) -> None:
        """Delete a conversation.

        For 30 days `restore` brings it back, unless somebody asks in a new one of the same name.
        """
        self._with(lambda talk: talk.store.delete(thread))

    def restore(self, thread: str) -> None:
        """Bring a deleted conversation back."""
        self._with(lambda talk: talk.store.restore(thread))

    def fork(self, thread: str, turn: str, *, keep: bool = True) -> str:
        """Make a new conversation that goes the same way up to a turn, and return its name.

        Parameters
        ----------
        thread
            The conversation; it stays as it is.
        turn
            Id of the turn.
        keep
            Whether the turn itself is part of the new conversation; False to ask something else in its place.

        Raises
        ------
        UsageError
            There is no such turn, or it is unfinished and cannot be kept.

        """
        return self._with(lambda talk: talk.fork(thread, turn, keep=keep))

    def context(
        self, thread: str, worker: str | None = None, *, query: str = "", load: bool = False
    ) -> ContextUse | None:
        """Return how full a worker's context would be with the next question of a conversation, exactly.

        None if that is not known: the worker has no model, or one at a server, or one that is not loaded.

        Parameters
        ----------
        thread
            The conversation.
        worker
            Who would be asked; if None, the one that answered last of those that are shown earlier turns, or else the
            graph's first of them.
        query
            The question, if it is to be counted too.
        load
            Whether to start the model if it does not run.

        Raises
        ------
        GraphError
            There is no such worker.
        HostStartError, ModelError
            The model was to be started, and cannot be.

        """

        async def counted(talk: Conversation) -> ContextUse | None:
            await talk.store.info(thread)
            turns, hidden = await talk.turns(thread), await talk.hidden(thread)
            node = worker_shown(self._graph, turns) if worker is None else self._graph.worker(worker)
            model = None if node is None or node.model is None else self._models.get(node.model)
            if node is None or model is None or not (load or model.host.state == "ready"):
                return None
            return await context_use(node, model, turns, hidden=hidden, query=query)

        return self._with(counted)

    def compact(self, thread: str, keep: int | None = 4) -> int:
        """Show models only the last turns of a conversation from now on, and return how many they are not shown.

        Its transcript stays whole: `turns` returns all, and ``keep=None`` shows models all again. Nothing is
        summarised, since a model that did so would make things up.

        Parameters
        ----------
        thread
            The conversation. One whose last turn is unfinished is refused.
        keep
            How many of the answered turns are still shown; no others ever are. None for all.

        Raises
        ------
        UsageError
            `keep` is negative.

        """
        return self._with(lambda talk: talk.compact(thread, keep=keep))

    def export(self, thread: str, *, form: Form = "markdown") -> str:
        """Return a conversation as one text, see `transcript`.

        Raises
        ------
        UsageError
            There is no such form.

        """

        async def exported(talk: Conversation) -> str:
            return transcript(await talk.store.info(thread), await talk.turns(thread), form=form)

        return self._with(exported)

    # The last one, as `list` in the class is this method from here on.
    def list(self) -> list[ThreadInfo]:
        """Return all conversations, the last used first."""
        return self._with(lambda talk: talk.store.list())

    def _with(self, act: Callable[[Conversation], Awaitable[T]]) -> T:
        async def acted() -> T:
            return await act(await self._conversation())

        return self._loop.call(acted).result()
