"""What a turn may cost, and what becomes of it when nobody is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ABSTAIN", "ANSWER", "DEFAULT", "Limits", "Unsure"]

Unsure = Literal["abstain", "ask"]

ANSWER, ABSTAIN = "answer", "abstain"
"""What a person who is asked can choose besides another worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one turn. They hold between workers: an answer in progress is finished.

    Attributes
    ----------
    workers
        Who are asked about one step at most.
    tokens
        That models write, None for no bound.
    seconds
        From the question on, with the time in which the process was dead and without that for which a person was asked
        what to do; None for no bound.
    unsure
        What happens when an answer was withheld and nobody is left to ask: the turn abstains, or the person is asked.

    """

    workers: int = 3
    tokens: int | None = None
    seconds: float | None = None
    unsure: Unsure = "abstain"

    def spent(self, *, tokens: int, seconds: float) -> str | None:
        """Which of the bounds a turn has reached, for people; None if none.

        Examples
        --------
        >>> Limits(tokens=100).spent(tokens=120, seconds=3.0)
        'the budget of 100 tokens is spent'

        """
        if self.tokens is not None and tokens >= self.tokens:
            return f"the budget of {self.tokens} tokens is spent"
        if self.seconds is not None and seconds >= self.seconds:
            return f"the budget of {self.seconds:g} seconds is spent"
        return None


DEFAULT = Limits()
