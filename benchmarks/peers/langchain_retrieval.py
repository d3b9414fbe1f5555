"""The peer: LangChain's `FAISS` store, its `BM25Retriever` on rank_bm25, and its `EnsembleRetriever`.

    python -m benchmarks.peers.langchain_retrieval

Their defaults: an exact Faiss index, words split at white space and compared as they are written, and reciprocal rank
fusion with equal weights and a constant of 60, here of as many passages of each as are asked for.
The `BM25Retriever` cannot be saved: on disk is the store with its passages.

For requests and answers see `benchmarks.peers.retrieval`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.retrieval import Method, serve_library

__all__ = ["main"]


class LangChain:
    """See `Library`."""

    distributions = (
        "langchain-core",
        "langchain-community",
        "langchain-classic",
        "langchain-huggingface",
        "faiss-cpu",
        "rank-bm25",
    )

    def __init__(self) -> None:
        self.parts = (self._index_dense, self._index_bm25)
        self._document: Any = importlib.import_module("langchain_core.documents").Document
        self._embeddings: Any = None
        self._store: Any = None
        self._retrievers: dict[Method, Any] = {}

    def load(self, model: str) -> None:
        """See `Library`."""
        library: Any = importlib.import_module("langchain_huggingface")
        self._embeddings = library.HuggingFaceEmbeddings(model_name=model, model_kwargs={"device": "cpu"})

    def save(self, folder: Path) -> None:
        """See `Library`."""
        self._store.save_local(str(folder))

    def search(self, query: str, k: int, method: Method) -> list[str]:
        """See `Library`."""
        self._retrievers["dense"].search_kwargs = {"k": k}
        self._retrievers["bm25"].k = k
        return [document.metadata["id"] for document in self._retrievers[method].invoke(query)[:k]]

    def _index_dense(self, passages: Sequence[tuple[str, str]]) -> None:
        library: Any = importlib.import_module("langchain_community.vectorstores")
        self._store = library.FAISS.from_documents(self._documents(passages), self._embeddings)
        self._retrievers["dense"] = self._store.as_retriever()

    def _index_bm25(self, passages: Sequence[tuple[str, str]]) -> None:
        library: Any = importlib.import_module("langchain_community.retrievers")
        self._retrievers["bm25"] = library.BM25Retriever.from_documents(self._documents(passages))
        self._retrievers["hybrid"] = importlib.import_module("langchain_classic.retrievers").EnsembleRetriever(
            retrievers=[self._retrievers["bm25"], self._retrievers["dense"]], weights=[0.5, 0.5], id_key="id"
        )

    def _documents(self, passages: Sequence[tuple[str, str]]) -> list[Any]:
        return [self._document(page_content=text, metadata={"id": name}, id=name) for name, text in passages]


def main() -> None:
    """Serve until stdin closes."""
    serve_library(LangChain())


if __name__ == "__main__":
    main()
