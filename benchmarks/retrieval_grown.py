"""A grown knowledge base in a process of its own, so that its memory and its time are its own.

    python -m benchmarks.retrieval_grown build FOLDER KIND
    python -m benchmarks.retrieval_grown answer FOLDER
    python -m benchmarks.retrieval_grown end-to-end FOLDER THREADS

``build`` makes the indexes from the catalogue in FOLDER, the word index with the first kind of a size only; the others
answer the queries of ``queries.npz`` there.
Prints a line of JSON. Memory is as Linux tells it. For what is measured see `benchmarks.retrieval_growth`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import make_splitter, model_store
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.passage import Hit
from octograph.retrieval.publishing import publish
from octograph.retrieval.searching import Method, Query, Searcher
from octograph.retrieval.shelf import Shelf
from octograph.retrieval.vectors import IndexKind

__all__ = ["CATALOGUE", "K", "main"]

CATALOGUE = "catalogue.sqlite"
K = 10
FETCHED = 100
"""What a search asks of each index at least."""

METHODS: tuple[Method, ...] = ("hybrid", "dense", "bm25")

Search = Callable[[str, NDArray[np.float32]], Any]
"""Takes a query's text and its vector ``[d]``."""


def _build(folder: Path, kind: IndexKind) -> dict[str, Any]:
    catalogue = Catalogue.open(folder / CATALOGUE)
    before = _memory()["VmRSS"]
    started = time.perf_counter()
    publish(catalogue, Shelf(folder), kind=kind)
    seconds = time.perf_counter() - started
    catalogue.close()
    return {
        "seconds": seconds,
        "cpu_seconds": time.process_time(),
        "before_mib": before,
        "peak_mib": _memory()["VmHWM"],
    }


def _answer(folder: Path) -> dict[str, Any]:
    texts, vectors = _queries(folder)
    catalogue, shelf = Catalogue.open(folder / CATALOGUE), Shelf(folder)
    whole = _whole(Searcher(catalogue, shelf), texts, vectors)
    # The searcher is gone with its indexes: there may be no memory for two of the largest.
    indexes = shelf.take(catalogue.generation())
    assert indexes is not None
    words, index, passages = indexes.words, indexes.vectors, indexes.ids
    for k in (K, FETCHED):
        name = f"vectors-{k}"
        found, whole["answers"][name] = _timed(_of_index(index.search, k), texts, vectors)
        whole["ids"][name] = [passages[positions].tolist() for positions, _ in found]
    _, whole["answers"][f"words-{FETCHED}"] = _timed(lambda text, _: words.search(text, FETCHED), texts, vectors)
    return whole


def _whole(searcher: Searcher, texts: Sequence[str], vectors: NDArray[np.float32]) -> dict[str, Any]:
    """Whole searches: their times, what the dense ones found, and the memory after the hybrid ones."""
    before = _memory()["VmRSS"]
    started = time.perf_counter()
    searcher.search(Query(text=texts[-1], vector=vectors[-1]))
    first = time.perf_counter() - started
    answers: dict[str, Any] = {}
    ids: dict[str, list[list[int]]] = {}
    memory: dict[str, float] = {}
    for method in METHODS:
        found, answers[method] = _timed(_of_searcher(searcher, method), texts, vectors)
        if method == "hybrid":
            memory = _memory()
        if method == "dense":
            ids[method] = [[hit.id for hit in hits] for hits in found]
    resident = {"all": memory["VmRSS"], "anonymous": memory["RssAnon"], "file": memory["RssFile"], "before": before}
    return {"first_search_seconds": first, "memory_mib": resident, "answers": answers, "ids": ids}


def _of_searcher(searcher: Searcher, method: Method) -> Search:
    def search(text: str, vector: NDArray[np.float32]) -> list[Hit]:
        # Passages that say the same are told apart in the hybrid search alone: recall counts them all.
        return searcher.search(Query(text=text, vector=vector, k=K, method=method, distinct=method == "hybrid"))

    return search


def _of_index(search: Callable[[NDArray[np.float32], int], Any], k: int) -> Search:
    return lambda _, vector: search(vector, k)


async def _end_to_end(folder: Path, threads: int) -> dict[str, Any]:
    """Searches with the query's embedding, as a user's are: hybrid, five passages; and the embedding alone."""
    texts, _ = _queries(folder)
    store = model_store(settings.load())
    embedder = EmbedderClient(embedder_host(store, threads=threads))
    base = KnowledgeBase(folder, embedder=embedder, splitter=lambda: make_splitter(store))
    searches, embeddings = [], []
    try:
        await base.search(Query(text="what comes first opens the files", vector=None), cancel=CancelToken())
        for text in texts:
            started = time.perf_counter()
            await base.search(Query(text=text, vector=None), cancel=CancelToken())
            searches.append(time.perf_counter() - started)
        for text in texts:
            started = time.perf_counter()
            await embedder.encode([text], cancel=CancelToken())
            embeddings.append(time.perf_counter() - started)
    finally:
        base.close()
        embedder.host.stop()
    return {"search": _spread(searches), "embedding": _spread(embeddings)}


def _timed(search: Search, texts: Sequence[str], vectors: NDArray[np.float32]) -> tuple[list[Any], dict[str, float]]:
    found, seconds = [], []
    for text, vector in zip(texts, vectors, strict=True):
        started = time.perf_counter()
        found.append(search(text, vector))
        seconds.append(time.perf_counter() - started)
    return found, _spread(seconds)


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{q}_ms": float(np.percentile(seconds, q)) * 1000 for q in (50, 95, 99)}


def _queries(folder: Path) -> tuple[list[str], NDArray[np.float32]]:
    with np.load(folder / "queries.npz") as file:
        return file["texts"].tolist(), file["vectors"]


def _memory() -> dict[str, float]:
    """What Linux tells about this process's memory, in MiB."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[-1] == "kB"}


def main() -> None:
    """Measure one thing, and print it as a line of JSON."""
    what, folder, *rest = sys.argv[1:]
    if what == "build":
        found = _build(Path(folder), rest[0])  # type: ignore[arg-type]  # argv, from `_kinds`
    elif what == "answer":
        found = _answer(Path(folder))
    else:
        found = asyncio.run(_end_to_end(Path(folder), int(rest[0])))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
