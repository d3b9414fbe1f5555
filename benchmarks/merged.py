"""A worker's model for peers in transformers, its adapter added to its weights, and the same weights in our engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octograph import settings
from octograph.composition import adapter_path, model_store
from octograph.graph import Worker, open_graph
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.llama.model import quantize
from octograph.nodes.pool import HOST_ENVIRONMENT

__all__ = ["beside_torch"]

CONTEXT = 8192


@contextmanager
def beside_torch(node: Worker) -> Iterator[tuple[LlamaClient, tuple[str, str]]]:
    """Yield a client of the model in half precision, and what a peer is started with: a folder and the threads.

    In the folder are the weights of the model as it was unpacked, with the worker's adapter, as transformers saves
    them; our engine adds the adapter while it computes.
    """
    graph, chosen = open_graph("embedded"), settings.load()
    source = model_store(chosen).locate(graph.models[node.model or ""], base=graph.folder)
    threads = chosen.cpu_threads
    with tempfile.TemporaryDirectory() as name:
        half, whole = Path(name) / "F16.gguf", Path(name) / "merged"
        quantize(source, half, "F16", threads=threads)
        _save(half, whole, adapter=adapter_path(node, None))
        config = {"path": str(half), "threads": threads, "context": CONTEXT, "saved_bytes": 0}
        host = HostProcess(name="bench", service=SERVICE, config=lambda: config, environment=HOST_ENVIRONMENT)
        try:
            yield LlamaClient(host), (str(whole), str(threads))
        finally:
            host.stop()


def _save(file: Path, folder: Path, *, adapter: Path | None) -> None:
    from transformers import AutoTokenizer

    from octograph.nodes.training.torch_model import adapted, load_model

    model = load_model(file, head=True)
    if adapter is not None:
        model = adapted(model, adapter, base=file)
    model.save_pretrained(str(folder))
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(str(folder))
