"""The hosts of a graph: one child process for each weights file, whoever uses it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from octograph.graph import ModelGraph
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.models import ModelStore

__all__ = ["HOST_ENVIRONMENT", "HostPool"]

HOST_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    # numpy's own threads would compete with those that decode.
    "OPENBLAS_NUM_THREADS": "1",
}


class HostPool:
    """Makes a client for each model of a graph; nothing starts before it is needed.

    Parameters
    ----------
    graph
        Whose models are hosted.
    store
        Finds and checks the weights.
    threads
        CPU threads of each host.

    """

    def __init__(self, graph: ModelGraph, *, store: ModelStore, threads: int) -> None:
        by_source: dict[tuple[str, int | None], LlamaClient] = {}
        clients: dict[str, LlamaClient] = {}
        for name, model in graph.models.items():
            # Two models of the same weights and context are one model in memory.
            key = (model.source, model.context)
            if key not in by_source:
                by_source[key] = LlamaClient(
                    HostProcess(
                        name=name,
                        service=SERVICE,
                        config=partial(store.host_config, model, base=graph.folder, threads=threads),
                        environment=HOST_ENVIRONMENT,
                    )
                )
            clients[name] = by_source[key]
        self.clients: Mapping[str, LlamaClient] = clients

    def close(self) -> None:
        """End every host. Blocks for the grace that requests in flight get."""
        for client in set(self.clients.values()):
            client.host.stop()
