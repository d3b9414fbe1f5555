"""A drawing of a model graph for the terminal: plain text, no colours."""

from __future__ import annotations

from octograph.graph.edges import Edge
from octograph.graph.labels import label
from octograph.graph.model_graph import ModelGraph
from octograph.graph.nodes import Judge, Knowledge, Node, Worker

__all__ = ["draw"]


def draw(graph: ModelGraph) -> str:
    """Return a tree of the graph, from its root master down.

    A node that was drawn before is named again, without its own edges. What the root does not reach comes next, then
    how plans may go on: nodes that the same ones follow stand together. The judge, which no edge leads to, comes last.

    Parameters
    ----------
    graph
        The graph.

    Examples
    --------
    >>> from octograph.graph import Edge, Master, Worker
    >>> nodes = [
    ...     Master(name="router", model="tiny"),
    ...     Worker(name="math", description="Sums", tool="calculator"),
    ... ]
    >>> print(draw(ModelGraph("g", "router", [], nodes, [Edge(source="router", target="math", kind="routes_to")])))
    g
    <BLANKLINE>
    router (master, tiny)
    `--<fn_0>--> math (calculator): Sums

    """
    title = f"{label(graph.name)}: {label(graph.description)}" if graph.description else label(graph.name)
    lines = [title]
    drawn: set[str] = set()
    if graph.master_name in graph.nodes:
        lines.extend(["", *_tree(graph, graph.master_name, drawn)])
    others = [name for name, node in graph.nodes.items() if name not in drawn and not isinstance(node, Judge)]
    if others:
        lines.extend(["", f"Not reached from {label(graph.master_name)}:"])
        for name in others:
            if name not in drawn:
                lines.extend(_tree(graph, name, drawn))
    plans = _plans(graph)
    if plans:
        lines.extend(["", "A plan may go on:", *plans])
    judges = [name for name, node in graph.nodes.items() if name not in drawn and isinstance(node, Judge)]
    if judges:
        lines.extend(["", "Unsure answers are compared by:"])
        for name in judges:
            lines.extend(_tree(graph, name, drawn))
    return "\n".join(lines)


def _plans(graph: ModelGraph) -> list[str]:
    followers: dict[str, list[str]] = {}
    for edge in graph.edges:
        if edge.kind == "follows":
            followers.setdefault(edge.source, []).append(edge.target)
    alike: dict[tuple[str, ...], list[str]] = {}
    for source, targets in followers.items():
        alike.setdefault(tuple(targets), []).append(source)
    return [
        f"{', '.join(map(label, sources))} --follows--> {', '.join(map(label, targets))}"
        for targets, sources in alike.items()
    ]


def _tree(graph: ModelGraph, root: str, drawn: set[str]) -> list[str]:
    outgoing: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.kind != "follows":
            outgoing.setdefault(edge.source, []).append(edge)
    lines: list[str] = []
    # A stack, not recursion: a file may hold a chain deeper than Python's stack.
    # An entry: what leads to the node's line, what stands before the lines of its edges, and the node.
    waiting = [("", "", root)]
    while waiting:
        arrow, margin, name = waiting.pop()
        node = graph.nodes.get(name)
        if node is None:
            lines.append(f"{arrow}{label(name)} (unknown)")
            continue
        edges = outgoing.get(name, [])
        if name in drawn:
            lines.append(f"{arrow}{label(name)}{' (drawn above)' if edges else ''}")
            continue
        drawn.add(name)
        lines.append(f"{arrow}{_caption(node)}")
        entries = []
        for edge in edges:
            is_last = edge is edges[-1]
            corner = "`" if is_last else "|"
            step = f"{margin}{corner}--{edge.token or edge.kind}--> "
            entries.append((step, f"{margin}{' ' if is_last else '|'}   ", edge.target))
        waiting.extend(reversed(entries))
    return lines


def _caption(node: Node) -> str:
    """Return a node's name, what it runs on and what it is for."""
    if isinstance(node, Worker):
        ways = [
            "adapter" if node.adapter is not None else "",
            node.output if node.output != "text" else "",
            node.decoding if node.decoding != "greedy" else "",
            node.reasoning if node.reasoning != "none" else "",
            node.grounding if node.grounding != "together" else "",
        ]
        traits = [node.model or node.tool or "declines", *ways]
    elif isinstance(node, Knowledge):
        traits = [node.kind, node.path or ""]
    elif isinstance(node, Judge):
        traits = [node.kind, node.model, "" if node.adapter is None else "adapter", *node.aspects]
    else:
        traits = [node.kind, node.model]
    about = f": {label(node.description)}" if node.description.strip() else ""
    if isinstance(node, Worker) and (aside := node.declines or node.measured.strip()):
        about += f" [{label(aside)}]"
    return f"{label(node.name)} ({', '.join(label(trait) for trait in traits if trait)}){about}"
