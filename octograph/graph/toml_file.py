"""The graph file: a model graph as TOML, read with every problem told at once and written atomically."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import tomlkit
from tomlkit.items import AoT, Array, Item, String, StringType, Table, Trivia
from tomlkit.toml_document import TOMLDocument

from octograph.errors import GraphError
from octograph.graph.beside import head_file_problem
from octograph.graph.checks import check
from octograph.graph.examples_file import NONE_KEY, examples_file_problem
from octograph.graph.labels import escape_unseen
from octograph.graph.model_graph import ModelGraph
from octograph.graph.models import Model
from octograph.graph.nodes import Master, Node, Worker
from octograph.graph.problems import Problem, ProblemsError
from octograph.graph.reading import read_graph
from octograph.graph.toml_text import read_text

__all__ = ["dumps", "dumps_examples", "load", "loads", "save", "worker_table"]


def load(path: str | os.PathLike[str]) -> ModelGraph:
    """Return the graph in a TOML file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    GraphError
        The file cannot be read, or the graph is wrong; the message lists every problem with its mend.

    """
    path = Path(path)
    return read_graph(read_text(path), file=str(path), path=path)


def loads(text: str, path: Path | None = None, *, examples: str | None = None) -> ModelGraph:
    """Return the graph that a TOML text describes.

    Parameters
    ----------
    text
        The text of a graph file.
    path
        Where the text came from. Needed if the graph names an examples file, which is looked for beside it.
    examples
        What that file is to hold, for a graph that is not written yet.

    Raises
    ------
    GraphError
        The graph is wrong; the message lists every problem with its mend.

    Examples
    --------
    >>> graph = loads('''
    ... [graph]
    ... name = "small"
    ... master = "router"
    ... [models.tiny]
    ... source = "path:tiny.gguf"
    ... [nodes.router]
    ... kind = "master"
    ... model = "tiny"
    ... [nodes.math]
    ... kind = "worker"
    ... tool = "calculator"
    ... description = "Sums"
    ... examples = ["What is 2 + 2?"]
    ... [[edges]]
    ... from = "router"
    ... to = "math"
    ... kind = "routes_to"
    ... ''')
    >>> graph.candidates("router")
    ('math',)

    """
    return read_graph(text, file="<text>" if path is None else str(path), path=path, examples=examples)


def dumps(graph: ModelGraph) -> str:
    """Return the text of a graph file.

    With an examples file, the examples it would hold are left out: `dumps_examples` returns those.
    """
    document = tomlkit.document()
    head = tomlkit.table()
    _put(head, "name", graph.name)
    _put(head, "description", graph.description or None)
    _put(head, "master", graph.master_name)
    _put(head, "examples", graph.examples_file)
    _put(head, "head", graph.head_file)
    document.append("graph", head)
    for key, values in (("models", graph.models.values()), ("nodes", graph.nodes.values())):
        if values:
            group = tomlkit.table(is_super_table=True)
            for value in values:
                group.append(tomlkit.key(value.name), _table(value, graph))
            document.append(key, group)
    if graph.edges:
        document.append("edges", _edges(graph))
    return tomlkit.dumps(document)


def dumps_examples(graph: ModelGraph) -> str:
    """Return the text of the examples file of a graph: the queries of its workers and of its root master."""
    document = tomlkit.document()
    for worker in graph.workers():
        _put(document, worker.name, worker.examples or None)
    root = graph.nodes.get(graph.master_name)
    if isinstance(root, Master):
        _put(document, NONE_KEY, root.none_examples or None)
    return tomlkit.dumps(document)


def save(graph: ModelGraph, path: str | os.PathLike[str]) -> None:
    """Write a graph file and, if the graph has one, its examples file beside it.

    Each file is replaced whole or not at all; comments in files that were there are not kept.

    Parameters
    ----------
    graph
        The graph.
    path
        The file to write.

    Raises
    ------
    GraphError
        The graph has problems, so that it could not be loaded again, or a file cannot be written.

    """
    path = Path(path)
    problems = list(check(graph))
    beside = graph.examples_file
    names = (
        None if beside is None else examples_file_problem(beside, path.name),
        None if graph.head_file is None else head_file_problem(graph.head_file, path.name),
    )
    problems.extend(problem for problem in names if problem is not None)
    if problems:
        raise ProblemsError(
            Problem(key=one.key, message=one.message, mend=one.mend, file=str(path)) for one in problems
        )
    if not path.parent.is_dir():
        raise GraphError(f"{path}: there is no folder {str(path.parent)!r}", hint="Create it first.")
    # The examples go first: a graph file that names a file which is not there yet could not be loaded.
    if beside is not None:
        _write(path.parent / beside, dumps_examples(graph))
    _write(path, dumps(graph))


def _table(value: Model | Node, graph: ModelGraph) -> Table:
    table = tomlkit.table()
    if not isinstance(value, Model):
        _put(table, "kind", value.kind)
    for field in fields(value):
        content = getattr(value, field.name)
        if field.name == "name" or content is None or content == field.default:
            continue
        in_other_file = isinstance(value, Worker) or value.name == graph.master_name
        if graph.examples_file is not None and field.name.endswith("examples") and in_other_file:
            continue
        _put(table, field.name, content)
    return table


def worker_table(worker: Worker, graph: ModelGraph) -> Table:
    """Return a worker as it stands in the file of a graph."""
    return _table(worker, graph)


def _edges(graph: ModelGraph) -> AoT:
    tables = tomlkit.aot()
    for edge in graph.edges:
        table = tomlkit.table()
        _put(table, "from", edge.source)
        _put(table, "to", edge.target)
        _put(table, "kind", edge.kind)
        _put(table, "token", edge.token)
        tables.append(table)
    return tables


def _put(table: Table | TOMLDocument, key: str, value: str | float | tuple[str, ...] | None) -> None:
    """Add an entry, unless its value is None."""
    if value is not None:
        table.append(tomlkit.key(key), _item(value))


def _item(value: str | float | tuple[str, ...]) -> Item:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, tuple):
        return _array(value)
    return tomlkit.item(value)


def _string(text: str, *, on_one_line: bool = False) -> String:
    # Written out here: how tomlkit escapes and breaks lines has changed between its versions.
    # Prompts of several lines stay readable; a carriage return does not survive as such in a TOML file.
    if on_one_line or "\n" not in text or "\r" in text:
        return String(StringType.SLB, text, escape_unseen(json.dumps(text, ensure_ascii=False)[1:-1]), Trivia())
    body = text.replace("\\", "\\\\").replace('"""', '""\\"')
    if body.endswith('"'):
        body = body[:-1] + '\\"'
    # The first line break after the quotes is not part of the string.
    return String(StringType.MLB, text, f"\n{escape_unseen(body)}", Trivia())


def _array(texts: Iterable[str]) -> Array:
    array = tomlkit.array()
    array.extend(_string(text, on_one_line=True) for text in texts)
    return array.multiline(True)


def _write(path: Path, text: str) -> None:
    """Replace a file whole: whoever reads it, and whatever happens, finds the old text or the new one."""
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                beside.chmod(target.stat().st_mode & 0o7777)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise GraphError(
            f"{path}: cannot be written: {error}", hint="Check the path, its permissions and the disk."
        ) from error
