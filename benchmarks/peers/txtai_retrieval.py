"""The peer: txtai's `Embeddings` with ``hybrid=True``: Faiss, its own BM25, and its own joining of the two.

    python -m benchmarks.peers.txtai_retrieval [default|exact]

Its defaults: scores normalised and added with equal weights, out of ten times as many candidates as are asked for;
beyond 5,000 passages its Faiss index is an approximate one (IVF), unless it is told to be ``exact``.
Only the identifiers are stored (``content`` is off, as by default).
Dense and BM25 alone search the same index while its other half is set aside, and so do no more than an index without
that half would.

For requests and answers see `benchmarks.peers.retrieval`.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.retrieval import Method, serve_library

__all__ = ["main"]


class Txtai:
    """See `Library`."""

    distributions = ("txtai", "faiss-cpu")

    def __init__(self, *, exact: bool) -> None:
        self.parts = (self._index,)
        self._faiss = {"components": "IDMap,Flat"} if exact else {}
        self._embeddings: Any = None
        self._halves: tuple[Any, Any] = (None, None)

    def load(self, model: str) -> None:
        """See `Library`."""
        self._embeddings = importlib.import_module("txtai").Embeddings(
            path=model, method="sentence-transformers", gpu=False, hybrid=True, faiss=self._faiss
        )

    def save(self, folder: Path) -> None:
        """See `Library`."""
        self._embeddings.save(str(folder))

    def search(self, query: str, k: int, method: Method) -> list[str]:
        """See `Library`."""
        dense, bm25 = self._halves
        self._embeddings.ann = None if method == "bm25" else dense
        self._embeddings.scoring = None if method == "dense" else bm25
        return [identifier for identifier, _ in self._embeddings.search(query, k)]

    def _index(self, passages: Sequence[tuple[str, str]]) -> None:
        self._embeddings.index(passages)
        self._halves = self._embeddings.ann, self._embeddings.scoring


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faiss", choices=("default", "exact"), nargs="?", default="default")
    serve_library(Txtai(exact=parser.parse_args().faiss == "exact"))


if __name__ == "__main__":
    main()
