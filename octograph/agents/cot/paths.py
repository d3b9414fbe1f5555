"""What the texts of one prompt are worth, and which answer is taken.

Shapes: ``n`` tokens of a text, ``k`` texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from octograph.nodes.decoding import Branch
from octograph.nodes.worker import AnswerPath

__all__ = ["Election", "Way", "decided", "delta_of", "elect", "fault_of"]

Way = Literal["aggregate", "maximum", "vote"]
"""``argmax_a sum_k Delta_{k,a}`` (Wang and Zhou 2024, section 2.3), the answer of the single surest path, or the
commonest answer (self-consistency)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Election:
    """The answer that was taken.

    Attributes
    ----------
    answer
        As in `AnswerPath.answer`.
    path
        The surest of the paths that come to it.
    weights
        Of each answer: summed Delta, largest Delta, or paths.

    """

    answer: str
    path: AnswerPath
    weights: Mapping[str, float]


def elect(paths: Sequence[AnswerPath], way: Way) -> Election | None:
    """Weigh the answers of `k` paths; None if no path has one. Paths with a fault do not count.

    Of equal weights the one with the surest path wins, then the one of the first path.
    """
    sides: defaultdict[str, list[AnswerPath]] = defaultdict(list)
    for path in paths:
        if path.fault is None and path.answer is not None:
            sides[path.answer].append(path)
    if not sides:
        return None
    weights = {answer: _weight([_delta(path) for path in side], way) for answer, side in sides.items()}
    surest = {answer: max(side, key=_delta) for answer, side in sides.items()}
    winner = max(sides, key=lambda answer: (weights[answer], _delta(surest[answer])))
    return Election(answer=winner, path=surest[winner], weights=weights)


def decided(paths: Sequence[AnswerPath], way: Way, *, left: int) -> bool:
    """Whether `left` further paths cannot change which answer is elected.

    A path adds at most 1 to the weight of one answer (``Delta <= 1``), or to its number of votes; a maximum can always
    be overtaken but by 1 itself.
    """
    if left == 0:
        return True
    election = elect(paths, way)
    if election is None or way == "maximum":
        return False
    others = [weight for answer, weight in election.weights.items() if answer != election.answer]
    return election.weights[election.answer] - max(others, default=0.0) > left


def delta_of(margins: Sequence[float]) -> float:
    """Return Delta, the mean of ``p(x_t^1) - p(x_t^2)`` over the answer's tokens (Wang and Zhou 2024, equation 1)."""
    return float(sum(margins)) / len(margins)


def fault_of(branch: Branch) -> str | None:
    """Why a text does not count (Wang and Zhou 2024, appendix): None if it does."""
    text = branch.text.strip()
    if not text:
        return "empty"
    if branch.finish == "length":
        return "too long"
    if branch.finish == "cancelled":
        return "stopped"
    return "a question" if text.endswith("?") else None


def _weight(deltas: Sequence[float], way: Way) -> float:
    match way:
        case "aggregate":
            return sum(deltas)
        case "maximum":
            return max(deltas)
        case "vote":
            return float(len(deltas))
        case _:
            assert_never(way)


def _delta(path: AnswerPath) -> float:
    return 0.0 if path.delta is None else path.delta
