"""What is compared in `benchmarks.retrieval`, in a process of its own, so that its memory and its time are its own.

    python -m benchmarks.retrieval_contender ours|raw

``ours`` is a knowledge base as the product makes it; it answers what `benchmarks.peers.retrieval` lists but for
``memory``. To ``index`` it reads lines of ``[id, title, text]``, and there is one request more:

    {"op": "files", "path": folder}
        adds the files of a folder; answers as ``index`` does

``raw`` is `SentenceTransformer.encode` as it comes:

    {"op": "prepare", "model": folder}
        {"threads"}
    {"op": "encode", "path": file}
        The file is a JSON list of texts; {"passages", "seconds"}
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.lines import serve
from octograph import settings
from octograph.agents.evaluation.data import lines_of
from octograph.cancellation import CancelToken
from octograph.composition import make_splitter, model_store
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.retrieval.documents import Document
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.searching import Method, Query

__all__ = ["main"]

PASSAGES_A_DOCUMENT = 3
"""Passages that are fetched for one document that is wanted, since several may be of the same."""

WARM_UP = [f"The keeper of the light counts {number} ships before dawn." for number in range(64)]


class Ours:
    """Our knowledge base."""

    def __init__(self, runner: asyncio.Runner) -> None:
        store = model_store(settings.load())
        self._embedder = EmbedderClient(embedder_host(store, threads=int(os.environ["OMP_NUM_THREADS"])))
        self._splitter = partial(make_splitter, store)
        self._runner = runner
        self._base = KnowledgeBase(Path(), embedder=self._embedder, splitter=self._splitter)
        self._asked: tuple[Method, int] | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what the request asks."""
        operation = {"prepare": self._prepare, "index": self._index, "files": self._files, "search": self._search}
        return self._runner.run(operation[request["op"]](request))

    async def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        started = time.perf_counter()
        self._base = self._opened(Path(request["folder"]) / "base")
        await self._embedder.encode(WARM_UP, cancel=CancelToken())
        return {"seconds": time.perf_counter() - started, "threads": self._embedder.host.info["threads"]}

    async def _index(self, request: dict[str, Any]) -> dict[str, Any]:
        documents = {
            name: Document(text=text, markup="text", title=title)
            for _, (name, title, text) in lines_of(Path(request["path"]))
        }
        return await self._added(partial(self._base.add_documents, documents))

    async def _files(self, request: dict[str, Any]) -> dict[str, Any]:
        return await self._added(partial(self._base.add, [Path(request["path"])]))

    async def _added(self, add: Callable[..., Any]) -> dict[str, Any]:
        started = time.perf_counter()
        report, plan = await add(cancel=CancelToken())
        seconds = time.perf_counter() - started
        self._base.close()
        assert seconds >= report.seconds, (seconds, report)
        return {
            "passages": report.passages,
            "skipped": len(report.skipped),
            "kind": plan.kind,
            "seconds": seconds,
            "read_and_embedded_seconds": report.seconds,
            "save_seconds": 0.0,  # it is on the disk already
            "disk_bytes": sum(file.stat().st_size for file in self._base.folder.rglob("*") if file.is_file()),
        }

    async def _search(self, request: dict[str, Any]) -> dict[str, Any]:
        method, k = request["method"], request["k"]
        if self._asked != (method, k):  # a knowledge base remembers the vectors of queries
            self._base.close()
            self._base = self._opened(self._base.folder)
            self._asked = method, k
        query = Query(
            text=request["query"], vector=None, k=PASSAGES_A_DOCUMENT * k, method=request["method"], distinct=False
        )
        started = time.perf_counter()
        hits = await self._base.search(query, cancel=CancelToken())
        ids = list(dict.fromkeys(hit.source for hit in hits))[:k]
        return {"ids": ids, "seconds": time.perf_counter() - started}

    def _opened(self, folder: Path) -> KnowledgeBase:
        return KnowledgeBase(folder, embedder=self._embedder, splitter=self._splitter)


class Raw:
    """`SentenceTransformer.encode`."""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what the request asks."""
        import torch
        from sentence_transformers import SentenceTransformer

        if request["op"] == "prepare":
            self._model = SentenceTransformer(request["model"], device="cpu")
            self._model.encode(WARM_UP, batch_size=32, show_progress_bar=False)
            return {"threads": torch.get_num_threads()}
        texts = json.loads(Path(request["path"]).read_text())
        started = time.perf_counter()
        self._model.encode(texts, batch_size=32, show_progress_bar=False)
        return {"passages": len(texts), "seconds": time.perf_counter() - started}


def main() -> None:
    """Serve until stdin closes."""
    if sys.argv[1] == "raw":
        serve(Raw().answer)
    else:
        with asyncio.Runner() as runner:
            serve(Ours(runner).answer)


if __name__ == "__main__":
    main()
