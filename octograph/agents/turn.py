"""A turn: one query of a conversation and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from octograph.nodes.generation import Message
from octograph.retrieval.passage import place_of

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
class Citation:
    """A passage that an answer rests on, or came nearest to one.

    Attributes
    ----------
    number
        By which the text names it, as ``[1]``.
    source
        Path of the file.
    title, heading, page
        Where in it; the page counts from 1, None if the format has no pages.
    text
        What the passage says.
    similarity
        How near it is to the question, None if that was not computed.

    """

    number: int
    source: str
    title: str
    heading: str
    page: int | None
    text: str
    similarity: float | None

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return place_of(self.source, page=self.page, heading=self.heading)


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
    started: str = ""
    seconds: float = 0.0

    @property
    def remainder(self) -> str:
        """The text without the answers of the done steps."""
        return self.text.removeprefix("\n\n".join(step.text for step in self.steps)).strip()

    def document(self) -> dict[str, Any]:
        """The turn as plain data, for checkpoints and JSON."""
        return asdict(self) | {
            "steps": [asdict(step) for step in self.steps],
            "tried": [asdict(attempt) for attempt in self.tried],
            "citations": [asdict(citation) for citation in self.citations],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Turn:
        """Read what `document` wrote."""
        tried = tuple(Attempt(**attempt) for attempt in document["tried"])
        steps = tuple(DoneStep(**step) for step in document["steps"])
        citations = tuple(Citation(**citation) for citation in document["citations"])
        return cls(**{**document, "tried": tried, "steps": steps, "citations": citations})


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
