"""A backend that plays a script: for tests, snapshots and demonstrations without models."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from octograph.agents import (
    Attempt,
    Decided,
    DoneStep,
    Event,
    Finished,
    Generated,
    Routed,
    Started,
    StepStarted,
    TextWritten,
    Turn,
)
from octograph.cancellation import CancelToken
from octograph.errors import ThreadError
from octograph.nodes.master import PlannedStep, Route
from octograph.testing import pause
from octograph.tui.testing_threads import ScriptedThreads

__all__ = ["Beat", "Graph", "Pause", "ScriptedBackend", "a_route", "abstained", "answered", "escalated", "planned"]


_NONE = "<fn_none>"
_TOKEN = "<fn_1>"  # noqa: S105  # a functional token, no password


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Waits; None waits until the answer is cancelled."""

    seconds: float | None = None


Beat = Event | Pause | Exception
"""What a script is made of: an event, a pause, or the error with which it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A model graph of which only the name matters."""

    name: str = "embedded"


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
        What to name.
    asked
        Queries that were asked, in order.
    closed
        Set by `close`.
    threads
        The conversations, to be listed and changed.

    """

    scripts: Mapping[str, Sequence[Beat]] = field(default_factory=dict)
    conversations: dict[str, list[Turn]] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)
    asked: list[str] = field(default_factory=list)
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
        name = thread or f"thread-{len(self.conversations) + 1}"
        turns = self.conversations.setdefault(name, [])
        async for event in self._play(query, name, f"turn-{len(turns) + 1}", cancel or CancelToken()):
            if isinstance(event, Finished):
                turns.append(event.turn)
            yield event

    async def aresume(self, thread: str, *, cancel: CancelToken | None = None) -> AsyncIterator[Event]:
        """Play the script of the interrupted turn's query."""
        turns = self.conversations[thread]
        if not turns or turns[-1].status != "interrupted":
            raise ThreadError(f"the thread {thread!r} has no interrupted turn", hint="Ask it something.")
        async for event in self._play(turns[-1].query, thread, turns[-1].id, cancel or CancelToken()):
            if isinstance(event, Finished):
                turns[-1] = event.turn
            yield event

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


def a_route(
    distribution: Mapping[str, float],
    *,
    token: str = "<fn_2>",  # noqa: S107  # a functional token, no password
    query: str = "",
    chances: Mapping[str, float] | None = None,
) -> Route:
    """Return the route to the most probable target."""
    worker = max(distribution, key=lambda name: distribution[name])
    return Route(
        worker=worker,
        token=token,
        probability=distribution[worker],
        distribution=distribution,
        reformulated=query,
        latency_ms=0.0,
        chances=chances or {},
    )


def answered(
    query: str,
    text: str | Iterable[str],
    *,
    distribution: Mapping[str, float] | None = None,
    token: str = "<fn_2>",  # noqa: S107  # a functional token, no password
    tool: bool = False,
    chances: Mapping[str, float] | None = None,
) -> list[Beat]:
    """Return the script of an answer, which comes in pieces if `text` is several."""
    pieces = [text] if isinstance(text, str) else list(text)
    route = a_route(
        distribution or {"chat": 0.9, "math": 0.07, "units": 0.03}, token=token, query=query, chances=chances
    )
    source: Literal["tool", "model"] = "tool" if tool else "model"
    turn = Turn(
        id="",
        thread="",
        query=query,
        status="answered",
        text="".join(pieces).strip(),
        worker=route.worker,
        source=source,
        route=route.document(),
    )
    return [
        StepStarted(step="route"),
        Routed(route=route, seconds=0.0),
        StepStarted(step="generate", worker=route.worker),
        *[TextWritten(worker=route.worker, text=piece) for piece in pieces],
        Generated(worker=route.worker, finish="stop", source=source, seconds=0.0),
        Decided(decision="accept", worker=route.worker, reason="answered"),
        Finished(turn=turn),
    ]


def abstained(query: str, text: str, *, distribution: Mapping[str, float] | None = None) -> list[Beat]:
    """Return the script of an abstention because no worker fits."""
    route = a_route(distribution or {"none": 0.63, "chat": 0.2, "science": 0.1}, token=_NONE, query=query)
    turn = Turn(id="", thread="", query=query, status="abstained", text=text, route=route.document())
    return [
        StepStarted(step="route"),
        Routed(route=route, seconds=0.0),
        Decided(decision="abstain", worker=None, reason="no worker fits the query"),
        Finished(turn=turn),
    ]


def planned(query: str, steps: Sequence[tuple[str, str, str]]) -> list[Beat]:
    """Return the script of a plan: for each step who does it, what it asks and the answer."""
    plan = tuple(
        PlannedStep(worker=worker, token=_TOKEN, probability=0.9, distribution={worker: 0.9}, query=asked)
        for worker, asked, _ in steps
    )
    route = replace(a_route({steps[0][0]: 0.9, "chat": 0.1}, query=query), plan=plan)
    done = tuple(DoneStep(worker=worker, query=asked, text=text, source="model") for worker, asked, text in steps)
    turn = Turn(
        id="",
        thread="",
        query=query,
        status="answered",
        text="\n\n".join(step.text for step in done),
        worker=done[-1].worker,
        source="model",
        route=route.document(),
        steps=done,
    )
    beats: list[Beat] = [StepStarted(step="route"), Routed(route=route, seconds=0.0)]
    for place, step in enumerate(done, start=1):
        beats += [StepStarted(step="generate", worker=step.worker), TextWritten(worker=step.worker, text=step.text)]
        beats.append(Generated(worker=step.worker, finish="stop", source="model", seconds=0.0))
        if place < len(done):
            reason, following = f"step {place} of {len(done)} is done", done[place].worker
            beats.append(Decided(decision="advance", worker=step.worker, reason=reason, next=following))
    return [*beats, Decided(decision="accept", worker=done[-1].worker, reason="answered"), Finished(turn=turn)]


def escalated(query: str, text: str, *, first: str, reason: str, then: str) -> list[Beat]:
    """Return the script of an answer that a second worker gave, as the first could not."""
    route = a_route({first: 0.8, then: 0.15, "chat": 0.05}, query=query)
    turn = Turn(
        id="",
        thread="",
        query=query,
        status="answered",
        text=text,
        worker=then,
        source="model",
        route=route.document(),
        tried=(Attempt(worker=first, reason=reason),),
    )
    return [
        StepStarted(step="route"),
        Routed(route=route, seconds=0.0),
        StepStarted(step="generate", worker=first),
        Generated(worker=first, finish="stop", source="tool", seconds=0.0, problem=reason),
        Decided(decision="escalate", worker=first, reason=reason, next=then),
        StepStarted(step="generate", worker=then),
        TextWritten(worker=then, text=text),
        Generated(worker=then, finish="stop", source="model", seconds=0.0),
        Decided(decision="accept", worker=then, reason="answered"),
        Finished(turn=turn),
    ]
