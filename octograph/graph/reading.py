"""Reading a graph file so that every problem in it is found in one go.

What is wrong in one part must not hide what is wrong in another, nor be told twice. So each part is read for
itself, a faulty entry is replaced by a stand-in, the checks of the whole graph run over what there is, and what they
say about stand-ins is dropped. A graph is returned only if there was no problem at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from octograph.errors import GraphError
from octograph.graph.beside import find_beside, head_file_problem
from octograph.graph.checks import check_parts
from octograph.graph.edges import Edge
from octograph.graph.examples_file import add_examples, examples_file_problem, read_examples
from octograph.graph.model_graph import ModelGraph
from octograph.graph.models import Model
from octograph.graph.nodes import Judge, Knowledge, Master, Node, NodeKind, Worker
from octograph.graph.problems import Problem, ProblemsError, did_you_mean, key_path, name_problem, shown
from octograph.graph.tables import EDGE, GRAPH, MODEL, NODES, TableKind, type_problem
from octograph.graph.toml_text import parse_toml, read_text

__all__ = ["read_graph"]

_TOP_LEVEL: Final = ("graph", "models", "nodes", "edges")
_STAND_IN: Final = "?"
_NODE_TYPES: Final[dict[NodeKind, type[Node]]] = {
    "master": Master,
    "worker": Worker,
    "knowledge": Knowledge,
    "judge": Judge,
}
_STAND_INS: Final[dict[NodeKind, dict[str, str]]] = {
    "master": {"model": _STAND_IN},
    "worker": {"description": ""},
    "knowledge": {},
    "judge": {"model": _STAND_IN},
}


def read_graph(text: str, *, file: str, path: Path | None, examples: str | None = None) -> ModelGraph:
    """Return the graph that a TOML text describes.

    Parameters
    ----------
    text
        The text of a graph file.
    file
        What to call it in messages.
    path
        Where it is; an examples file is looked for beside it.
    examples
        The text of the examples file, in place of what stands in it.

    Raises
    ------
    GraphError
        With every problem of the file.

    """
    return _Reading(file, path, examples).graph(parse_toml(text, file))


class _Reading:
    """One reading of one file: the problems so far, and what is not to be trusted because of them."""

    def __init__(self, file: str, path: Path | None, examples: str | None) -> None:
        self.file = file
        self.path = path
        self.examples = examples
        self.problems: list[Problem] = []
        self.hidden: set[str] = set()  # keys that hold stand-ins
        self.lost_nodes: set[str] = set()
        self.lost_models: set[str] = set()
        self.unreadable: set[str] = set()  # of "models" and "nodes"
        self.whole = True

    def graph(self, document: dict[str, Any]) -> ModelGraph:
        for key in (key for key in document if key not in _TOP_LEVEL):
            mend = did_you_mean(key, _TOP_LEVEL, what="Keys")
            self.report([Problem(key=key_path(key), message=f"unknown key {shown(key)}", mend=mend)])
        head = self.head(document.get("graph", {}))
        models = self.models(self.tables(document, "models"))
        nodes = self.nodes(self.tables(document, "nodes"))
        keyed = self.edges(document.get("edges", []))
        examples_file, head_file = head.get("examples"), head.get("head")
        if head_file is not None and (problem := head_file_problem(head_file, self.own_name)):
            self.report([problem])
        if examples_file is not None:
            nodes = self.with_examples(nodes, examples_file, head["master"])
        elif "graph.examples" in self.hidden:
            self.hide_missing_examples(nodes)
        try:
            graph = ModelGraph(
                head["name"],
                head["master"],
                models,
                nodes,
                [edge for _, edge in keyed],
                path=self.path,
                examples_file=examples_file,
                description=head.get("description", ""),
                head_file=head_file,
            )
        except GraphError as error:  # the tokens have run out: all else that it refuses has been replaced
            self.report([Problem(key="edges", message=error.message, mend=error.hint)])
            raise ProblemsError(self.problems) from error
        if self.is_lost(graph.master_name):
            self.hidden.add("graph.master")
        for node in nodes.values():
            model = None if isinstance(node, Knowledge) else node.model
            if "models" in self.unreadable or model in self.lost_models:
                self.hidden.add(key_path("nodes", node.name, "model"))
        found = check_parts(graph, [key for key, _ in keyed], whole=self.whole)
        self.report(problem for problem in found if not self.is_hidden(problem.key))
        if self.problems:
            raise ProblemsError(self.problems)
        return graph

    @property
    def own_name(self) -> str | None:
        return None if self.path is None else self.path.name

    def report(self, problems: Iterable[Problem], *, file: str = "") -> None:
        self.problems.extend(replace(problem, file=file or self.file) for problem in problems)

    def is_hidden(self, key: str) -> bool:
        return any(key == hidden or key.startswith((f"{hidden}.", f"{hidden}[")) for hidden in self.hidden)

    def tables(self, document: dict[str, Any], key: str) -> dict[str, Any]:
        tables = document.get(key, {})
        if isinstance(tables, dict):
            return tables
        self.report([type_problem(key, tables, "a table")])
        self.unreadable.add(key)
        self.whole = False
        return {}

    def is_lost(self, node: str) -> bool:
        return "nodes" in self.unreadable or node in self.lost_nodes

    def entries(self, kind: TableKind, table: object, key: str) -> tuple[dict[str, Any], set[str]]:
        """Return the entries of a table that are right and the keys of those that are not."""
        entries, problems, wrong = kind.check(table, key)
        self.report(problems)
        self.hidden.update(f"{key}.{name}" for name in wrong)
        if not isinstance(table, dict):
            self.hidden.add(key)
        return entries, wrong

    def head(self, table: object) -> dict[str, Any]:
        entries, wrong = self.entries(GRAPH, table, "graph")
        if "name" in entries and (problem := name_problem(entries["name"], key="graph.name")):
            self.report([problem])
            wrong.add("name")
        if "master" in wrong:
            self.whole = False
        kept = {name: value for name, value in entries.items() if name not in wrong}
        return {"name": _STAND_IN, "master": _STAND_IN, **kept}

    def models(self, tables: dict[str, Any]) -> list[Model]:
        models = []
        for name, table in tables.items():
            key = key_path("models", name)
            entries, _ = self.entries(MODEL, table, key)
            try:
                # The stand-in for a missing source lets the other entries be checked.
                models.append(Model(name=name, **{"source": f"path:{_STAND_IN}", **entries}))
            except ProblemsError as error:
                self.report(problem.below(key) for problem in error.problems)
                self.lost_models.add(name)
        return models

    def nodes(self, tables: dict[str, Any]) -> dict[str, Node]:
        nodes = {}
        for name, table in tables.items():
            node = self.node(name, table)
            if node is None:
                self.lost_nodes.add(name)
                self.whole = False
            else:
                nodes[name] = node
        return nodes

    def node(self, name: str, table: object) -> Node | None:
        """Return a node, or a stand-in for it, or None if not even its kind is known."""
        key = key_path("nodes", name)
        if not isinstance(table, dict):
            self.report([type_problem(key, table, "a table")])
            return None
        written = table.get("kind")
        kind = next((known for known in NODES if known == written), None)
        if kind is None:
            mend = did_you_mean(written if isinstance(written, str) else "", NODES, what="Kinds")
            message = "the kind is missing" if written is None else f"{shown(written)} is not a kind of node"
            self.report([Problem(key=f"{key}.kind", message=message, mend=mend)])
            return None
        entries, wrong = self.entries(NODES[kind], table, key)
        del entries["kind"]
        if wrong & {"model", "tool"}:
            self.whole = False  # the model meant here may look unused
            if kind == "worker" and not entries.keys() & {"model", "tool"}:
                entries["tool"] = _STAND_IN
        # Each round drops the entries that were refused; they are fewer each time.
        while True:
            try:
                return _NODE_TYPES[kind](name=name, **{**_STAND_INS[kind], **entries})
            except ProblemsError as error:
                self.report(problem.below(key) for problem in error.problems)
                refused = {problem.key.partition("[")[0] for problem in error.problems}
            if "" in refused:  # the name itself
                return None
            self.hidden.update(f"{key}.{entry}" for entry in refused)
            entries = {entry: value for entry, value in entries.items() if entry not in refused}
            if kind == "worker" and not entries.keys() & {"model", "tool"}:
                entries["tool"] = _STAND_IN
                self.whole = False

    def edges(self, tables: object) -> list[tuple[str, Edge]]:
        if not isinstance(tables, list):
            self.report([type_problem("edges", tables, "an array of tables")])
            self.whole = False
            return []
        keyed = []
        for key, table in _single_edges(tables):
            entries, wrong = self.entries(EDGE, table, key)
            if wrong & {"from", "to", "kind"} or self.is_lost(entries["from"]) or self.is_lost(entries["to"]):
                self.whole = False
                continue
            edge = Edge(source=entries["from"], target=entries["to"], kind=entries["kind"])
            if "token" in entries:
                try:
                    edge = replace(edge, token=entries["token"])
                except ProblemsError as error:
                    self.report(problem.below(key) for problem in error.problems)
            keyed.append((key, edge))
        return keyed

    def with_examples(self, nodes: dict[str, Node], name: str, root: str) -> dict[str, Node]:
        """Return the nodes with the examples of the file beside the graph file added."""
        problem = examples_file_problem(name, self.own_name)
        if problem is None and self.path is None:
            mend = "Load the graph from its file, or put the examples into the text."
            problem = Problem(key="graph.examples", message="a text has no file beside it", mend=mend)
        if problem is not None or self.path is None:
            self.report([] if problem is None else [problem])
            self.hide_missing_examples(nodes)
            return nodes
        path = find_beside(self.path.parent, name)
        try:
            text = read_text(path) if self.examples is None else self.examples
            queries, problems = read_examples(text, file=str(path))
        except ProblemsError as error:
            self.problems.extend(error.problems)
            self.hide_missing_examples(nodes)
            return nodes
        known = {key: texts for key, texts in queries.items() if not self.is_lost(key)}
        nodes, more = add_examples(nodes, known, root)
        self.problems.extend(problems)
        self.report(more, file=str(path))
        return nodes

    def hide_missing_examples(self, nodes: dict[str, Node]) -> None:
        """Say nothing of workers without examples: theirs may be in the file that could not be read."""
        for node in nodes.values():
            if isinstance(node, Worker) and not node.examples:
                self.hidden.add(key_path("nodes", node.name, "examples"))


def _single_edges(tables: list[Any]) -> Iterator[tuple[str, Any]]:
    """Each edge with its key: a table whose ``to`` is an array stands for an edge to each of its entries."""
    for place, table in enumerate(tables):
        targets = table.get("to") if isinstance(table, dict) else None
        if isinstance(targets, list) and targets:
            yield from ((f"edges[{place}]", {**table, "to": target}) for target in targets)
        else:
            yield f"edges[{place}]", table
