"""How well searches find documents: nDCG, recall and mean reciprocal rank."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octograph.agents.evaluation.data import lines_of, sampled, text_of
from octograph.errors import UsageError

__all__ = ["Ranker", "RetrievalQuery", "evaluate_retrieval", "read_corpus", "read_queries"]

DEPTH = 100
"""Documents that are looked at."""

Ranker = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the names of documents that fit a query, the best first, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalQuery:
    """A query and the names of the documents that answer it."""

    text: str
    relevant: frozenset[str]


def read_corpus(folder: Path) -> dict[str, tuple[str, str]]:
    """Read ``corpus.jsonl`` or ``corpus.jsonl.gz``: title and text of each document by name.

    Raises
    ------
    UsageError
        The file is missing or a line is not ``{"_id", "title", "text"}``.

    """
    path = next((path for path in (folder / "corpus.jsonl", folder / "corpus.jsonl.gz") if path.is_file()), None)
    if path is None:
        raise UsageError(f"there is no corpus.jsonl in {str(folder)!r}", hint="Name a folder that has one.")
    return {
        text_of(path, number, line, "_id"): (
            line.get("title", ""),
            text_of(path, number, line, "text"),
        )
        for number, line in lines_of(path)
    }


def read_queries(path: Path, *, limit: int | None = None, seed: int = 0) -> list[RetrievalQuery]:
    """Read lines of ``{"_id", "text", "relevant": [names]}``; with `limit`, a random sample of that many.

    Raises
    ------
    UsageError
        The file is missing, or a line has no relevant document.

    """
    queries = []
    for number, line in lines_of(path):
        text, relevant = text_of(path, number, line, "text"), line.get("relevant")
        if not isinstance(relevant, list) or not relevant:
            raise UsageError(f"{str(path)!r}, line {number}: 'relevant' is no list of documents' names")
        queries.append(RetrievalQuery(text=text, relevant=frozenset(map(str, relevant))))
    if not queries:
        raise UsageError(f"{str(path)!r} holds no queries", hint='Write {"_id", "text", "relevant": […]} on each line.')
    return sampled(queries, limit=limit, seed=seed)


async def evaluate_retrieval(
    queries: Sequence[RetrievalQuery],
    rankers: Mapping[str, Ranker],
    *,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Rank documents for each query in each way, and measure.

    Returns
    -------
    dict
        ``n`` and ``methods``: for each ranker ``ndcg@10`` (Järvelin and Kekäläinen 2002, binary gains),
        ``recall@10``, ``recall@100``, ``mrr@10`` and ``latency_ms`` (``p50``, ``p95``, with the embedding of the
        query).

    """
    methods: dict[str, Any] = {}
    for place, (name, rank) in enumerate(rankers.items()):
        await rank(queries[0].text)  # what is loaded at the first query is not a query's time
        rows, seconds = [], []
        for done, query in enumerate(queries, start=1):
            started = time.perf_counter()
            ranked = await rank(query.text)
            seconds.append(time.perf_counter() - started)
            rows.append(_measures(ranked[:DEPTH], query.relevant))
            progress(place * len(queries) + done, len(rankers) * len(queries))
        p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
        means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        methods[name] = means | {"latency_ms": {"p50": float(p50), "p95": float(p95)}}
    return {"n": len(queries), "methods": methods}


def _measures(ranked: Sequence[str], relevant: frozenset[str]) -> dict[str, float]:
    found = np.array([name in relevant for name in ranked[:10]], dtype=float)
    discounts = 1 / np.log2(np.arange(2, 12))
    first = next((place for place, name in enumerate(ranked[:10], start=1) if name in relevant), None)
    return {
        "ndcg@10": float(found @ discounts[: len(found)] / discounts[: len(relevant)].sum()),
        "recall@10": len(relevant.intersection(ranked[:10])) / len(relevant),
        "recall@100": len(relevant.intersection(ranked[:100])) / len(relevant),
        "mrr@10": 0.0 if first is None else 1 / first,
    }
