"""Changes to the text of a graph file that leave everything else in it, comments too, as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, Table

from octograph.graph.model_graph import ModelGraph
from octograph.graph.nodes import Worker
from octograph.graph.toml_file import worker_table

__all__ = ["unshared", "with_changed", "with_examples", "with_worker", "without_examples", "without_node"]


def with_worker(text: str, graph: ModelGraph, worker: Worker, *, master: str) -> str:
    """Return the text of a graph file with one more worker and the edge to it.

    Parameters
    ----------
    text
        The file as it is.
    graph
        The graph with the worker, which knows its functional token.
    worker
        The worker. Its examples stand with it unless the graph keeps them in a file of their own.
    master
        The master that may choose it.

    """
    document = tomlkit.parse(text)
    nodes: Any = document.setdefault("nodes", tomlkit.table(is_super_table=True))
    nodes[worker.name] = worker_table(worker, graph)
    edges: Any = document.setdefault("edges", tomlkit.aot())
    _spell_out(edges, graph)
    edges.append(_route(master, worker.name, graph))
    return tomlkit.dumps(document)


def with_changed(text: str, graph: ModelGraph, worker: Worker) -> str:
    """Return the text of a graph file in which a worker of `graph` has the entries of `worker`, examples excepted."""
    document = tomlkit.parse(text)
    table: Any = document["nodes"][worker.name]
    before, after = (worker_table(replace(one, examples=()), graph) for one in (graph.worker(worker.name), worker))
    for key in before:
        if key not in after:
            del table[key]
    for key, value in after.items():
        if before.get(key) != value:
            table[key] = value
    return tomlkit.dumps(document)


def without_node(text: str, graph: ModelGraph, name: str) -> str:
    """Return the text of a graph file without a node and its edges; `graph` still has the node."""
    document = tomlkit.parse(text)
    nodes: Any = document["nodes"]
    del nodes[name]
    edges: Any = document.get("edges", [])
    _spell_out(edges, graph)
    for place in reversed(range(len(edges))):
        edge: Any = edges[place]
        targets = edge["to"]
        if isinstance(targets, Array):
            while name in targets:
                targets.remove(name)
        if edge["from"] == name or targets in (name, []):
            del edges[place]
    if isinstance(edges, AoT) and not edges:
        del document["edges"]
    return tomlkit.dumps(document)


def unshared(text: str, *, examples: str) -> str:
    """Return the text of a graph file that shares its head with other graphs no more, nor its examples file."""
    document = tomlkit.parse(text)
    head: Any = document["graph"]
    head.pop("head", None)
    if "examples" in head:
        head["examples"] = examples
    return tomlkit.dumps(document)


def with_examples(text: str, key: str, queries: Sequence[str]) -> str:
    """Return the text of an examples file with the queries of one more worker."""
    document = tomlkit.parse(text)
    array = tomlkit.array()
    array.extend(queries)
    document[key] = array.multiline(True)
    return tomlkit.dumps(document)


def without_examples(text: str, key: str) -> str:
    """Return the text of an examples file without those of a worker."""
    document = tomlkit.parse(text)
    document.pop(key, None)
    return tomlkit.dumps(document)


def _spell_out(edges: Any, graph: ModelGraph) -> None:
    """Write the functional token of every route into its edge.

    A token that the file leaves out is given out by its place among the others, which is about to change.
    """
    for place in reversed(range(len(edges))):
        edge = edges[place]
        if edge["kind"] != "routes_to" or "token" in edge:
            continue
        if isinstance(edge["to"], Array):
            source, targets = str(edge["from"]), [str(target) for target in edge["to"]]
            del edges[place]
            for target in reversed(targets):
                edges.insert(place, _route(source, target, graph))
        else:
            edge["token"] = graph.vocabulary(str(edge["from"])).token_of(str(edge["to"]))


def _route(master: str, target: str, graph: ModelGraph) -> Table:
    edge = tomlkit.table()
    token = graph.vocabulary(master).token_of(target)
    for key, value in (("from", master), ("to", target), ("kind", "routes_to"), ("token", token)):
        edge.append(key, value)
    return edge
