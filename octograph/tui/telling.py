"""Shows a graph's events in an answer, as they happen.

Imports the agents, so it is imported itself only once there is a backend.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import assert_never

from octograph.agents.events import (
    Asked,
    Decided,
    Evaluated,
    Event,
    Finished,
    Generated,
    Retrieved,
    Routed,
    Started,
    StepStarted,
    Structured,
    TextWritten,
)
from octograph.tui.widgets.answer import Answer

__all__ = ["tell"]


async def tell(events: AsyncIterator[Event], answer: Answer, *, began: Callable[[str], None]) -> None:
    """Show all events in `answer`; `began` is told the thread that the turn belongs to."""
    async for event in events:
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
    | Asked
    | Finished,
    answer: Answer,
) -> None:
    match event:
        case StepStarted(step="route"):
            await answer.wait("choosing a worker…")
        case StepStarted(step="retrieve"):
            await answer.wait("looking into your documents…")
        case StepStarted(step="structure", worker=worker):
            await answer.wait(f"finding a plan for {worker}…")
        case StepStarted(step="generate", worker=worker):
            await answer.wait(f"waiting for {worker}…")
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
        case Decided() | Asked():
            pass
        case Finished(turn=turn):
            await answer.finish(turn)
        case _:
            assert_never(event)
