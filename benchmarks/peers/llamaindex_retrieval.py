"""The peer: LlamaIndex's `VectorStoreIndex` on Faiss, its `BM25Retriever` on bm25s, and its `QueryFusionRetriever`.

    python -m benchmarks.peers.llamaindex_retrieval

Their defaults: stemmed words without stop words, and reciprocal rank fusion, here of as many passages of each as are
asked for, with no further queries written by a language model.
Three settings are in the peer's favour: texts are embedded 32 at a time, not 10; the retrievers run one after the
other and not in an event loop; and the exact Faiss index compares by inner product, because the fusion takes the
distances of the `IndexFlatL2` in its examples for scores and so would rank the farthest passages first.

For requests and answers see `benchmarks.peers.retrieval`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.retrieval import Method, serve_library

__all__ = ["main"]

BATCH = 32
DIMENSIONS = 384
"""Of the embeddings of MiniLM."""


class LlamaIndex:
    """See `Library`."""

    distributions = (
        "llama-index-core",
        "llama-index-embeddings-huggingface",
        "llama-index-retrievers-bm25",
        "llama-index-vector-stores-faiss",
        "faiss-cpu",
        "bm25s",
    )

    def __init__(self) -> None:
        self.parts = (self._index_dense, self._index_bm25)
        self._core: Any = importlib.import_module("llama_index.core")
        self._embedder: Any = None
        self._index: Any = None
        self._retrievers: dict[Method, Any] = {}
        self._passages = 0

    def load(self, model: str) -> None:
        """See `Library`."""
        library: Any = importlib.import_module("llama_index.embeddings.huggingface")
        self._embedder = library.HuggingFaceEmbedding(model_name=model, device="cpu", embed_batch_size=BATCH)

    def save(self, folder: Path) -> None:
        """See `Library`."""
        self._index.storage_context.persist(persist_dir=str(folder / "index"))
        self._retrievers["bm25"].persist(str(folder / "bm25"))

    def search(self, query: str, k: int, method: Method) -> list[str]:
        """See `Library`."""
        for retriever in self._retrievers.values():
            retriever.similarity_top_k = min(k, self._passages)
        return [found.node.node_id for found in self._retrievers[method].retrieve(query)]

    def _index_dense(self, passages: Sequence[tuple[str, str]]) -> None:
        store: Any = importlib.import_module("llama_index.vector_stores.faiss").FaissVectorStore(
            faiss_index=importlib.import_module("faiss").IndexFlatIP(DIMENSIONS)
        )
        nodes = [
            importlib.import_module("llama_index.core.schema").TextNode(id_=name, text=text) for name, text in passages
        ]
        self._index = self._core.VectorStoreIndex(
            nodes,
            storage_context=self._core.StorageContext.from_defaults(vector_store=store),
            embed_model=self._embedder,
        )
        self._passages = len(passages)
        self._retrievers["dense"] = self._index.as_retriever()

    def _index_bm25(self, passages: Sequence[tuple[str, str]]) -> None:
        bm25: Any = importlib.import_module("llama_index.retrievers.bm25").BM25Retriever
        retrievers: Any = importlib.import_module("llama_index.core.retrievers")
        self._retrievers["bm25"] = bm25.from_defaults(docstore=self._index.docstore, similarity_top_k=len(passages))
        self._retrievers["hybrid"] = retrievers.QueryFusionRetriever(
            [self._retrievers["dense"], self._retrievers["bm25"]],
            llm=importlib.import_module("llama_index.core.llms").MockLLM(),  # never asked; the default is a paid one
            mode="reciprocal_rerank",
            num_queries=1,
            use_async=False,
        )


def main() -> None:
    """Serve until stdin closes."""
    serve_library(LlamaIndex())


if __name__ == "__main__":
    main()
