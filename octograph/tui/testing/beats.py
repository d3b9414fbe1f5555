"""What scripts are made of."""

from __future__ import annotations

from dataclasses import dataclass

from octograph.agents import Event

__all__ = ["Beat", "Pause"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Waits; None waits until the answer is cancelled."""

    seconds: float | None = None


Beat = Event | Pause | Exception
"""What a script is made of: an event, a pause, or the error with which it ends."""
