"""A conversation's turns on the orchestration: begun, resumed after a crash, closed when they fail."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, StateSnapshot

from octograph.agents.context import answered, first_shown
from octograph.agents.events import Asked, Event, Finished, Started
from octograph.agents.finding import FoundTurn
from octograph.agents.noting import kept
from octograph.agents.orchestration import CompiledGraph
from octograph.agents.state import RunContext, State, unbegun
from octograph.agents.threads import ThreadStore
from octograph.agents.turn import Attempt, Turn
from octograph.cancellation import CancelToken
from octograph.errors import OctographError, ThreadError, UsageError
from octograph.nodes.tools import Clock

__all__ = ["Conversation"]


class Conversation:
    """Runs turns of threads.

    Parameters
    ----------
    graph
        The compiled orchestration, with the store's checkpointer.
    store
        The threads.
    clock
        Dates the turns.

    Attributes
    ----------
    store
        The threads.

    """

    def __init__(self, graph: CompiledGraph, store: ThreadStore, *, clock: Clock) -> None:
        self._graph = graph
        self.store = store
        self._clock = clock

    async def ask(self, query: str, *, thread: str, worker: str | None, cancel: CancelToken) -> AsyncIterator[Event]:
        """Run a new turn; an unfinished one before it is closed as interrupted."""
        with self.store.held(thread):
            now = self._clock.now().isoformat()
            await self.store.begin(thread, query=query, now=now)
            interrupted = await self._interrupted(thread)
            state: State = {
                **unbegun(),
                "query": query,
                "named": worker,
                "turn": {"id": uuid.uuid4().hex, "thread": thread, "started": now},
            }
            if interrupted is not None:
                state["turns"] = [interrupted.document()]
            async for event in self._run(state, _begun(state), cancel):
                yield event

    async def resume(self, thread: str, *, choice: str | None, cancel: CancelToken) -> AsyncIterator[Event]:
        """Go on with an interrupted turn, from the step in which it was interrupted.

        Parameters
        ----------
        thread
            The conversation.
        choice
            One of `Asked.choices`, for a turn that waits for it.
        cancel
            Ends the turn.

        Raises
        ------
        ThreadError
            There is nothing to resume.
        UsageError
            The turn waits for a choice and there is none, or another one; or it waits for none.

        """
        with self.store.held(thread):
            snapshot = await self._state(thread)
            turn = None if snapshot is None else _unfinished(snapshot.values)
            if snapshot is None or turn is None:
                raise ThreadError(f"the thread {thread!r} has no interrupted turn", hint="Ask it something.")
            asked = _asked(snapshot)
            choices = () if asked is None else asked.choices
            if choice is None and asked is not None:
                raise UsageError("the turn waits for a choice", hint=f"Choose one of: {', '.join(choices)}.")
            if choice is not None and choice not in choices:
                hint = f"Choose one of: {', '.join(choices)}." if choices else "Resume it without a choice."
                raise UsageError(f"{choice!r} is none of the choices", hint=hint)
            await self.store.go_on(thread, now=self._clock.now().isoformat())
            async for event in self._run(None if choice is None else Command(resume=choice), turn, cancel):
                yield event

    async def turns(self, thread: str) -> list[Turn]:
        """The turns of a thread, oldest first; the last may be interrupted. Empty if there is no such thread."""
        with self.store.faults_told():
            snapshot = await self._state(thread)
        if snapshot is None:
            return []
        turns = [Turn.from_document(turn) for turn in _closed(snapshot)]
        last = _unfinished(snapshot.values)
        if last is not None and (asked := _asked(snapshot)) is not None:
            last = _waiting(last, asked)
        return [*turns, last] if last else turns

    async def search(self, text: str, *, limit: int) -> list[FoundTurn]:
        """Closed turns of all threads with all words of the text, or words that begin so, the best first.

        Raises
        ------
        UsageError
            There is nothing to look for.

        """
        for thread in await self.store.unindexed():
            with suppress(ThreadError), self.store.held(thread):  # of a busy one, what is closed has been indexed
                snapshot = await self._state(thread)
                if snapshot is not None:
                    await self.store.index(thread, _closed(snapshot))
        return list(await self.store.search(text, limit=limit))

    async def hidden(self, thread: str) -> int:
        """How many turns of a thread, from the first on, models are not shown any more."""
        with self.store.faults_told():
            snapshot = await self._state(thread)
        return 0 if snapshot is None else snapshot.values.get("hidden", 0)

    async def compact(self, thread: str, *, keep: int | None) -> int:
        """Show models only the last answered turns of a thread, None for all; return how many they are not shown.

        Raises
        ------
        ThreadError
            There is no such thread, or it is busy, or its last turn is unfinished.
        UsageError
            `keep` is negative.

        """
        if keep is not None and keep < 0:
            raise UsageError(f"{keep} turns cannot be kept", hint="Keep 0 or more.")
        with self.store.held(thread):
            await self.store.info(thread)
            snapshot = await self._graph.aget_state(_config(thread))
            if _unfinished(snapshot.values) is not None:
                raise ThreadError(
                    f"the last turn of the thread {thread!r} is unfinished", hint="Resume it, or ask something else."
                )
            turns = [Turn.from_document(turn) for turn in _closed(snapshot)]
            hidden = first_shown(turns, keep)
            await self._graph.aupdate_state(_config(thread), {"hidden": hidden}, as_node="decide")
        return answered(turns[:hidden])

    async def fork(self, thread: str, turn: str, *, keep: bool) -> str:
        """Make a new thread of the turns before one, and of that one too if it is to be kept; return its name.

        Raises
        ------
        ThreadError
            There is no such thread.
        UsageError
            It has no such turn, or that is unfinished and cannot be kept.

        """
        parent, turns, name = await self.store.info(thread), await self.turns(thread), uuid.uuid4().hex[:12]
        hidden = await self.hidden(thread)
        place = next((place for place, one in enumerate(turns) if one.id == turn), None)
        if place is None:
            raise UsageError(
                f"the thread {thread!r} has no turn {turn!r}", hint="`octograph threads show NAME` shows its turns."
            )
        if keep and turns[place].status in ("interrupted", "waiting"):
            raise UsageError(
                f"the turn {turn!r} is unfinished", hint="Resume it, or fork the thread without it, to ask it again."
            )
        kept = [replace(one, thread=name).document() for one in turns[: place + keep]]
        async with self.store.forking(parent, turn, name):
            # Of a turn from before the conversation was compacted, models were shown what came before it.
            hidden = hidden if hidden < len(kept) else 0
            values: State = {"turns": kept, "hidden": hidden, "worker": None, "draft": None}
            await self._graph.aupdate_state(_config(name), values, as_node="decide")
            await self.store.index(name, kept)
        return name

    async def _run(self, state: State | Command[Any] | None, turn: Turn, cancel: CancelToken) -> AsyncIterator[Event]:
        config = _config(turn.thread)
        yield Started(thread=turn.thread, turn=turn.id, query=turn.query)
        try:
            stream = self._graph.astream(
                state,
                config,
                context=RunContext(cancel=cancel),
                stream_mode="custom",
                durability="sync",
            )
            async for event in stream:
                yield cast("Event", event)
        except OctographError as error:
            reached = _unfinished((await self._graph.aget_state(config)).values) or turn
            failed = replace(reached, status="failed", text=str(error))
            values: State = {"turns": [failed.document()], "worker": None, "draft": None}
            await self._graph.aupdate_state(config, values, as_node="decide")
            await self._index(await self._graph.aget_state(config), turn.thread)
            raise
        snapshot = await self._graph.aget_state(config)
        await self._index(snapshot, turn.thread)
        asked = _asked(snapshot)
        if asked is None:
            yield Finished(turn=Turn.from_document(snapshot.values["answer"]))
            return
        yield asked
        yield Finished(turn=_waiting(_begun(snapshot.values), asked))

    async def _index(self, snapshot: StateSnapshot, thread: str) -> None:
        with suppress(ThreadError), self.store.faults_told():  # no answer is lost for it: a search makes up for it
            await self.store.index(thread, _closed(snapshot))

    async def _state(self, thread: str) -> StateSnapshot | None:
        """Where a thread stands; None if there is none of that name."""
        return await self._graph.aget_state(_config(thread)) if await self.store.has(thread) else None

    async def _interrupted(self, thread: str) -> Turn | None:
        """The turn that was begun and never closed, if there is one."""
        return _unfinished((await self._graph.aget_state(_config(thread))).values)


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}


def _closed(snapshot: StateSnapshot) -> list[dict[str, Any]]:
    """The closed turns of a thread, see `Turn.document`."""
    closed: list[dict[str, Any]] = snapshot.values.get("turns", [])
    return closed


def _begun(state: Mapping[str, Any]) -> Turn:
    """Return the turn in progress as it stands until it is closed."""
    return Turn(
        **state["turn"],
        query=state["query"],
        status="interrupted",
        text="",
        route=state.get("route"),
        **kept(cast("State", state)),
    )


def _asked(snapshot: StateSnapshot) -> Asked | None:
    """Return what a person has to choose, if the turn waits for it."""
    if not snapshot.interrupts:
        return None
    wanted = snapshot.interrupts[0].value
    attempts = tuple(Attempt(**attempt) for attempt in wanted["attempts"])
    return Asked(attempts=attempts, choices=tuple(wanted["choices"]))


def _waiting(turn: Turn, asked: Asked) -> Turn:
    first = asked.attempts[0]
    text = f"I am not sure. {first.worker} would say: {first.text}"
    return replace(turn, status="waiting", text=text, tried=asked.attempts, choices=asked.choices)


def _unfinished(state: Mapping[str, Any]) -> Turn | None:
    """Return the turn in progress if it was never closed."""
    turn, turns = state.get("turn"), state.get("turns", [])
    if turn is None or (turns and turns[-1]["id"] == turn["id"]):
        return None
    return _begun(state)
