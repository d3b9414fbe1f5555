"""How well choices of workers do, when it is known how well each worker would have done, and what they cost.

Shapes: ``n`` queries, ``w`` workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.agents.evaluation.data import lines_of, sampled, text_of
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.master.outcomes import chance_error

__all__ = ["ChanceReader", "Outcomes", "choose", "evaluate_outcomes", "judge", "quality_over_cost", "read_outcomes"]

POINTS = 16
"""Of the curve, besides the one at which costs are of no account."""

LEAST = 0.01
"""The first of them: by how much the dearest worker's chance must then exceed the cheapest's."""

_HINT = 'Write {"query": …, "scores": {worker: score from 0 to 1, …}} on each line.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Queries, and how well each worker answered them.

    Attributes
    ----------
    queries
        ``n`` of them.
    workers
        ``w`` names.
    scores
        ``[n, w]``, from 0 (wrong) to 1 (right).

    """

    queries: tuple[str, ...]
    workers: tuple[str, ...]
    scores: NDArray[np.float64]


class ChanceReader(Protocol):
    """Something that foretells how likely each worker is to answer a query right."""

    async def chances(self, query: str, *, cancel: CancelToken) -> Mapping[str, float] | None:
        """Return the chance of success of each worker, None if it was cancelled."""
        ...


def read_outcomes(path: Path, *, limit: int | None = None, seed: int = 0) -> Outcomes:
    """Read lines of ``{"query", "scores": {worker: score}}``; with `limit`, a random sample of that many.

    Raises
    ------
    UsageError
        The file is missing, empty, a line is not such an object, a score is not within 0 and 1, or two lines are
        about different workers.

    """
    queries: list[str] = []
    rows: list[list[float]] = []
    workers: tuple[str, ...] = ()
    for number, line in lines_of(path):
        queries.append(text_of(path, number, line, "query"))
        scores = _scores(path, number, line.get("scores"))
        workers = workers or tuple(sorted(scores))
        if set(scores) != set(workers):
            odd = ", ".join(sorted(set(scores) ^ set(workers)))
            raise UsageError(
                f"{str(path)!r}, line {number}: not the workers of the lines before it: {odd}",
                hint="Each line must have the scores of the same workers.",
            )
        rows.append([scores[worker] for worker in workers])
    if not rows:
        raise UsageError(f"{str(path)!r} holds no lines", hint=_HINT)
    kept = sampled(range(len(rows)), limit=limit, seed=seed)
    return Outcomes(
        queries=tuple(queries[place] for place in kept),
        workers=workers,
        scores=np.array([rows[place] for place in kept], dtype=np.float64),
    )


def choose(
    chances: NDArray[np.float64], costs: NDArray[np.float64] | None = None, price: float = 0.0
) -> NDArray[np.int64]:
    """The worker with the most of ``chance - price * cost`` for each query, ``[n]``.

    Parameters
    ----------
    chances
        Of success, ``[n, w]``.
    costs
        Of one answer of each worker, ``[w]``, in any unit; None for no account of them.
    price
        What a unit of cost is worth, in chance of success.

    """
    worth = chances if costs is None else chances - price * costs  # [n, w]
    places: NDArray[np.int64] = worth.argmax(axis=1)
    return places


def judge(outcomes: Outcomes, choices: NDArray[np.int64], costs: NDArray[np.float64] | None = None) -> dict[str, Any]:
    """Score the choice of one worker for each query.

    Parameters
    ----------
    outcomes
        How well each worker would have done.
    choices
        Place of the chosen worker, ``[n]``.
    costs
        Of one answer of each worker, ``[w]``.

    Returns
    -------
    dict
        ``n``; ``score`` (mean of the chosen workers'); ``random`` (mean of all); ``best_single`` (``worker`` and
        ``score`` of the one that is, in hindsight, the best for all queries); ``oracle`` (mean of the best worker's
        for each query); ``gain`` over the best single worker (``mean``, ``interval`` of 95 %);
        ``gap_closed = gain / (oracle - best_single)``, None if there is no gap; ``shares`` (of the queries that each
        worker gets); with costs also ``cost``, the mean of the chosen workers'.

    """
    scores, count = outcomes.scores, len(outcomes.scores)
    taken = scores[np.arange(count), choices]  # [n]
    best = int(scores.mean(axis=0).argmax())
    gains = taken - scores[:, best]  # [n]
    oracle = float(scores.max(axis=1).mean())
    gap = oracle - float(scores[:, best].mean())
    gain = float(gains.mean())
    half = 1.96 * float(gains.std(ddof=1)) / math.sqrt(count) if count > 1 else math.inf
    shares = np.bincount(choices, minlength=len(outcomes.workers)) / count  # [w]
    judged: dict[str, Any] = {
        "n": count,
        "score": float(taken.mean()),
        "random": float(scores.mean()),
        "best_single": {"worker": outcomes.workers[best], "score": float(scores[:, best].mean())},
        "oracle": oracle,
        "gain": {"mean": gain, "interval": [gain - half, gain + half] if count > 1 else None},
        "gap_closed": gain / gap if gap > 0 else None,
        "shares": dict(zip(outcomes.workers, shares.tolist(), strict=True)),
    }
    if costs is not None:
        judged["cost"] = float(costs[choices].mean())
    return judged


def quality_over_cost(
    outcomes: Outcomes, chances: NDArray[np.float64], costs: NDArray[np.float64]
) -> list[dict[str, float]]:
    """The curve to choose a price from: mean score and mean cost of the choices at each.

    Parameters
    ----------
    outcomes
        How well each worker would have done.
    chances
        Of success, ``[n, w]``.
    costs
        Of one answer of each worker, ``[w]``, in any unit.

    Returns
    -------
    list of dict
        ``price``, ``score``, ``cost``, by rising price: from 0, where costs are of no account, to the price at which
        the cheapest worker gets everything. A single point if all costs are alike.

    """
    levels = np.unique(costs)  # ascending
    prices = [0.0]
    if len(levels) > 1:
        # No chance exceeds another by more than 1, so from the last of these on only the cheapest is worth its cost.
        prices += np.geomspace(LEAST / (levels[-1] - levels[0]), 1 / (levels[1] - levels[0]), POINTS).tolist()
    points = []
    for price in prices:
        judged = judge(outcomes, choose(chances, costs, price), costs)
        points.append({"price": price, "score": judged["score"], "cost": judged["cost"]})
    return points


async def evaluate_outcomes(
    outcomes: Outcomes,
    reader: ChanceReader,
    *,
    costs: Mapping[str, float],
    price: float,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Choose a worker for each query and score the choices.

    Parameters
    ----------
    outcomes
        How well each worker did.
    reader
        Such as an `OutcomeRouter`.
    costs
        Of one answer of each worker; empty for no account of them.
    price
        What a unit of cost is worth, in chance of success.
    progress
        Told how many queries are read, of how many.

    Returns
    -------
    dict
        As `judge` gives it, for the workers of `outcomes`; ``price``; ``ece`` (see `chance_error`); and with costs
        ``curve`` (see `quality_over_cost`).

    Raises
    ------
    UsageError
        The data has a worker whose chance is not foretold, or whose cost is not known.

    """
    rows: list[list[float]] = []
    for done, query in enumerate(outcomes.queries, start=1):
        found = await reader.chances(query, cancel=CancelToken())
        if found is None:
            raise RuntimeError("a read that nobody can cancel was cancelled")
        rows.append(_of_each(found, outcomes.workers, "chance of success"))
        progress(done, len(outcomes.queries))
    chances = np.array(rows)  # [n, w]
    paid = np.array(_of_each(costs, outcomes.workers, "cost")) if costs else None  # [w]
    result = judge(outcomes, choose(chances, paid, price), paid) | {"price": price}
    result["ece"] = chance_error(chances, outcomes.scores)
    if paid is not None:
        result["curve"] = quality_over_cost(outcomes, chances, paid)
    return result


def _of_each(values: Mapping[str, float], workers: Sequence[str], what: str) -> list[float]:
    if missing := [worker for worker in workers if worker not in values]:
        raise UsageError(
            f"the data names workers without a {what}: {', '.join(missing)}",
            hint=f"Known are: {', '.join(sorted(values))}.",
        )
    return [values[worker] for worker in workers]


def _scores(path: Path, number: int, scores: Any) -> dict[str, float]:
    where = f"{str(path)!r}, line {number}"
    if not isinstance(scores, dict) or not scores:
        raise UsageError(f"{where}: 'scores' is missing or no object with a score for each worker", hint=_HINT)
    for worker, score in scores.items():
        # To JSON true and false are no numbers; to Python they are.
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
            raise UsageError(f"{where}: the score of {worker!r} is {score!r}", hint=_HINT)
    return {worker: float(score) for worker, score in scores.items()}
