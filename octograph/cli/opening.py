"""Opening the graph that a command names."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from octograph import Octograph, settings
from octograph.api import open as open_octograph
from octograph.errors import UsageError
from octograph.graph import ModelGraph, Worker, open_graph
from octograph.nodes.llama import LlamaClient
from octograph.nodes.pool import HostPool
from octograph.settings import Settings

__all__ = ["client_of", "graph_of", "opened"]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Octograph]:
    """Open the graph ready to answer, and close it in the end."""
    chosen = settings.load()
    with open_octograph(arguments.graph or chosen.graph, settings=chosen) as octo:
        yield octo


def client_of(pool: HostPool, node: Worker) -> LlamaClient:
    """Return the model of a worker, which has to be on this machine.

    Raises
    ------
    UsageError
        It is not: what a tool or a server writes has no measures.

    """
    client = pool.clients.get(node.model or "")
    if client is None:
        raise UsageError(
            f"the worker {node.name!r} has no model on this machine, and its answers no measures",
            hint="Name one with a model of 'package:', 'path:' or 'hf:'.",
        )
    return client


def graph_of(arguments: argparse.Namespace) -> tuple[ModelGraph, Settings]:
    """Read the graph file alone, with the settings."""
    chosen = settings.load()
    return open_graph(arguments.graph or chosen.graph), chosen
