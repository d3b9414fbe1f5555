"""The peer: Haystack's in-memory store with its embedding and BM25 retrievers, and its `DocumentJoiner`.

    python -m benchmarks.peers.haystack_retrieval

Pipelines as in its tutorial on hybrid retrieval, with its defaults: an exact comparison with every embedding, BM25L
over lower-case words, and the joiner's reciprocal rank fusion, here of as many passages of each as are asked for.
The store returns no embeddings with the passages, which is quicker.

For requests and answers see `benchmarks.peers.retrieval`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.retrieval import Method, serve_library

__all__ = ["main"]


class Haystack:
    """See `Library`."""

    distributions = ("haystack-ai", "sentence-transformers-haystack")

    def __init__(self) -> None:
        self.parts = (self._index,)
        self._library: Any = importlib.import_module("haystack")
        self._store: Any = importlib.import_module("haystack.document_stores.in_memory").InMemoryDocumentStore(
            return_embedding=False
        )
        self._document_embedder: Any = None
        self._pipelines: dict[Method, Any] = {}

    def load(self, model: str) -> None:
        """See `Library`."""
        embedders: Any = importlib.import_module("haystack_integrations.components.embedders.sentence_transformers")
        device: Any = importlib.import_module("haystack.utils").ComponentDevice.from_str("cpu")
        self._document_embedder = embedders.SentenceTransformersDocumentEmbedder(
            model=model, device=device, progress_bar=False
        )
        self._document_embedder.warm_up()
        for method, steps in STEPS.items():
            embedder = embedders.SentenceTransformersTextEmbedder(model=model, device=device, progress_bar=False)
            self._pipelines[method] = self._pipeline(steps, embedder)

    def save(self, folder: Path) -> None:
        """See `Library`."""
        self._store.save_to_disk(str(folder / "store.json"))

    def search(self, query: str, k: int, method: Method) -> list[str]:
        """See `Library`."""
        inputs = {"embedder": {"text": query}, "dense": {"top_k": k}, "bm25": {"query": query, "top_k": k}}
        inputs["joiner"] = {"top_k": k}
        steps = STEPS[method]
        found = self._pipelines[method].run({name: inputs[name] for name in steps})
        return [document.id for document in found[steps[-1]]["documents"]]

    def _index(self, passages: Sequence[tuple[str, str]]) -> None:
        documents = [self._library.Document(id=name, content=text) for name, text in passages]
        self._store.write_documents(self._document_embedder.run(documents)["documents"])

    def _pipeline(self, steps: Sequence[str], embedder: Any) -> Any:
        """Return the steps, connected; the last returns the passages."""
        retrievers: Any = importlib.import_module("haystack.components.retrievers.in_memory")
        joiners: Any = importlib.import_module("haystack.components.joiners")
        components = {
            "embedder": lambda: embedder,
            "dense": lambda: retrievers.InMemoryEmbeddingRetriever(self._store),
            "bm25": lambda: retrievers.InMemoryBM25Retriever(self._store),
            "joiner": lambda: joiners.DocumentJoiner(join_mode="reciprocal_rank_fusion"),
        }
        pipeline = self._library.Pipeline()
        for step in steps:
            pipeline.add_component(step, components[step]())
        if "embedder" in steps:
            pipeline.connect("embedder.embedding", "dense.query_embedding")
        if "joiner" in steps:
            pipeline.connect("bm25", "joiner")
            pipeline.connect("dense", "joiner")
        pipeline.warm_up()
        return pipeline


STEPS: dict[Method, tuple[str, ...]] = {
    "dense": ("embedder", "dense"),
    "bm25": ("bm25",),
    "hybrid": ("embedder", "dense", "bm25", "joiner"),
}
"""The components of each pipeline."""


def main() -> None:
    """Serve until stdin closes."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    serve_library(Haystack())


if __name__ == "__main__":
    main()
