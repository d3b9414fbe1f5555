"""A model graph as networkx sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx

from octograph.graph.edges import Edge
from octograph.graph.nodes import Node

__all__ = ["as_networkx"]


def as_networkx(
    nodes: Mapping[str, Node], edges: Iterable[Edge], *, name: str, master: str
) -> networkx.MultiDiGraph[str]:
    """Return a frozen networkx graph; edges whose ends do not exist are left out."""
    view: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(name=name, master=master)
    for node in nodes.values():
        view.add_node(node.name, kind=node.kind, description=node.description, node=node)
    for edge in edges:
        if edge.source in nodes and edge.target in nodes:
            view.add_edge(edge.source, edge.target, key=edge.kind, kind=edge.kind, token=edge.token)
    networkx.freeze(view)
    return view
