"""A model graph in the formats of other programs: Mermaid, DOT, GraphML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, Literal

import networkx

from octograph.errors import GraphError
from octograph.graph.edges import Edge
from octograph.graph.labels import escape_unseen, label
from octograph.graph.model_graph import ModelGraph
from octograph.graph.nodes import Knowledge, Node
from octograph.graph.problems import did_you_mean, shown

__all__ = ["FORMATS", "ExportFormat", "export"]

ExportFormat = Literal["mermaid", "dot", "graphml", "json"]

_MERMAID_SPECIAL: Final = re.compile(r"[^\w .,:!?()+*/=%$@'-]")
_MERMAID_NAMES: Final = {"<": "lt", ">": "gt", "&": "amp", '"': "quot"}
_MERMAID_SHAPES: Final = {"master": ("{{", "}}"), "worker": ("[", "]"), "knowledge": ("[(", ")]"), "judge": ("{", "}")}
_DOT_SHAPES: Final = {"master": "hexagon", "worker": "box", "knowledge": "cylinder", "judge": "diamond"}


def export(graph: ModelGraph, format: ExportFormat | str) -> str:  # noqa: A002  # the word on the command line
    """Return a graph in another format; control characters in its texts never pass.

    Parameters
    ----------
    graph
        The graph.
    format
        ``mermaid``, ``dot`` and ``graphml`` are for pictures. ``json`` is the whole graph, examples and all, which
        ``networkx.node_link_graph`` reads too.

    Raises
    ------
    GraphError
        The format is unknown.

    """
    try:
        exporter = _EXPORTERS[format]
    except KeyError:
        hint = did_you_mean(format, FORMATS, what="Formats")
        raise GraphError(f"{shown(format)} is not an export format", hint=hint) from None
    return exporter(graph)


def _lines_of(node: Node) -> list[str]:
    return [text for text in (label(node.name), label(node.description)) if text]


def _edge_label(edge: Edge) -> str:
    return edge.token or edge.kind


def _edges(graph: ModelGraph) -> list[tuple[str, str, Edge]]:
    """Return the edges between existing nodes with plain identifiers for their ends, so that no name needs any."""
    ids = {name: f"n{place}" for place, name in enumerate(graph.nodes)}
    return [
        (ids[edge.source], ids[edge.target], edge) for edge in graph.edges if edge.source in ids and edge.target in ids
    ]


def _mermaid(graph: ModelGraph) -> str:
    def quoted(text: str) -> str:
        return _MERMAID_SPECIAL.sub(lambda match: f"#{_MERMAID_NAMES.get(match[0], ord(match[0]))};", text)

    lines = ["flowchart LR"]
    for place, node in enumerate(graph.nodes.values()):
        opening, closing = _MERMAID_SHAPES[node.kind]
        text = "<br/>".join(quoted(line) for line in _lines_of(node))
        lines.append(f'    n{place}{opening}"{text}"{closing}')
    for source, target, edge in _edges(graph):
        arrow = "-->" if edge.kind == "routes_to" else "-.->"
        lines.append(f'    {source} {arrow}|"{quoted(_edge_label(edge))}"| {target}')
    return "\n".join(lines) + "\n"


def _dot(graph: ModelGraph) -> str:
    def quoted(*texts: str) -> str:
        # Graphviz reads backslash escapes and HTML entities in labels; only the joining "\n" is meant as one.
        safe = (text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for text in texts)
        return '"' + "\\n".join(safe) + '"'

    lines = [f"digraph {quoted(label(graph.name))} {{", "    rankdir=LR;"]
    for place, node in enumerate(graph.nodes.values()):
        lines.append(f"    n{place} [label={quoted(*_lines_of(node))}, shape={_DOT_SHAPES[node.kind]}];")
    for source, target, edge in _edges(graph):
        style = "" if edge.kind == "routes_to" else ", style=dashed"
        lines.append(f"    {source} -> {target} [label={quoted(_edge_label(edge))}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _graphml(graph: ModelGraph) -> str:
    plain: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(name=label(graph.name), master=label(graph.master_name))
    for node in graph.nodes.values():
        texts = {"kind": node.kind, "description": node.description}
        if not isinstance(node, Knowledge):
            texts["model"] = node.model or ""
        texts["tool"] = getattr(node, "tool", None) or ""
        plain.add_node(node.name, **{key: label(text) for key, text in texts.items() if text})
    for place, (_, _, edge) in enumerate(_edges(graph)):
        more = {} if edge.token is None else {"token": edge.token}
        # The key becomes the identifier of the edge in the file, so it is unique in the whole graph.
        plain.add_edge(edge.source, edge.target, key=f"e{place}", kind=edge.kind, **more)
    return "\n".join(networkx.generate_graphml(plain)) + "\n"


def _json(graph: ModelGraph) -> str:
    document: dict[str, Any] = {
        "directed": True,
        "multigraph": True,
        "graph": {"name": graph.name, "description": graph.description, "master": graph.master_name},
        "models": [asdict(model) for model in graph.models.values()],
        "nodes": [
            {
                "id": node.name,
                "kind": node.kind,
                **{key: value for key, value in asdict(node).items() if key != "name"},
            }
            for node in graph.nodes.values()
        ],
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "key": edge.kind,
                "kind": edge.kind,
                "token": edge.token,
            }
            for edge in graph.edges
        ],
    }
    # JSON itself escapes only the oldest control characters. The others can only stand inside strings.
    return escape_unseen(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


_EXPORTERS: Final[dict[str, Callable[[ModelGraph], str]]] = {
    "mermaid": _mermaid,
    "dot": _dot,
    "graphml": _graphml,
    "json": _json,
}

FORMATS: Final = tuple(_EXPORTERS)
