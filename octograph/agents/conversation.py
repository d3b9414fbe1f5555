"""A conversation's turns on the orchestration: begun, resumed after a crash, closed when they fail."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from octograph.agents.events import Event, Finished, Started
from octograph.agents.orchestration import CompiledGraph
from octograph.agents.state import RunContext, State
from octograph.agents.threads import ThreadInfo, ThreadStore
from octograph.agents.turn import Turn
from octograph.cancellation import CancelToken
from octograph.errors import OctographError, ThreadError
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

    """

    def __init__(self, graph: CompiledGraph, store: ThreadStore, *, clock: Clock) -> None:
        self._graph = graph
        self._store = store
        self._clock = clock

    async def ask(self, query: str, *, thread: str, worker: str | None, cancel: CancelToken) -> AsyncIterator[Event]:
        """Run a new turn; an unfinished one before it is closed as interrupted."""
        with self._store.held(thread):
            now = self._clock.now().isoformat()
            await self._store.note(thread, query=query, now=now)
            interrupted = await self._interrupted(thread)
            state: State = {
                "query": query,
                "named": worker,
                "turn": {"id": uuid.uuid4().hex, "thread": thread, "started": now},
            }
            if interrupted is not None:
                state["turns"] = [interrupted.document()]
            async for event in self._run(state, _begun(state), cancel):
                yield event

    async def resume(self, thread: str, *, cancel: CancelToken) -> AsyncIterator[Event]:
        """Go on with an interrupted turn, from the step in which it was interrupted.

        Raises
        ------
        ThreadError
            There is nothing to resume.

        """
        with self._store.held(thread):
            turn = await self._interrupted(thread)
            if turn is None:
                raise ThreadError(f"the thread {thread!r} has no interrupted turn", hint="Ask it something.")
            async for event in self._run(None, turn, cancel):
                yield event

    async def turns(self, thread: str) -> list[Turn]:
        """The turns of a thread, oldest first; the last may be interrupted."""
        with self._store.faults_told():
            values = (await self._graph.aget_state(_config(thread))).values
        turns = [Turn.from_document(turn) for turn in values.get("turns", [])]
        last = _unfinished(values)
        return [*turns, last] if last else turns

    async def threads(self) -> list[ThreadInfo]:
        """All threads, the last used first."""
        return await self._store.list()

    async def delete(self, thread: str) -> None:
        """Remove a thread."""
        await self._store.delete(thread)

    async def _run(self, state: State | None, turn: Turn, cancel: CancelToken) -> AsyncIterator[Event]:
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
            failed = replace(turn, status="failed", text=str(error))
            values: State = {"turns": [failed.document()], "worker": None, "draft": None}
            await self._graph.aupdate_state(config, values, as_node="decide")
            raise
        finished = (await self._graph.aget_state(config)).values["answer"]
        yield Finished(turn=Turn.from_document(finished))

    async def _interrupted(self, thread: str) -> Turn | None:
        """The turn that was begun and never closed, if there is one."""
        return _unfinished((await self._graph.aget_state(_config(thread))).values)


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}


def _begun(state: Mapping[str, Any]) -> Turn:
    """Return the turn in progress as it stands until it is closed."""
    return Turn(**state["turn"], query=state["query"], status="interrupted", text="")


def _unfinished(state: Mapping[str, Any]) -> Turn | None:
    """Return the turn in progress if it was never closed."""
    turn, turns = state.get("turn"), state.get("turns", [])
    if turn is None or (turns and turns[-1]["id"] == turn["id"]):
        return None
    return _begun(state)
