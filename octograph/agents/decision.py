"""The steps of a turn by their names, and what is decided between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Decided", "Decision", "StepName"]

StepName = Literal["route", "retrieve", "structure", "generate", "evaluate", "decide", "judge"]
Decision = Literal["accept", "advance", "escalate", "abstain", "cancel"]
"""``advance``: the answer is taken, and the plan has a further step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What becomes of the answer: `worker` is whose it was, `next` who is asked now."""

    decision: Decision
    worker: str | None
    reason: str
    next: str | None = None
