"""What a decision endpoint answers: a distribution over the workers, or one of them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

__all__ = ["NoDecisionError", "read_answer"]

SHOWN = 120
"""Characters of an answer that an error shows."""


class NoDecisionError(ValueError):
    """An answer that says nothing about the workers; the message goes on behind "the endpoint …".

    Parameters
    ----------
    message
        What it does instead.
    hint
        What it should do.

    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = 'It must answer with {"distribution": {name: probability, …}} or {"worker": name}.',
    ) -> None:
        super().__init__(message)
        self.hint = hint


def read_answer(body: bytes, names: Collection[str]) -> dict[str, float]:
    """Return the probability of every name, in their order; they sum to 1.

    Parameters
    ----------
    body
        JSON: ``{"distribution": {name: weight, …}}`` or ``{"worker": name}``. If it has both, as the document of
        ``octograph route --json`` does, the distribution counts. Names that it leaves out have the probability 0.
    names
        What it may choose.

    Raises
    ------
    NoDecisionError
        It is anything else.

    Examples
    --------
    >>> read_answer(b'{"distribution": {"law": 3, "none": 1}}', ("law", "math", "none"))
    {'law': 0.75, 'math': 0.0, 'none': 0.25}

    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoDecisionError(f"answers with no JSON: {body[:SHOWN].decode(errors='replace')!r}") from error
    if not isinstance(answer, dict):
        raise NoDecisionError(f"answers with a {type(answer).__name__} and no object")
    weights = answer.get("distribution")
    if weights is None and isinstance(answer.get("worker"), str):
        weights = {answer["worker"]: 1.0}
    if not isinstance(weights, dict):
        raise NoDecisionError(f"names no worker: {repr(answer)[:SHOWN]}")
    if unknown := [name for name in weights if name not in names]:
        raise NoDecisionError(
            f"chooses {', '.join(map(repr, unknown))[:SHOWN]}, which the graph does not have",
            hint=f"It has: {', '.join(names)}.",
        )
    given = {name: _weight(name, value) for name, value in weights.items()}
    most = max(given.values(), default=0.0)
    if most == 0:
        raise NoDecisionError("gives every worker the probability 0")
    # By the largest first: the sum of large numbers may be none.
    shares = {name: given.get(name, 0.0) / most for name in names}
    total = math.fsum(shares.values())
    return {name: share / total for name, share in shares.items()}


def _weight(name: str, value: Any) -> float:
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if not 0 <= number < math.inf:
        raise NoDecisionError(
            f"gives {name!r} the probability {repr(value)[:SHOWN]}", hint="A probability is a number from 0 to 1."
        )
    return number
