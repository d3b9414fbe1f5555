"""A turn: one query of a conversation and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from octograph.nodes.generation import Message

__all__ = ["Attempt", "Status", "Turn", "as_messages"]

Status = Literal["answered", "abstained", "cancelled", "failed", "interrupted"]
"""``interrupted``: the process ended before the turn did; it can be resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A worker that was asked and whose answer was not taken."""

    worker: str
    reason: str


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
        The answer; the part that was written if it was cancelled; else what to tell the user.
    worker
        Who answered, None if nobody did.
    source
        ``"tool"`` for an exact answer, ``"model"`` for a model's, None if nobody answered.
    route
        The master's decision as a JSON document, None if the worker was named by the user.
    tried
        Workers asked before.
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
    source: Literal["model", "tool"] | None = None
    route: Mapping[str, Any] | None = None
    tried: tuple[Attempt, ...] = ()
    started: str = ""
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """The turn as plain data, for checkpoints and JSON."""
        return asdict(self) | {"tried": [asdict(attempt) for attempt in self.tried]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Turn:
        """Read what `document` wrote."""
        tried = tuple(Attempt(**attempt) for attempt in document["tried"])
        return cls(**{**document, "tried": tried})


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
