"""One more worker without training again: one row is fitted, the others stay as they are.

Shapes: ``m`` queries of the new worker, ``n`` of the others, ``f`` features, ``t`` functional tokens.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.graph import NONE, ModelGraph
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.reader import QueryReader, read_vectors

__all__ = ["fit_row", "queries_from_description", "with_row", "without_row"]

OTHERS = 600
"""Queries of the other workers that the new row is held against; reading them takes most of the time."""

DECAY = 0.1
"""Weight of the squared norm of the row over scaled features, against the mean loss."""

TAKEN = 0.004
"""Share of the other workers' queries that the new row may take away from them."""

_PHRASE = re.compile(r"[,;:()]|\band\b|\bor\b")


async def with_row(
    head: FunctionalHead,
    graph: ModelGraph,
    *,
    master: str,
    worker: str,
    queries: Sequence[str],
    reader: QueryReader,
    adapter: Path | None,
    progress: Callable[[int, int], None],
    seed: int = 0,
) -> FunctionalHead:
    """Return a head with one more row.

    Parameters
    ----------
    head
        The head of `master`, without the worker.
    graph
        The graph, with the worker.
    master, worker
        Names of nodes.
    queries
        What the new worker should get.
    reader
        The master's model.
    adapter
        Where the head's adapter is, if it has one.
    progress
        Told how many queries were read, and of how many.
    seed
        Of the sample of the other workers' queries.

    Raises
    ------
    HeadError
        There are no queries to fit the row on, of the new worker or of the others.

    """
    others = _sample(graph, master, without=worker, seed=seed)
    if not queries or not others:
        raise HeadError(
            f"a row for {worker!r} needs queries that it should get, and queries of the other workers",
            hint="Give examples, one query a line; the graph's own examples must be in the graph file or beside it.",
        )
    features = await read_vectors(
        reader, (*queries, *others), system=head.system, layer=head.layer, adapter=adapter, progress=progress
    )
    weight, bias = fit_row(head, features[: len(queries)], features[len(queries) :])
    return replace(
        head,
        tokens=(*head.tokens, graph.vocabulary(master).token_of(worker)),
        weight=np.concatenate([head.weight, weight[None]]),
        bias=np.append(head.bias, np.float32(bias)).astype(np.float32),
    )


def without_row(head: FunctionalHead, token: str) -> FunctionalHead:
    """Return a head without the row of a token; the others' probabilities grow in proportion."""
    kept = [place for place, known in enumerate(head.tokens) if known != token]
    return replace(
        head, tokens=tuple(head.tokens[place] for place in kept), weight=head.weight[kept], bias=head.bias[kept]
    )


def fit_row(
    head: FunctionalHead, new: NDArray[np.float32], others: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Fit a row ``w [f]``, ``b`` beside those of a head.

    With the rows of the head as they are, ``P(new|x) = sigmoid((w x + b) / T - log sum_j exp(z_j(x) / T))``: logistic
    regression with an offset. Both sides weigh the same. The bias is lowered until the row takes no more than
    `TAKEN` of the others' queries.

    Parameters
    ----------
    head
        The head.
    new, others
        Features ``[m, f]`` and ``[n, f]``.

    """
    from scipy.optimize import minimize
    from scipy.special import expit, log_expit, logsumexp

    both = np.concatenate([new, others]).astype(np.float64)
    mean, scale = others.mean(axis=0), others.std(axis=0) + 1e-6  # [f]
    scaled = (both - mean) / scale
    logits = (both @ head.weight.T + head.bias) / head.temperature  # [m + n, t]
    offset = logsumexp(logits, axis=1)  # [m + n]
    sign = np.concatenate([np.ones(len(new)), -np.ones(len(others))])
    share = np.concatenate([np.full(len(new), 0.5 / len(new)), np.full(len(others), 0.5 / len(others))])

    def loss(row: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (scaled @ row[:-1] + row[-1] - offset)
        slope = -share * sign * expit(-margin)
        value = -(share * log_expit(margin)).sum() + 0.5 * DECAY * (row[:-1] ** 2).sum()
        return float(value), np.append(scaled.T @ slope + DECAY * row[:-1], slope.sum())

    row = minimize(loss, np.zeros(scaled.shape[1] + 1), jac=True, method="L-BFGS-B").x
    ahead = scaled[len(new) :] @ row[:-1] + row[-1] - logits[len(new) :].max(axis=1)  # [n]: above 0 it is taken
    excess = max(0.0, float(np.quantile(ahead, 1 - TAKEN)))
    weight = row[:-1] / scale
    bias = row[-1] - excess - weight @ mean
    return (weight * head.temperature).astype(np.float32), float(bias * head.temperature)


def queries_from_description(description: str) -> tuple[str, ...]:
    """Queries in the place of examples: the description and each of its phrases."""
    phrases = [phrase.strip() for phrase in _PHRASE.split(description)]
    return tuple(dict.fromkeys([description.strip(), *(phrase for phrase in phrases if phrase)]))


def _sample(graph: ModelGraph, master: str, *, without: str, seed: int) -> list[str]:
    """Queries of the other workers and of none, of each about as many."""
    draw = random.Random(seed)  # noqa: S311  # a sample, not a secret
    examples: Mapping[Any, Sequence[str]] = {
        target or NONE: queries for target, queries in graph.examples(master).items() if target != without
    }
    each = max(1, OTHERS // max(1, len(examples)))
    return [query for queries in examples.values() for query in draw.sample(list(queries), min(each, len(queries)))]
