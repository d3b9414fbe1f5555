"""Changes to the text of a graph file that leave everything else in it, comments too, as it stands.

Entries in line, such as ``edges = [{from = …}]``, are the exception: they become tables first, which lose comments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, Item, Key, Table
from tomlkit.toml_document import TOMLDocument

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
    document = _in_tables(text)
    nodes: Any = document.setdefault("nodes", tomlkit.table(is_super_table=True))
    nodes[worker.name] = worker_table(worker, graph)
    edges: Any = document.setdefault("edges", tomlkit.aot())
    _spell_out(edges, graph)
    edges.append(_route(master, worker.name, graph))
    return tomlkit.dumps(document)


def with_changed(text: str, graph: ModelGraph, worker: Worker) -> str:
    """Return the text of a graph file in which a worker of `graph` has the entries of `worker`, examples excepted."""
    document = _in_tables(text)
    table: Any = document["nodes"][worker.name]
    before, after = (worker_table(replace(one, examples=()), graph) for one in (graph.worker(worker.name), worker))
    for key in before:
        if key not in after:
            table.pop(key, None)
    for key, value in after.items():
        if before.get(key) != value:
            table[key] = value
    return tomlkit.dumps(document)


def without_node(text: str, graph: ModelGraph, name: str) -> str:
    """Return the text of a graph file without a node, its edges and what models only it used; `graph` has it still."""
    document = _in_tables(text)
    nodes: Any = document["nodes"]
    del nodes[name]
    models: Any = document.get("models", {})
    for model in graph.models.keys() - graph.without_node(name).models.keys():
        del models[model]
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


def _in_tables(text: str) -> TOMLDocument:
    """Parse a graph file, with a table for each model, node and edge, also for those that it writes in line."""
    document = tomlkit.parse(text)
    for group in ("models", "nodes"):
        if all(_is_table(key, item) and _of_tables(item) for key, item in document.body if key and key.key == group):
            continue
        tables = tomlkit.table(is_super_table=True)
        for name, entries in document.unwrap()[group].items():
            tables.append(tomlkit.key(name), _table(entries))
        document.remove(group)
        document.append(group, tables)
    edges = document.get("edges")
    if edges is not None and not isinstance(edges, AoT):
        document.remove("edges")
        document.append("edges", tomlkit.aot())
        document["edges"].extend(_table(edge) for edge in edges.unwrap())
    return document


def _is_table(key: Key, item: Item) -> bool:
    return isinstance(item, Table) and not key.is_dotted()


def _of_tables(item: Any) -> bool:
    return all(_is_table(key, child) for key, child in item.value.body if key is not None)


def _table(entries: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    table.update(entries)
    return table


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
