"""Checks of a whole model graph: everything that makes it unusable or leaves a part of it without use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import networkx

from octograph.graph.edges import Edge, EdgeKind
from octograph.graph.model_graph import ModelGraph
from octograph.graph.nodes import Judge, Knowledge, Master, Node, NodeKind, Worker, models_of
from octograph.graph.problems import Problem, did_you_mean, key_path, shown

__all__ = ["Problem", "check", "check_parts"]

_ENDS: Final[dict[EdgeKind, tuple[tuple[NodeKind, ...], tuple[NodeKind, ...]]]] = {
    "routes_to": (("master",), ("worker", "master")),
    "escalates_to": (("worker",), ("worker",)),
    "follows": (("worker",), ("worker",)),
    "reads": (("worker",), ("knowledge",)),
}

_OF_ANY_SERVER: Final[dict[str, tuple[str, ...]]] = {
    "decoding": ("greedy", "sample"),
    "grounding": ("together",),
    "output": ("text",),
    "adapter": (),
    "evaluator": (),
    "tau": (),
}
"""What a worker may ask of a model that runs at a server: the other values need our engine."""

_ENGINES: Final = "'package:', 'path:' or 'hf:'"


def check(graph: ModelGraph) -> tuple[Problem, ...]:
    """Return every problem of a graph; an empty tuple if there is none.

    Parameters
    ----------
    graph
        Any graph that could be built.

    Examples
    --------
    >>> lonely = ModelGraph("g", "router", [], [Master(name="router", model="tiny")], [])
    >>> for problem in check(lonely):
    ...     print(problem)
    nodes.router.model: names the unknown model 'tiny'
    nodes.router: the master 'router' has nothing to route to

    """
    keys = [f"edges[{place}]" for place in range(len(graph.edges))]
    return check_parts(graph, keys, whole=True)


def check_parts(graph: ModelGraph, edge_keys: Sequence[str], *, whole: bool) -> tuple[Problem, ...]:
    """Return every problem of a graph that may lack some parts, because they could not be read.

    Parameters
    ----------
    graph
        The parts that could be read.
    edge_keys
        The key of each edge in the file.
    whole
        Whether every part is there. If not, nothing is said about what is unreachable or without use.

    """
    subject = _Subject(graph, edge_keys)
    checks = (*_CHECKS, *_CHECKS_OF_THE_WHOLE) if whole else _CHECKS
    return tuple(problem for one in checks for problem in one(subject))


class _Subject:
    """The graph under check, with its edges sorted out once."""

    def __init__(self, graph: ModelGraph, edge_keys: Sequence[str]) -> None:
        self.graph = graph
        self.keyed = tuple(zip(edge_keys, graph.edges, strict=True))
        # A self edge or a repeated edge is reported as such, and by no other check.
        self.repeated: list[tuple[str, Edge]] = []
        self.proper: list[tuple[str, Edge]] = []
        seen: set[tuple[str, str, str]] = set()
        for key, edge in self.keyed:
            identity = (edge.source, edge.target, edge.kind)
            if identity in seen:
                self.repeated.append((key, edge))
            elif edge.source != edge.target:
                self.proper.append((key, edge))
            seen.add(identity)

    def subgraph(self, kinds: tuple[EdgeKind, ...], among: type | None = None) -> networkx.DiGraph[str]:
        """Return the proper edges of some kinds, between existing nodes, perhaps of one type only."""
        nodes = self.graph.nodes
        chosen = {name for name, node in nodes.items() if among is None or isinstance(node, among)}
        part: networkx.DiGraph[str] = networkx.DiGraph()
        part.add_nodes_from(name for name in nodes if name in chosen)
        part.add_edges_from(
            (edge.source, edge.target)
            for _, edge in self.proper
            if edge.kind in kinds and edge.source in chosen and edge.target in chosen
        )
        return part


def _arrow(edge: Edge) -> str:
    return f"{shown(edge.source)} {edge.kind} {shown(edge.target)}"


def _root(subject: _Subject) -> Iterator[Problem]:
    graph, root = subject.graph, subject.graph.master_name
    if isinstance(graph.nodes.get(root), Master):
        return
    known = graph.nodes.get(root)
    wrong = "there is no such node" if known is None else f"it is a {known.kind} node"
    yield Problem(
        key="graph.master",
        message=f"{shown(root)} cannot be the root master: {wrong}",
        mend=did_you_mean(root, (master.name for master in graph.masters()), what="Masters"),
    )


def _dangling_edges(subject: _Subject) -> Iterator[Problem]:
    nodes = subject.graph.nodes
    for key, edge in subject.keyed:
        for end, name in (("from", edge.source), ("to", edge.target)):
            if name not in nodes:
                yield Problem(
                    key=f"{key}.{end}",
                    message=f"the edge {_arrow(edge)} names the unknown node {shown(name)}",
                    mend=did_you_mean(name, nodes, what="Nodes"),
                )


def _wrong_ends(subject: _Subject) -> Iterator[Problem]:
    nodes = subject.graph.nodes
    for key, edge in subject.proper:
        for end, name, allowed in zip(("from", "to"), (edge.source, edge.target), _ENDS[edge.kind], strict=True):
            node = nodes.get(name)
            if node is not None and node.kind not in allowed:
                side = "starts at" if end == "from" else "leads to"
                yield Problem(
                    key=f"{key}.{end}",
                    message=f"the edge {_arrow(edge)} {side} a {node.kind} node",
                    mend=f"An edge of kind {edge.kind!r} {side} a {' or '.join(allowed)} node.",
                )


def _self_edges(subject: _Subject) -> Iterator[Problem]:
    for key, edge in subject.keyed:
        # A step may follow one by the same worker: a translation into one language, then into another.
        if edge.source == edge.target and edge.kind != "follows":
            yield Problem(key=key, message=f"the edge {_arrow(edge)} leads back to its start", mend="Remove it.")


def _repeated_edges(subject: _Subject) -> Iterator[Problem]:
    for key, edge in subject.repeated:
        if edge.source != edge.target or edge.kind == "follows":
            mend = "Remove one of the two edges."
            yield Problem(key=key, message=f"the edge {_arrow(edge)} is there already", mend=mend)


def _shared_tokens(subject: _Subject) -> Iterator[Problem]:
    owners: dict[tuple[str, str], Edge] = {}
    for key, edge in subject.proper:
        if edge.token is None:
            continue
        first = owners.setdefault((edge.source, edge.token), edge)
        if first is not edge:
            yield Problem(
                key=f"{key}.token",
                message=f"{edge.token} stands for {shown(first.target)} already at {shown(edge.source)}",
                mend="Remove this token: the edge then gets one of its own.",
            )


def _cycles(subject: _Subject) -> Iterator[Problem]:
    for kind, among, mend in (
        ("escalates_to", Worker, "Remove one of these edges: an answer is passed on to no worker twice."),
        ("routes_to", Master, "Remove one of these edges: a query has to arrive at a worker."),
    ):
        part = subject.subgraph((kind,), among)  # type: ignore[arg-type]  # a literal, widened by the loop
        for knot in networkx.strongly_connected_components(part):
            if len(knot) > 1:
                round_trip = [source for source, _ in networkx.find_cycle(part.subgraph(knot))]
                path = " -> ".join(shown(name) for name in [*round_trip, round_trip[0]])
                key = next(
                    key for key, edge in subject.proper if edge.kind == kind and {edge.source, edge.target} <= knot
                )
                yield Problem(key=key, message=f"{kind} goes round in a circle: {path}", mend=mend)


def _unknown_models(subject: _Subject) -> Iterator[Problem]:
    models = subject.graph.models
    for node in subject.graph.nodes.values():
        for key in ("model", "discoverer"):
            model = getattr(node, key, None)
            if model is not None and model not in models:
                yield Problem(
                    key=key_path("nodes", node.name, key),
                    message=f"names the unknown model {shown(model)}",
                    mend=did_you_mean(model, models, what="Models"),
                )


def _beyond_a_server(subject: _Subject) -> Iterator[Problem]:
    """Tell what nodes ask of a server's model that only a model in a host of ours can do."""
    for node in subject.graph.nodes.values():
        model = None if isinstance(node, Knowledge) else subject.graph.models.get(node.model or "")
        if model is None or not model.is_remote:
            continue
        if isinstance(node, Master):
            yield Problem(
                key=key_path("nodes", node.name, "model"),
                message=f"the master {shown(node.name)} runs on {shown(model.name)}, of which only the text can be had",
                mend=f"A master reads hidden states: give it a model of {_ENGINES}.",
            )
            continue
        if isinstance(node, Judge):
            yield Problem(
                key=key_path("nodes", node.name, "model"),
                message=f"the judge {shown(node.name)} runs on {shown(model.name)}, of which only the text can be had",
                mend=f"A judge asks how likely given texts are: give it a model of {_ENGINES}.",
            )
            continue
        for key, plain in _OF_ANY_SERVER.items():
            value = getattr(node, key, None)
            if value is not None and value not in plain:
                ways = " or ".join(shown(way) for way in plain)
                yield Problem(
                    key=key_path("nodes", node.name, key),
                    message=f"{key} {shown(value)} needs an engine, and {shown(model.name)} runs at a server",
                    mend=f"{f'Write {ways}' if ways else 'Remove it'}, or give it a model of {_ENGINES}.",
                )


def _plans_at_a_server(subject: _Subject) -> Iterator[Problem]:
    """Tell which plans a server's model would have to make or fill: it cannot be held to their JSON."""
    models = subject.graph.models
    for worker in subject.graph.workers():
        discoverer, own = models.get(worker.discoverer or ""), models.get(worker.model or "")
        if discoverer is not None and discoverer.is_remote:
            yield Problem(
                key=key_path("nodes", worker.name, "discoverer"),
                message=f"making plans needs an engine, and {shown(discoverer.name)} runs at a server",
                mend=f"Give {shown(worker.name)} a discoverer of {_ENGINES}.",
            )
        if own is not None and own.is_remote and worker.reasoning != "none" and worker.structure == "json":
            yield Problem(
                key=key_path("nodes", worker.name, "structure"),
                message=f"filling plans in JSON needs an engine, and {shown(own.name)} runs at a server",
                mend=f"Give {shown(worker.name)} `structure = 'text'` and a discoverer of {_ENGINES}, or such a model.",
            )


def _several_judges(subject: _Subject) -> Iterator[Problem]:
    judges = [node.name for node in subject.graph.nodes.values() if isinstance(node, Judge)]
    for name in judges[1:]:
        yield Problem(
            key=key_path("nodes", name),
            message=f"the graph has a judge already: {shown(judges[0])}",
            mend="Remove one of the two: what two judges say cannot be compared.",
        )


def _blank_examples(subject: _Subject) -> Iterator[Problem]:
    for node in subject.graph.nodes.values():
        if not isinstance(node, Master | Worker):
            continue
        name, examples = (
            ("examples", node.examples) if isinstance(node, Worker) else ("none_examples", node.none_examples)
        )
        for place, example in enumerate(examples):
            if not example.strip():
                yield Problem(
                    key=f"{key_path('nodes', node.name, name)}[{place}]",
                    message="the example is blank",
                    mend="Write a query, or remove the empty string.",
                )


def _missing_examples(subject: _Subject) -> Iterator[Problem]:
    routed = {edge.target for _, edge in subject.proper if edge.kind == "routes_to"}
    for worker in subject.graph.workers():
        if worker.name in routed and not worker.examples:
            yield Problem(
                key=key_path("nodes", worker.name, "examples"),
                message=f"the worker {shown(worker.name)} has no examples",
                mend="Add queries that should go to it: a master learns from them when to choose it.",
            )


def _idle_masters(subject: _Subject) -> Iterator[Problem]:
    busy = {edge.source for _, edge in subject.proper if edge.kind == "routes_to"}
    for master in subject.graph.masters():
        if master.name not in busy:
            yield Problem(
                key=key_path("nodes", master.name),
                message=f"the master {shown(master.name)} has nothing to route to",
                mend=f"Add an edge from {shown(master.name)} to a worker, of kind 'routes_to'.",
            )


def _unreachable(subject: _Subject) -> Iterator[Problem]:
    graph = subject.graph
    if not isinstance(graph.nodes.get(graph.master_name), Master):
        return  # that is reported as the root's problem
    part = subject.subgraph(("routes_to", "escalates_to", "follows"))
    reached = {graph.master_name, *networkx.descendants(part, graph.master_name)}
    nodes: tuple[Node, ...] = (*graph.masters(), *graph.workers())
    for node in nodes:
        if node.name not in reached:
            yield Problem(
                key=key_path("nodes", node.name),
                message=f"the {node.kind} {shown(node.name)} cannot be reached from {shown(graph.master_name)}",
                mend="Add an edge that leads to it, such as one of kind 'routes_to', or remove the node.",
            )


def _unused_models(subject: _Subject) -> Iterator[Problem]:
    used = models_of(subject.graph.nodes.values())
    for name in subject.graph.models:
        if name not in used:
            yield Problem(
                key=key_path("models", name),
                message=f"no node uses the model {shown(name)}",
                mend="Name it in a node, or remove it.",
            )


_Check = Callable[[_Subject], Iterator[Problem]]

_CHECKS: Final[tuple[_Check, ...]] = (
    _root,
    _dangling_edges,
    _wrong_ends,
    _self_edges,
    _repeated_edges,
    _shared_tokens,
    _cycles,
    _unknown_models,
    _beyond_a_server,
    _plans_at_a_server,
    _several_judges,
    _blank_examples,
    _missing_examples,
)

_CHECKS_OF_THE_WHOLE: Final[tuple[_Check, ...]] = (_idle_masters, _unreachable, _unused_models)
