"""The commands about documents: ``index``, ``search``, ``eval retrieval``."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from octograph.agents.evaluation.retrieval import (
    DEPTH,
    RetrievalQuery,
    evaluate_retrieval,
    read_corpus,
    read_queries,
)
from octograph.cancellation import CancelToken
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, say, shortened, write_json
from octograph.composition import host_pool, knowledge_folders, make_library
from octograph.errors import UsageError
from octograph.nodes.query_likelihood import QueryLikelihood
from octograph.retrieval.documents import Document
from octograph.retrieval.indexing import IndexingProgress
from octograph.retrieval.knowledge_base import NO_DOCUMENTS, KnowledgeBase
from octograph.retrieval.reranking import Judge, reranked
from octograph.retrieval.searching import Filter, Method, Query

__all__ = ["add", "eval_retrieval", "list_documents", "remove", "search", "verify"]

INTERRUPTED = 130
MEGABYTE = 1_000_000

RERANKED = 10
"""Passages that a model judges."""


def add(arguments: argparse.Namespace) -> int:
    """Read files and folders into a knowledge base."""
    cancel = CancelToken()
    with _base(arguments) as base, cancelling_on_interrupt(cancel), progress("reading documents") as tell:
        report, plan = asyncio.run(
            base.add(
                arguments.paths,
                limit=arguments.max_size * MEGABYTE,
                prune=arguments.prune,
                kind=arguments.kind,
                progress=_telling(tell),
                cancel=cancel,
            )
        )
        status = base.status()
    if arguments.json:
        write_json(
            {
                "knowledge_base": str(base.folder),
                **asdict(report),
                "index": None if plan is None else {"kind": plan.kind, "reason": plan.reason},
                "documents": status.documents,
            }
        )
    else:
        for skipped in report.skipped:
            note(f"skipped {skipped.source}: {skipped.reason}")
        for source in report.missing:
            note(f"gone {source}" + ("" if arguments.prune else "; `--prune` removes it from the knowledge base"))
        counts = f"{report.added} new, {report.changed} changed, {report.unchanged} as before"
        rate = f", {report.passages / report.seconds:.0f} passages/s" if report.passages else ""
        note(f"{counts}, {len(report.skipped)} skipped; {report.passages} passages in {report.seconds:.1f} s{rate}")
        if plan is not None:
            note(f"{plan.kind} index: {plan.reason}")
        if not report.finished:
            note(
                f"stopped; {report.usable} documents can be searched, {report.pending} are still to come, and the same "
                "command goes on from there"
            )
    return 0 if report.finished else INTERRUPTED


def list_documents(arguments: argparse.Namespace) -> int:
    """List the documents of a knowledge base."""
    with _base(arguments) as base:
        entries = base.entries()
        status = base.status() if base.exists else None
    if arguments.json:
        documents = [
            {"source": one.source, "bytes": one.stamp.size, "modified": one.stamp.changed, "passages": one.passages}
            for one in entries
        ]
        write_json({"knowledge_base": str(base.folder), "documents": documents})
        return 0
    for entry in entries:
        say(f"{entry.passages:6} passages  {entry.stamp.changed[:10]}  {entry.source}")
    if status is None:
        note(NO_DOCUMENTS)
    else:
        waiting = f"; {status.pending} wait for the next `index add`" if status.pending else ""
        note(f"{status.documents} documents, {status.passages} passages, {status.bytes / MEGABYTE:.1f} MB{waiting}")
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Remove documents from a knowledge base."""
    with _base(arguments) as base:
        gone = asyncio.run(base.remove([str(path.absolute()) for path in arguments.paths]))
    if not gone:
        raise UsageError(
            f"no document is called {str(arguments.paths[0])!r}", hint="`octograph index list` shows their names."
        )
    if arguments.json:
        write_json({"removed": gone})
    else:
        note(f"{len(gone)} documents removed")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Check a knowledge base, and repair its index if asked to."""
    with _base(arguments) as base:
        problems = base.verify()
        repaired = asyncio.run(base.repair(arguments.kind)) if arguments.repair else None
        left = base.verify() if repaired is not None else problems
    if arguments.json:
        write_json({"problems": problems, "repaired": repaired is not None, "left": left})
    else:
        for problem in problems:
            note(problem)
        if repaired is not None:
            note(f"made anew: {repaired.kind} index: {repaired.reason}")
        elif problems:
            note("`octograph index verify --repair` makes the index anew")
        else:
            note("all is well")
    return 1 if left else 0


def search(arguments: argparse.Namespace) -> int:
    """Find passages."""
    query = Query(
        text=arguments.query,
        k=arguments.limit,
        method=arguments.method,
        filter=_filter(arguments),
    )
    with _base(arguments) as base:
        hits = asyncio.run(base.search(query, cancel=CancelToken()))
        empty = not base.exists
    if arguments.json:
        write_json([hit.document() for hit in hits])
        return 0
    for number, hit in enumerate(hits, start=1):
        scores = ", ".join(f"{name} {score:.3f}" for name, score in hit.scores.items())
        say(f"[{number}] {hit.place}  ({scores})\n{shortened(hit.passage.text)}\n")
    if empty:
        note(NO_DOCUMENTS)
    elif not hits:
        note("nothing fits")
    return 0


def eval_retrieval(arguments: argparse.Namespace) -> int:
    """Measure how well searches find documents; what was read of a corpus is kept for the next time."""
    graph, chosen = graph_of(arguments)
    corpus = read_corpus(arguments.data)
    queries = read_queries(arguments.data / arguments.queries, limit=arguments.limit, seed=arguments.seed)
    digest = hashlib.sha256("\0".join(sorted(corpus)).encode()).hexdigest()[:16]
    folder = chosen.cache_dir / "evaluation" / digest
    with ExitStack() as stack:
        pool = host_pool(graph, chosen)
        stack.callback(pool.close)
        # A query is asked in each way, and each time its embedding counts.
        library = make_library({"corpus": folder}, chosen, threads=chosen.cpu_threads, remembered=1)
        stack.callback(library.close)
        judge = QueryLikelihood(pool.clients[graph.master.model])
        methods = arguments.method or ["dense", "bm25", "hybrid"]
        scores = asyncio.run(_measured(library.base(), corpus, queries, methods, judge))
    if arguments.json:
        write_json(scores)
        return 0
    for name, found in scores["methods"].items():
        latency = found.pop("latency_ms")
        figures = "  ".join(f"{key} {value:.4f}" for key, value in found.items())
        say(f"{name:8} {figures}  p50 {latency['p50']:.1f} ms, p95 {latency['p95']:.1f} ms")
    return 0


async def _measured(
    base: KnowledgeBase,
    corpus: Mapping[str, tuple[str, str]],
    queries: Sequence[RetrievalQuery],
    methods: Sequence[Method | Literal["reranked"]],
    judge: Judge,
) -> dict[str, Any]:
    documents = {
        name: Document(text=text, markup="text", title=title) for name, (title, text) in corpus.items() if text.strip()
    }
    with progress("reading documents") as tell:
        await base.add_documents(documents, progress=_telling(tell), cancel=CancelToken())

    async def rank(text: str, *, method: Method | Literal["reranked"]) -> list[str]:
        query = Query(text=text, k=3 * DEPTH, method="hybrid" if method == "reranked" else method, distinct=False)
        hits = await base.search(query, cancel=CancelToken())
        if method == "reranked":
            hits = await reranked(text, hits, judge, depth=RERANKED, cancel=CancelToken())
        # Several passages of one document are one result.
        return list(dict.fromkeys(hit.source for hit in hits))

    with progress("searching") as tell:
        return await evaluate_retrieval(
            queries, {method: partial(rank, method=method) for method in methods}, progress=tell
        )


@contextmanager
def _base(arguments: argparse.Namespace) -> Iterator[KnowledgeBase]:
    """Give the knowledge base that a command names; no engine is beside its embedder."""
    graph, chosen = graph_of(arguments)
    library = make_library(knowledge_folders(graph, chosen), chosen, threads=chosen.cpu_threads)
    try:
        yield library.base(arguments.base)
    finally:
        library.close()


def _filter(arguments: argparse.Namespace) -> Filter | None:
    since, until = (None if text is None else _day(text) for text in (arguments.since, arguments.until))
    if not arguments.source and since is None and until is None:
        return None
    return Filter(sources=tuple(arguments.source), since=since, until=until)


def _day(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date", hint="Write it as 2026-01-31.") from error
    return moment.astimezone(UTC)


def _telling(bar: Callable[..., None]) -> Callable[[IndexingProgress], None]:
    """What shows on a progress bar how far indexing is, and how fast."""
    started = time.monotonic()

    def tell(now: IndexingProgress) -> None:
        rate = now.passages / (time.monotonic() - started)
        bar(now.files, now.total, f"{now.passages} passages, {rate:.0f}/s; {now.usable} files can be searched")

    return tell
