"""A backend that plays a script."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from octograph.agents import Decided, Event, Finished, Started, TextWritten, Turn
from octograph.agents.learning import Feedback
from octograph.agents.tally import Tally
from octograph.cancellation import CancelToken
from octograph.errors import ThreadError
from octograph.graph import ModelGraph, open_graph
from octograph.testing import pause
from octograph.tui.testing.beats import Beat, Pause
from octograph.tui.testing.documents import ScriptedDocuments
from octograph.tui.testing.hosts import ScriptedHosts
from octograph.tui.testing.scripts import answered
from octograph.tui.testing.threads import ScriptedThreads

__all__ = ["ScriptedBackend"]


@cache
def _embedded() -> ModelGraph:
    return open_graph("embedded")


@dataclass(kw_only=True)
class ScriptedBackend:
    """Plays what was written down for a query; conversations are kept in memory.

    Attributes
    ----------
    scripts
        Events for each query, without `Started`; the last `Finished` is kept as the turn.
    conversations
        Turns by thread, the last used first.
    graph
        The model graph; the bundled one if none is given.
    documents, hosts
        What the app shows beside the conversations.
    tally
        What the workers did.
    rated
        What `feedback` was told, in order.
    choices
        With which turns were resumed, in order.
    asked, named
        Queries that were asked, in order, and the workers who were named.
    closed
        Set by `close`.
    threads
        The conversations, to be listed and changed.

    """

    scripts: Mapping[str, Sequence[Beat]] = field(default_factory=dict)
    conversations: dict[str, list[Turn]] = field(default_factory=dict)
    graph: ModelGraph = field(default_factory=_embedded)
    documents: ScriptedDocuments = field(default_factory=ScriptedDocuments)
    hosts: ScriptedHosts = field(default_factory=ScriptedHosts)
    tally: Tally = field(default_factory=Tally)
    rated: list[tuple[str | None, bool, str | None]] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    threads: ScriptedThreads = field(init=False)

    def __post_init__(self) -> None:
        self.threads = ScriptedThreads(conversations=self.conversations)

    async def astream(
        self,
        query: str,
        *,
        thread: str | None = None,
        worker: str | None = None,
        cancel: CancelToken | None = None,
    ) -> AsyncIterator[Event]:
        """Play the script of a query; cancelled, it ends with what was written."""
        self.asked.append(query)
        if worker is not None:
            self.named.append(worker)
        name = thread or f"thread-{len(self.conversations) + 1}"
        turns = self.conversations.setdefault(name, [])
        async for event in self._play(query, name, f"turn-{len(turns) + 1}", cancel or CancelToken()):
            if isinstance(event, Finished):
                turns.append(event.turn)
            yield event

    async def aresume(
        self, thread: str, *, choice: str | None = None, cancel: CancelToken | None = None
    ) -> AsyncIterator[Event]:
        """Play the script of the interrupted turn's query."""
        turns = self.conversations[thread]
        if not turns or turns[-1].status not in ("interrupted", "waiting"):
            raise ThreadError(f"the thread {thread!r} has no interrupted turn", hint="Ask it something.")
        if choice is not None:
            self.choices.append(choice)
        async for event in self._play(turns[-1].query, thread, turns[-1].id, cancel or CancelToken()):
            if isinstance(event, Finished):
                turns[-1] = event.turn
            yield event

    def feedback(self, thread: str, *, accepted: bool, instead: str | None = None, turn: str | None = None) -> None:
        """Keep the rating."""
        self.rated.append((turn, accepted, instead))

    def ratings(self, thread: str) -> Mapping[str, Feedback]:
        """Return the last rating of each turn."""
        turns = {turn.id: turn for turn in self.conversations.get(thread, [])}
        return {
            turn: Feedback(
                graph=self.graph.name,
                cluster="",
                worker=turns[turn].worker or "",
                kind="overridden" if instead is not None else "accepted" if accepted else "rejected",
                thread=thread,
                turn=turn,
                moment="",
                instead=instead,
            )
            for turn, accepted, instead in self.rated
            if turn in turns
        }

    def close(self) -> None:
        """Note that this was closed."""
        self.closed.set()

    async def _play(self, query: str, thread: str, turn: str, cancel: CancelToken) -> AsyncIterator[Event]:
        yield Started(thread=thread, turn=turn, query=query)
        written = ""
        for beat in self.scripts.get(query, answered(query, f"Nothing is written down for {query!r}.")):
            if isinstance(beat, Pause):
                await pause(beat.seconds, cancel)
            if cancel.cancelled:
                yield Decided(decision="cancel", worker=None, reason="cancelled")
                yield Finished(turn=Turn(id=turn, thread=thread, query=query, status="cancelled", text=written))
                return
            if isinstance(beat, Exception):
                raise beat
            if isinstance(beat, TextWritten):
                written += beat.text
            if isinstance(beat, Finished):
                yield Finished(turn=replace(beat.turn, id=turn, thread=thread, query=query))
            elif not isinstance(beat, Pause):
                yield beat
