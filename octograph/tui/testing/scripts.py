"""Scripts of turns: answered, abstained, passed on, in several steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from octograph.agents import Attempt, Decided, DoneStep, Finished, Generated, Routed, StepStarted, TextWritten, Turn
from octograph.nodes.master import PlannedStep, Route
from octograph.tui.testing.beats import Beat

__all__ = ["a_route", "abstained", "answered", "escalated", "planned"]

_NONE = "<fn_none>"
_TOKEN = "<fn_1>"  # noqa: S105  # a functional token, no password


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
