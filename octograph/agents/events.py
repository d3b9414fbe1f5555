"""What happens to a query, as it happens.

The TUI, the JSON trace and the tests read these same events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from octograph.agents.decision import Decided, Decision, StepName
from octograph.agents.judging import Judgement
from octograph.agents.turn import Attempt, Turn
from octograph.agents.workings import ScoreKind
from octograph.nodes.generation import Finish, Generation
from octograph.nodes.master import Route
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.worker import AnswerPath
from octograph.retrieval.passage import Hit

__all__ = [
    "Asked",
    "Decided",
    "Decision",
    "Evaluated",
    "Event",
    "Finished",
    "Generated",
    "Judged",
    "Retrieved",
    "Routed",
    "ScoreKind",
    "Started",
    "StepName",
    "StepStarted",
    "Structured",
    "TextWritten",
    "document",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A query was taken on, or taken up again after a crash."""

    thread: str
    turn: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins. A step that is tried again after a host's crash begins again, from nothing."""

    step: StepName
    worker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """The master chose."""

    route: Route
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """Passages were looked up for a worker that reads; none may be relevant."""

    worker: str
    hits: tuple[Hit, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Structured:
    """A reasoning structure was looked up for a worker, or discovered by `model` in so many `calls`.

    If that failed, `problem` says why, there is no structure, and the worker answers without one.
    """

    worker: str
    task: str
    structure: ReasoningStructure | None
    model: str
    calls: int
    seconds: float
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWritten:
    """A worker wrote a further piece of its answer."""

    worker: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A worker is done, or could not answer: then `problem` says why. `paths` are the texts that it weighed."""

    worker: str
    finish: Finish
    source: Literal["model", "tool"]
    seconds: float
    generation: Generation | None = None
    problem: str | None = None
    paths: tuple[AnswerPath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The selection score `g` of an answer, in nats, and the least that is taken, `tau`; `problem` if it is less."""

    worker: str
    score: float
    score_kind: ScoreKind
    tau: float | None
    seconds: float
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The graph's judge compared the answers that were withheld; `judgements` are theirs by worker, the best first.

    If it could not, `problem` says why, there are none, and the answer with the highest `g` counts as the surest.
    """

    judgements: Mapping[str, Judgement]
    seconds: float
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Nobody is sure enough, and the person has to choose; the turn waits until it is resumed with a choice.

    `attempts` are the answers that were withheld, the surest first: as they were judged, else by their `g`.
    `choices` are ``"answer"`` for the first of them, ``"abstain"``, and workers that can be asked still.
    """

    attempts: tuple[Attempt, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The turn is over, or waits for a person; always the last event."""

    turn: Turn


Event = (
    Started
    | StepStarted
    | Routed
    | Retrieved
    | Structured
    | TextWritten
    | Generated
    | Evaluated
    | Decided
    | Judged
    | Asked
    | Finished
)

_KINDS: Mapping[type, str] = {
    Started: "started",
    StepStarted: "step",
    Routed: "routed",
    Retrieved: "retrieved",
    Structured: "structured",
    TextWritten: "text",
    Generated: "generated",
    Evaluated: "evaluated",
    Decided: "decided",
    Judged: "judged",
    Asked: "asked",
    Finished: "finished",
}


def document(event: Event) -> dict[str, Any]:
    """Return an event as a JSON document, with its ``kind``."""
    body = asdict(event)
    if isinstance(event, Routed):
        body["route"] = event.route.document()
    elif isinstance(event, Structured):
        body["structure"] = None if event.structure is None else event.structure.document()
    elif isinstance(event, Retrieved):
        body["hits"] = [hit.document() for hit in event.hits]
    elif isinstance(event, Judged):
        body["judgements"] = {worker: one.document() for worker, one in event.judgements.items()}
    elif isinstance(event, Finished):
        body["turn"] = event.turn.document()
    return {"kind": _KINDS[type(event)], **body}
