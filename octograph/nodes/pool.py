"""What a graph's models run on: one child process for each weights file, whoever uses it, and servers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from octograph.graph import Model, ModelGraph
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.models import ModelStore
from octograph.nodes.models.memory import checked_memory
from octograph.nodes.remote import KeyRing, RemoteModel

__all__ = ["HOST_ENVIRONMENT", "HostPool"]

HOST_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    # numpy's own threads would compete with those that decode.
    "OPENBLAS_NUM_THREADS": "1",
}


class HostPool:
    """Makes a client for each model of a graph; nothing starts, and nobody is called, before it is needed.

    Parameters
    ----------
    graph
        Whose models are hosted.
    store
        Finds and checks the weights.
    threads
        CPU threads of each host.
    keys
        Opens the servers that need a key.

    Attributes
    ----------
    clients
        By name, the models with a host.
    remotes
        By name, the models at servers.

    """

    def __init__(self, graph: ModelGraph, *, store: ModelStore, threads: int, keys: KeyRing | None = None) -> None:
        by_source: dict[tuple[str, int | None], LlamaClient] = {}
        clients: dict[str, LlamaClient] = {}
        remotes: dict[str, RemoteModel] = {}

        def config(model: Model) -> dict[str, object]:
            checked_memory(graph, model, store=store)
            return store.host_config(model, base=graph.folder, threads=threads)

        for name, model in graph.models.items():
            if model.is_remote:
                remotes[name] = RemoteModel(model.source, keys=keys, context=model.context)
                continue
            # Two models of the same weights and context are one model in memory.
            key = (model.source, model.context)
            if key not in by_source:
                by_source[key] = LlamaClient(
                    HostProcess(
                        name=name,
                        service=SERVICE,
                        config=partial(config, model),
                        environment=HOST_ENVIRONMENT,
                    )
                )
            clients[name] = by_source[key]
        self.clients: Mapping[str, LlamaClient] = clients
        self.remotes: Mapping[str, RemoteModel] = remotes

    def model(self, name: str) -> LlamaClient | RemoteModel:
        """Return what a model of the graph runs on."""
        return self.remotes[name] if name in self.remotes else self.clients[name]

    def close(self) -> None:
        """End every host. Blocks for the grace that requests in flight get."""
        for client in set(self.clients.values()):
            client.host.stop()
