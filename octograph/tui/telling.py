"""Shows a graph's events in an answer, as they happen, and how far a model is that is waited for.

The latter is looked for while the answer waits, and no event: what a request waits for is known to the hosts alone,
which tell it whoever asks, so that no step between a query and its model has to pass it on.

Imports the agents, so it is imported itself only once there is a backend.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
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
from octograph.tui.backend import Models
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


LOOKED = 0.1
"""Seconds between two looks at the models, while an answer waits."""


async def tell(
    events: AsyncIterator[Event],
    answer: Answer,
    *,
    models: Models,
    began: Callable[[str], None],
    happened: Callable[[Event], None],
) -> None:
    """Show everything in an answer.

    Parameters
    ----------
    events
        What happens.
    answer
        Where it is shown.
    models
        Those that may have to start for it.
    began
        Is told the thread that the turn belongs to.
    happened
        Is told each event.

    """
    with _watched(models, answer):
        async for event in events:
            happened(event)
            if isinstance(event, Started):
                began(event.thread)
            else:
                await _show(event, answer)


@contextmanager
def _watched(models: Models, answer: Answer) -> Iterator[None]:
    """Show meanwhile how far a model is that the answer waits for."""
    watching = asyncio.create_task(_watch(models, answer))
    try:
        yield
    finally:
        watching.cancel()


async def _watch(models: Models, answer: Answer) -> None:
    while True:
        if answer.waits:
            answer.show_loading(await asyncio.to_thread(models.list))
        await asyncio.sleep(LOOKED)


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
