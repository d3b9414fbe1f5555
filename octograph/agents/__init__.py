"""What happens to a query: the steps, their order, their events, and the threads that keep them."""

from octograph.agents.conversation import Conversation
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
    StepStarted,
    Structured,
    TextWritten,
    document,
)
from octograph.agents.orchestration import CompiledGraph, orchestrate
from octograph.agents.threads import ThreadInfo, ThreadStore
from octograph.agents.turn import Attempt, Citation, DoneStep, Turn

__all__ = [
    "Asked",
    "Attempt",
    "Citation",
    "CompiledGraph",
    "Conversation",
    "Decided",
    "DoneStep",
    "Evaluated",
    "Event",
    "Finished",
    "Generated",
    "Judged",
    "Retrieved",
    "Routed",
    "Started",
    "StepStarted",
    "Structured",
    "TextWritten",
    "ThreadInfo",
    "ThreadStore",
    "Turn",
    "document",
    "orchestrate",
]
