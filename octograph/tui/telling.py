"""Shows a graph's events in an answer, as they happen.

Imports the agents, so it is imported itself only once there is a backend.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, assert_never

from octograph.agents.events import (
    Asked,
    Decided,
    Evaluated,
    Event,
    Finished,
    Generated,
    Judged,
    Retrieved,
    Routed,
    Started,
    StepName,
    StepStarted,
    Structured,
    TextWritten,
)
from octograph.tui.widgets.answer import Answer

__all__ = ["tell"]

_WAITING: Final[Mapping[StepName, str]] = {
    "route": "choosing a worker…",
    "retrieve": "looking into your documents…",
    "structure": "finding a plan for {worker}…",
    "generate": "waiting for {worker}…",
    "judge": "comparing the answers…",
}
"""What is waited for in a step; the others take no time worth a word."""


async def tell(
    events: AsyncIterator[Event], answer: Answer, *, began: Callable[[str], None], happened: Callable[[Event], None]
) -> None:
    """Show all events in `answer`; `began` is told the thread that the turn belongs to, and `happened` each event."""
    async for event in events:
        happened(event)
        if isinstance(event, Started):
            began(event.thread)
        else:
            await _show(event, answer)


async def _show(
    event: StepStarted
    | Routed
    | Retrieved
    | Structured
    | TextWritten
    | Generated
    | Evaluated
    | Decided
    | Judged
    | Asked
    | Finished,
    answer: Answer,
) -> None:
    match event:
        case StepStarted(step=step, worker=worker) if step in _WAITING:
            await answer.wait(_WAITING[step].format(worker=worker))
        case StepStarted() | Retrieved() | Structured() | Generated() | Evaluated():
            pass
        case Routed(route=route):
            answer.show_route(route.document())
        case TextWritten(text=text):
            await answer.write(text)
        case Decided(decision="escalate", worker=worker, reason=reason, next=following):
            await answer.pass_on(worker or "", reason, following or "")
        case Decided(decision="advance", reason=reason, next=following):
            await answer.advance(reason, following or "")
        case Decided() | Judged() | Asked():
            pass
        case Finished(turn=turn):
            await answer.finish(turn)
        case _:
            assert_never(event)
