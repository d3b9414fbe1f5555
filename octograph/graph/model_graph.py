"""The model graph ``G = (N, E)``: a directed, heterogeneous graph of nodes and typed edges (Octopus v4).

A graph that can be built is not yet one that makes sense: `octograph.graph.check` says whether it does, and a
graph loaded from a file has passed it. The constructor is lenient so that all problems can be told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import networkx

from octograph.errors import GraphError
from octograph.graph.edges import Edge, EdgeKind, with_tokens
from octograph.graph.models import Model
from octograph.graph.networkx_view import as_networkx
from octograph.graph.nodes import Judge, Knowledge, Master, Node, Worker, models_of
from octograph.graph.problems import ProblemsError, did_you_mean, name_problem, shown
from octograph.graph.values import by_name
from octograph.graph.vocabulary import FunctionalVocabulary

__all__ = ["ModelGraph"]


class ModelGraph:
    """A graph of language models: immutable; the methods that change it return a new one.

    Parameters
    ----------
    name
        Name of the graph.
    master
        Name of the root master, where every query starts.
    models, nodes
        The models and nodes; mappings by name are accepted too.
    edges
        The edges. A ``routes_to`` edge without a token gets the next one of its master, in this order.
    path
        The file it came from.
    examples_file
        The file beside the graph file that holds the examples, relative to it.
    description
        What the graph is for.
    head_file
        The file beside the graph file that holds its functional heads, if those are another graph's too.

    Raises
    ------
    GraphError
        The name is blank or two models, or two nodes, have the same name.

    Examples
    --------
    >>> graph = ModelGraph(
    ...     "small",
    ...     "router",
    ...     [Model(name="tiny", source="path:tiny.gguf")],
    ...     [Master(name="router", model="tiny"), Worker(name="math", description="Sums", model="tiny")],
    ...     [Edge(source="router", target="math", kind="routes_to")],
    ... )
    >>> graph.candidates("router")
    ('math',)
    >>> graph.edges[0].token
    '<fn_0>'

    """

    def __init__(
        self,
        name: str,
        master: str,
        models: Iterable[Model] | Mapping[str, Model],
        nodes: Iterable[Node] | Mapping[str, Node],
        edges: Iterable[Edge],
        path: Path | None = None,
        examples_file: str | None = None,
        description: str = "",
        head_file: str | None = None,
    ) -> None:
        problem = name_problem(name, key="graph.name")
        if problem is not None:
            raise ProblemsError([problem])
        self._name = name
        self._root = master
        self._models = by_name(models, "models")
        self._nodes = by_name(nodes, "nodes")
        self._edges, self._next_indices = with_tokens(edges)
        self._path = path
        self._examples_file = examples_file
        self._description = description
        self._head_file = head_file
        self._nx = as_networkx(self._nodes, self._edges, name=name, master=master)

    @property
    def name(self) -> str:
        """Name of the graph."""
        return self._name

    @property
    def description(self) -> str:
        """What the graph is for."""
        return self._description

    @property
    def master_name(self) -> str:
        """Name of the root master, whether or not there is such a node."""
        return self._root

    @property
    def master(self) -> Master:
        """The root master; a `GraphError` if there is no such master."""
        return self._master(self._root)

    @property
    def judge(self) -> Judge | None:
        """The judge, if there is one."""
        return next((node for node in self._nodes.values() if isinstance(node, Judge)), None)

    @property
    def models(self) -> Mapping[str, Model]:
        """The models by name; read-only."""
        return MappingProxyType(self._models)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name; read-only."""
        return MappingProxyType(self._nodes)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, in the order of the file; every ``routes_to`` edge has its token."""
        return self._edges

    @property
    def nx(self) -> networkx.MultiDiGraph[str]:
        """The graph for networkx, frozen.

        Nodes carry ``kind``, ``description`` and ``node``; edges have their kind as key and carry ``kind`` and
        ``token``. Edges whose ends do not exist are left out.
        """
        return self._nx

    @property
    def path(self) -> Path | None:
        """The file the graph came from."""
        return self._path

    @property
    def folder(self) -> Path | None:
        """The folder of that file, where relative paths in it start."""
        return self._path.parent if self._path is not None else None

    @property
    def examples_file(self) -> str | None:
        """The file beside the graph file that holds the examples."""
        return self._examples_file

    @property
    def head_file(self) -> str | None:
        """The file beside the graph file that holds its functional heads, None for that of the graph's own name."""
        return self._head_file

    def node(self, name: str) -> Node:
        """Return the node with this name.

        Raises
        ------
        GraphError
            There is none; the hint names the closest.

        """
        try:
            return self._nodes[name]
        except KeyError:
            hint = did_you_mean(name, self._nodes, what="Nodes")
            raise GraphError(f"graph {self._name!r} has no node {shown(name)}", hint=hint) from None

    def worker(self, name: str) -> Worker:
        """Return the worker with this name.

        Raises
        ------
        GraphError
            There is none, or the node is not a worker.

        """
        node = self.node(name)
        if isinstance(node, Worker):
            return node
        hint = did_you_mean(name, (worker.name for worker in self.workers()), what="Workers")
        raise GraphError(f"{shown(name)} is a {node.kind} node, not a worker", hint=hint)

    def masters(self) -> tuple[Master, ...]:
        """Return the masters, in the order of the file."""
        return tuple(node for node in self._nodes.values() if isinstance(node, Master))

    def workers(self) -> tuple[Worker, ...]:
        """Return the workers, in the order of the file."""
        return tuple(node for node in self._nodes.values() if isinstance(node, Worker))

    def knowledge(self) -> tuple[Knowledge, ...]:
        """Return the knowledge bases, in the order of the file."""
        return tuple(node for node in self._nodes.values() if isinstance(node, Knowledge))

    def neighbours(self, name: str, kind: EdgeKind | None = None) -> tuple[str, ...]:
        """Return the targets of a node's edges, each once, in the order of the edges.

        Parameters
        ----------
        name
            The node.
        kind
            Only edges of this kind; None for all.

        Raises
        ------
        GraphError
            There is no such node.

        """
        self.node(name)
        return self._targets(name, kind)

    def candidates(self, master_name: str) -> tuple[str, ...]:
        """Return what a master may choose among, in the order of its tokens; a `GraphError` if it is no master."""
        return self.vocabulary(master_name).targets

    def fallbacks(self, worker: str) -> tuple[str, ...]:
        """Return who takes over from a worker: along ``escalates_to``, the nearest first, each once.

        Raises
        ------
        GraphError
            There is no such worker.

        """
        self.worker(worker)
        return self._beyond(worker, "escalates_to")

    def vocabulary(self, master: str) -> FunctionalVocabulary:
        """Return the functional tokens of a master.

        Raises
        ------
        GraphError
            There is no such master, or its edges clash (see `octograph.graph.check`).

        """
        self._master(master)
        return FunctionalVocabulary.assign(
            ((one.target, one.token) for one in self._edges if one.kind == "routes_to" and one.source == master),
            next_index=self._next_indices.get(master, 0),
        )

    def examples(self, master: str) -> dict[str | None, tuple[str, ...]]:
        """Return the training queries of a master, for each target and, under None, for none of them.

        A target that is itself a master has the examples of every worker below it, each query once.

        Raises
        ------
        GraphError
            There is no such master.

        """
        queries: dict[str | None, tuple[str, ...]] = {}
        for target in self.candidates(master):
            names = (target, *self._beyond(target, "routes_to"))
            nodes = (self._nodes[name] for name in names if name in self._nodes)
            found = (query for node in nodes if isinstance(node, Worker) for query in node.examples)
            queries[target] = tuple(dict.fromkeys(found))
        queries[None] = self._master(master).none_examples
        return queries

    def with_worker(self, worker: Worker, master: str, token: str | None = None) -> ModelGraph:
        """Return a graph with one more worker, which a master may choose.

        Parameters
        ----------
        worker
            The worker.
        master
            Name of the master that gets the ``routes_to`` edge.
        token
            Its functional token; None for one never used before.

        Raises
        ------
        GraphError
            The name or the token is taken, or the master or the worker's model is unknown.

        """
        vocabulary = self.vocabulary(master)
        if worker.name in self._nodes:
            message = f"graph {self._name!r} has a node {shown(worker.name)} already"
            raise GraphError(message, hint="Choose another name.")
        if worker.model is not None and worker.model not in self._models:
            raise GraphError(
                f"worker {shown(worker.name)} names the unknown model {shown(worker.model)}",
                hint=did_you_mean(worker.model, self._models, what="Models"),
            )
        if token is None:
            token = vocabulary.add(worker.name).token_of(worker.name)
        elif token in vocabulary.tokens:
            raise GraphError(
                f"{token} is taken at master {shown(master)}",
                hint="Leave the token out: the worker then gets one never used before.",
            )
        edge = Edge(source=master, target=worker.name, kind="routes_to", token=token)
        return self._changed(self._models, [*self._nodes.values(), worker], [*self._edges, edge])

    def with_changed(self, worker: Worker) -> ModelGraph:
        """Return a graph in which this is the worker of its name.

        Raises
        ------
        GraphError
            There is no such worker.

        """
        self.worker(worker.name)
        return self._changed(self._models, {**self._nodes, worker.name: worker}.values(), self._edges)

    def without_node(self, name: str) -> ModelGraph:
        """Return a graph without a node, its edges, and the models that no other node uses.

        Raises
        ------
        GraphError
            There is no such node, or it is the root master.

        """
        gone = self.node(name)
        if name == self._root:
            raise GraphError(
                f"{shown(name)} is the root master of graph {self._name!r}",
                hint="Every query starts there: make another master the root first.",
            )
        nodes = [node for node in self._nodes.values() if node.name != name]
        edges = [edge for edge in self._edges if name not in (edge.source, edge.target)]
        orphans = models_of([gone]) - models_of(nodes)
        models = [model for model in self._models.values() if model.name not in orphans]
        return self._changed(models, nodes, edges)

    def __eq__(self, other: object) -> bool:
        """Compare what the graphs are; where they came from does not count."""
        if not isinstance(other, ModelGraph):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        """Hash by the parts that are compared and cheap to hash."""
        return hash((self._name, self._root, self._edges))

    def __repr__(self) -> str:
        """Return a short summary."""
        return f"<ModelGraph {self._name!r}: {len(self._nodes)} nodes, {len(self._edges)} edges>"

    def _identity(self) -> tuple[object, ...]:
        return self._name, self._root, self._models, self._nodes, self._edges

    def _master(self, name: str) -> Master:
        node = self.node(name)
        if isinstance(node, Master):
            return node
        hint = did_you_mean(name, (master.name for master in self.masters()), what="Masters")
        raise GraphError(f"{shown(name)} is a {node.kind} node, not a master", hint=hint)

    def _targets(self, name: str, kind: EdgeKind | None) -> tuple[str, ...]:
        chosen = (edge for edge in self._edges if edge.source == name and kind in (None, edge.kind))
        return tuple(dict.fromkeys(edge.target for edge in chosen))

    def _beyond(self, start: str, kind: EdgeKind) -> tuple[str, ...]:
        """Return everything reachable over one kind of edge, breadth-first, without the start."""
        reached = networkx.generic_bfs_edges(self._nx, start, lambda name: iter(self._targets(name, kind)))
        return tuple(target for _, target in reached)

    def _changed(
        self, models: Iterable[Model] | Mapping[str, Model], nodes: Iterable[Node], edges: Iterable[Edge]
    ) -> ModelGraph:
        graph = ModelGraph(
            self._name,
            self._root,
            models,
            nodes,
            edges,
            path=self._path,
            examples_file=self._examples_file,
            description=self._description,
            head_file=self._head_file,
        )
        # What this graph has used stays used, also after the node is gone.
        for master, index in self._next_indices.items():
            graph._next_indices[master] = max(index, graph._next_indices.get(master, 0))
        return graph
