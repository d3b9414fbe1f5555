"""A turn: one query of a conversation and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from octograph.agents.citation import Citation
from octograph.agents.decision import Decided, StepName
from octograph.agents.workings import Ranking, Workings
from octograph.nodes.generation import Message

__all__ = ["Attempt", "Citation", "DoneStep", "Source", "Status", "Turn", "as_messages"]

Status = Literal["answered", "abstained", "cancelled", "failed", "interrupted", "waiting"]
"""``interrupted``: the process ended before the turn did; it can be resumed. ``waiting``: a person has to choose."""

Source = Literal["model", "tool"]
"""Who an answer is from: a model, or a tool, whose answers are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A worker that was asked and whose answer was not taken.

    Attributes
    ----------
    worker
        Who was asked.
    reason
        Why the answer was not taken.
    step
        For which step of the plan, counted from 1.
    text
        What it answered, if it was withheld for being unsure.
    score
        The selection score ``g`` of that, in nats.

    """

    worker: str
    reason: str
    step: int = 1
    text: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneStep:
    """A step of a plan that was answered.

    Attributes
    ----------
    worker
        Who answered.
    query
        What the step asked.
    text
        The answer, which went to the next step.
    source
        Who it is from.
    score
        Its selection score ``g`` in nats, None if it was not evaluated.

    """

    worker: str
    query: str
    text: str
    source: Source
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One query and its answer.

    Attributes
    ----------
    id
        Unique within the thread.
    thread
        The thread that it belongs to.
    query
        What the user asked.
    status
        How it ended.
    text
        The answer, of a plan the answers of its steps, one below the other; the part that was written if it was
        cancelled; else what to tell the user.
    worker
        Who answered, of a plan the last; None if nobody did.
    source
        ``"tool"`` for an exact answer, ``"model"`` for one that a model had a part in, None if nobody answered.
    score
        The selection score ``g`` of the answer in nats, of a plan that of its last step; None if it was not evaluated.
    route
        The master's decision as a JSON document, None if the worker was named by the user.
    steps
        The steps of a plan that were done; empty if there was but one step.
    tried
        Workers asked before.
    citations
        Passages that the text names by number; those that came nearest where the documents hold no answer.
    choices
        What a person can choose, if the turn waits for that; see `Asked`.
    workings
        How the workers that were asked came to their answers, in the order in which they were.
    decisions
        What became of their answers, in order.
    ranking
        How the judge compared those that were withheld, None if it did not.
    times
        Seconds that each kind of step took.
    started
        ISO 8601, with the zone.
    seconds
        From the question to the answer.

    """

    id: str
    thread: str
    query: str
    status: Status
    text: str
    worker: str | None = None
    source: Source | None = None
    score: float | None = None
    route: Mapping[str, Any] | None = None
    steps: tuple[DoneStep, ...] = ()
    tried: tuple[Attempt, ...] = ()
    citations: tuple[Citation, ...] = ()
    choices: tuple[str, ...] = ()
    workings: tuple[Workings, ...] = ()
    decisions: tuple[Decided, ...] = ()
    ranking: Ranking | None = None
    times: Mapping[StepName, float] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0

    @property
    def remainder(self) -> str:
        """The text without the answers of the done steps."""
        return self.text.removeprefix("\n\n".join(step.text for step in self.steps)).strip()

    def document(self) -> dict[str, Any]:
        """The turn as plain data, for checkpoints and JSON."""
        return asdict(replace(self, workings=())) | {
            "steps": [asdict(step) for step in self.steps],
            "tried": [asdict(attempt) for attempt in self.tried],
            "citations": [asdict(citation) for citation in self.citations],
            "choices": [*self.choices],
            "workings": [one.document(self.citations) for one in self.workings],
            "decisions": [asdict(decision) for decision in self.decisions],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Turn:
        """Read what `document` wrote, in this version or in one that kept less."""
        citations = tuple(Citation(**citation) for citation in document["citations"])
        ranking = document.get("ranking")
        read = {
            "steps": tuple(DoneStep(**step) for step in document["steps"]),
            "tried": tuple(Attempt(**attempt) for attempt in document["tried"]),
            "citations": citations,
            "choices": tuple(document.get("choices", ())),
            "workings": tuple(Workings.from_document(one, citations) for one in document.get("workings", ())),
            "decisions": tuple(Decided(**decision) for decision in document.get("decisions", ())),
            "ranking": None if ranking is None else Ranking(**ranking),
        }
        return cls(**{**document, **read})


def as_messages(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """The answered turns as a conversation."""
    return tuple(
        message
        for turn in turns
        if turn.status == "answered"
        for message in (
            Message(role="user", content=turn.query),
            Message(role="assistant", content=turn.text),
        )
    )
