"""The state of a query's walk: plain data, so that a checkpoint can be read by any version and holds no code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from langgraph.channels.delta import DeltaChannel

from octograph.agents.decision import StepName
from octograph.cancellation import CancelToken

__all__ = ["RunContext", "State", "asked", "current_step", "shown", "unbegun"]

SNAPSHOT_EVERY = 50


def _append(turns: list[dict[str, Any]], writes: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [*turns, *(turn for write in writes for turn in write)]


class State(TypedDict, total=False):
    """What a checkpoint holds.

    ``turns`` are the finished turns of the thread; a write appends. Only what was appended is stored with a
    checkpoint, and the whole every so often, so a long thread does not grow with its square.
    """

    turns: Annotated[list[dict[str, Any]], DeltaChannel(_append, snapshot_frequency=SNAPSHOT_EVERY)]
    hidden: int
    """How many of those, from the first on, models are not shown any more."""
    query: str
    """What is asked. Enough as input when the graph runs inside another."""
    named: str | None
    """The worker that the user named, if any: then the master is not asked."""
    turn: dict[str, str]
    """The turn in progress: ``id, thread, started``."""
    route: dict[str, Any] | None
    worker: str | None
    """Who is asked now."""
    done: list[dict[str, Any]]
    """The steps of the plan that were answered, see `DoneStep`, each with what the next one goes on with."""
    evidence: list[dict[str, Any]] | None
    """The passages that it may answer from, as `Hit.document`; None if it reads no documents."""
    lacking: str | None
    """Why there are no passages where there could be some."""
    structure: dict[str, Any] | None
    """What the worker fills, as `ReasoningStructure.document`; None if it asks for none."""
    draft: dict[str, Any] | None
    """What it answered: ``text, finish, source, problem, citations, score, value``."""
    spent: int
    """Tokens that models have written for this turn."""
    tried: list[dict[str, Any]]
    """Attempts, see `Attempt`, each with the ``source`` and the ``citations`` of its answer."""
    comparing: list[dict[str, Any]] | None
    """The attempts whose answers are to be judged next; None if there are none."""
    judged: dict[str, float] | None
    """What those are worth, in nats a token, by worker: empty if no judge could say, None before they are judged."""
    waiting: str | None
    """Since when a person is asked what to do, in ISO 8601; None if nobody is."""
    waited: float
    """Seconds for which persons thought in this turn."""
    workings: list[dict[str, Any]]
    """How those who were asked came to their answers, see `Workings.document`; passages with their first words."""
    decisions: list[dict[str, Any]]
    """What became of the answers, see `Decided`."""
    ranking: dict[str, Any] | None
    """How the judge compared what was withheld, see `Ranking`."""
    times: dict[StepName, float]
    """Seconds that were spent on each kind of step."""
    answer: dict[str, Any]
    """The turn as it was closed, see `Turn.document`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a run carries besides its state, and no checkpoint keeps."""

    cancel: CancelToken


def unbegun() -> State:
    """What is known of a query that nothing was done about."""
    return {
        "route": None,
        "draft": None,
        "evidence": None,
        "structure": None,
        "done": [],
        "tried": [],
        "spent": 0,
        "comparing": None,
        "judged": None,
        "waiting": None,
        "waited": 0.0,
        "workings": [],
        "decisions": [],
        "ranking": None,
        "times": {},
    }


def shown(state: State) -> list[dict[str, Any]]:
    """The finished turns that models are shown if they were answered, see `Turn.document`."""
    return state.get("turns", [])[state.get("hidden", 0) :]


def current_step(state: State) -> dict[str, Any] | None:
    """The step of the plan that is next, as `PlannedStep.document`; None if the user named the worker."""
    route = state["route"]
    return None if route is None else route["plan"][len(state["done"])]


def asked(state: State) -> str:
    """What the worker is asked now: the next step of the plan, or the query if the user named the worker."""
    step = current_step(state)
    query: str = state["query"] if step is None else step["query"]
    return query
