"""What the retrieval peers share: their requests, their clock, and what of a library is measured.

Each peer is a library used as its documentation says, on the model that it is given, loaded by sentence-transformers;
what is particular about it stands in its own docstring.

Requests, a line of JSON each, and their answers:

    {"op": "prepare", "model": folder, "folder": folder}
        Loads the model; what the index leaves on disk goes below ``folder``.
        {"seconds", "methods": ["dense", "bm25", "hybrid"], "threads", "versions": {distribution: version}}
    {"op": "index", "path": file} or {"op": "index", "passages": [[id, text]]}
        The file has a line of JSON, ``[id, text]``, for each passage; it is read before the clock starts.
        {"passages", "seconds", "dense_seconds", "bm25_seconds", "save_seconds", "disk_bytes"}; ``seconds`` is for both
        parts in memory, and is not divided (null) where the library builds them as one; ``disk_bytes`` is what the
        library itself can save
    {"op": "search", "query": str, "k": 100, "method": "dense" or "bm25" or "hybrid"}
        {"ids": [str], "seconds"}, the best first, from the query's text to the passages, its embedding included
    {"op": "memory"}
        {"resident_bytes"}, the library and the model included
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol

from benchmarks.peers.lines import serve

__all__ = ["METHODS", "Library", "Method", "serve_library"]

Method = Literal["dense", "bm25", "hybrid"]
METHODS: tuple[Method, ...] = ("dense", "bm25", "hybrid")
SHARED = ("sentence-transformers", "transformers", "torch")
"""Distributions that every peer runs on."""


class Library(Protocol):
    """A library with a dense index, BM25, and a way of its own of joining the two."""

    @property
    def distributions(self) -> Sequence[str]:
        """Those whose versions matter."""

    @property
    def parts(self) -> Sequence[Callable[[Sequence[tuple[str, str]]], None]]:
        """What indexes passages, each an identifier and a text: its dense part and then BM25, or both in one."""

    def load(self, model: str) -> None:
        """Load the model from a folder."""

    def save(self, folder: Path) -> None:
        """Write the index below an empty folder."""

    def search(self, query: str, k: int, method: Method) -> list[str]:
        """Return the identifiers of the best passages, the best first."""


class Peer:
    """A library, and its answers to requests."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._folder = Path()
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "prepare": self._prepare,
            "index": self._index,
            "search": self._search,
            "memory": _memory,
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what the request asks."""
        return self._operations[request["op"]](request)

    def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        import torch

        self._folder = Path(request["folder"]) / "index"
        started = time.perf_counter()
        self._library.load(request["model"])
        return {
            "seconds": time.perf_counter() - started,
            "methods": list(METHODS),
            "threads": torch.get_num_threads(),
            "versions": {name: version(name) for name in (*self._library.distributions, *SHARED)},
        }

    def _index(self, request: dict[str, Any]) -> dict[str, Any]:
        passages = [(identifier, text) for identifier, text in request.get("passages") or _read(Path(request["path"]))]
        moments = [time.perf_counter()]
        for part in self._library.parts:
            part(passages)
            moments.append(time.perf_counter())
        self._folder.mkdir(parents=True)
        save_started = time.perf_counter()
        self._library.save(self._folder)
        save_seconds = time.perf_counter() - save_started
        apart = len(self._library.parts) > 1
        return {
            "passages": len(passages),
            "seconds": moments[-1] - moments[0],
            "dense_seconds": moments[1] - moments[0] if apart else None,
            "bm25_seconds": moments[2] - moments[1] if apart else None,
            "save_seconds": save_seconds,
            "disk_bytes": sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file()),
        }

    def _search(self, request: dict[str, Any]) -> dict[str, Any]:
        started = time.perf_counter()
        ids = self._library.search(request["query"], request.get("k", 100), request["method"])
        return {"ids": ids, "seconds": time.perf_counter() - started}


def serve_library(library: Library) -> None:
    """Serve until stdin closes."""
    serve(Peer(library).answer)


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _memory(_request: dict[str, Any]) -> dict[str, Any]:
    import psutil

    return {"resident_bytes": psutil.Process(os.getpid()).memory_info().rss}
