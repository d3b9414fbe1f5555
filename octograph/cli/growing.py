"""The commands that change which workers a graph has: ``graph add-worker``, ``graph remove-worker``."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, write_json
from octograph.composition import head_path, query_readers
from octograph.errors import GraphError, UsageError
from octograph.graph import ModelGraph, Worker, editing, loads
from octograph.graph.beside import find_beside
from octograph.graph.bundled import bundled_folder
from octograph.graph.toml_text import read_text
from octograph.nodes.master import HeadFile, find_adapter
from octograph.nodes.master.adding import queries_from_description, with_row, without_row
from octograph.nodes.whole_file import written_whole
from octograph.settings import Settings

__all__ = ["add_worker", "grown", "remove_worker", "target_of", "written"]

FEWEST = 5
"""Examples that are enough for a row; with fewer the description helps out."""


def add_worker(arguments: argparse.Namespace) -> int:
    """Add a worker to a graph and fit its row of the functional head; the other rows stay as they are."""
    graph, chosen = graph_of(arguments)
    target = target_of(graph, arguments.output)
    master = arguments.master or graph.master_name
    examples = _examples(arguments.examples)
    worker = Worker(
        name=arguments.name,
        description=arguments.describe,
        model=arguments.model,
        tool=arguments.tool,
        system=arguments.system,
        examples=examples or queries_from_description(arguments.describe),
    )
    larger = grown(graph, chosen, worker, master=master, target=target)
    report = {"graph": str(target), "worker": worker.name, "token": larger.vocabulary(master).token_of(worker.name)}
    if arguments.json:
        write_json({**report, "examples": len(worker.examples), "from_description": not examples})
        return 0
    if not examples:
        note("no examples: the row was fitted on the description, which is weaker; five queries help a lot")
    elif len(examples) < FEWEST:
        note(f"{len(examples)} examples are few: {FEWEST} or more make a better row")
    note(f"{worker.name} is {report['token']} of {master}; written to {target}")
    return 0


def grown(graph: ModelGraph, chosen: Settings, worker: Worker, *, master: str, target: Path) -> ModelGraph:
    """Write the graph with one more worker and its row of the functional head; return that graph."""
    larger = graph.with_worker(worker, master)
    file = asyncio.run(_with_row(larger, chosen, master, worker, base=head_path(graph)))
    text = editing.with_worker(read_text(_path(graph)), larger, worker, master=master)
    _write(graph, target, text, file, worker=worker)
    return larger


def written(graph: ModelGraph, worker: Worker, *, target: Path) -> None:
    """Write the graph with a worker that it has as it is changed now; its examples stay."""
    text = editing.with_changed(read_text(_path(graph)), graph, worker)
    _write(graph, target, text, HeadFile.load(head_path(graph)), worker=graph.worker(worker.name))


def remove_worker(arguments: argparse.Namespace) -> int:
    """Remove a worker from a graph, with its row of the functional head; the other rows stay as they are."""
    graph, _ = graph_of(arguments)
    worker = graph.worker(arguments.name)
    target = target_of(graph, arguments.output)
    file = HeadFile.load(head_path(graph))
    heads = dict(file.heads)
    for master in graph.masters():
        vocabulary = graph.vocabulary(master.name)
        if worker.name in vocabulary.targets and master.name in heads:
            heads[master.name] = without_row(heads[master.name], vocabulary.token_of(worker.name))
    text = editing.without_node(read_text(_path(graph)), graph, worker.name)
    _write(graph, target, text, replace(file, heads=heads), worker=replace(worker, examples=()))
    if arguments.json:
        write_json({"graph": str(target), "removed": worker.name})
    else:
        note(f"{worker.name} is gone; written to {target}")
    return 0


async def _with_row(graph: ModelGraph, chosen: Settings, master: str, worker: Worker, *, base: Path) -> HeadFile:
    """The head file with one more row; `graph` has the worker already."""
    file = HeadFile.load(base)
    head = file.heads.get(master)
    if head is None:
        raise UsageError(f"{master!r} is no master with a functional head", hint="Name a master of the graph.")
    with query_readers(graph, chosen) as readers, progress("reading queries") as tell:
        grown = await with_row(
            head,
            graph,
            master=master,
            worker=worker.name,
            queries=worker.examples,
            reader=readers[next(node.model for node in graph.masters() if node.name == master)],
            adapter=None if head.adapter is None else find_adapter(head.adapter, base=base.parent).path,
            progress=tell,
        )
    return replace(file, heads={**file.heads, master: grown})


def _path(graph: ModelGraph) -> Path:
    if graph.path is None:
        raise GraphError("the graph is in no file", hint="Save it first.")
    return graph.path


def target_of(graph: ModelGraph, output: Path | None) -> Path:
    """The graph file to write: another one for a bundled graph, which an update would replace."""
    path = _path(graph)
    target = output or path
    if target.resolve().parent == bundled_folder().resolve():
        raise UsageError(
            f"{graph.name!r} is a bundled graph, and an update would undo the change",
            hint="Write the changed graph elsewhere with `--output my-graph.toml`.",
        )
    if target.resolve().parent != path.resolve().parent:
        moved = [f"model {name}" for name, model in graph.models.items() if model.source.startswith("path:")]
        moved += [
            f"{key} of {node.name}"
            for node in graph.workers()
            for key in ("adapter", "evaluator")
            if (getattr(node, key) or "").startswith("path:")
        ]
        if moved:
            raise UsageError(
                f"named relative to the folder of the graph file: {', '.join(moved)}",
                hint="Write the changed graph into the same folder.",
            )
    return target


def _examples(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the examples {str(path)!r} cannot be read: {error}", hint="Give a text file with one query a line."
        ) from error
    queries = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not queries:
        raise UsageError(f"{str(path)!r} holds no examples", hint="Write one query a line.")
    return queries


def _write(graph: ModelGraph, target: Path, text: str, file: HeadFile, *, worker: Worker) -> None:
    """Write examples, head and graph file; the graph file last, as it names the others.

    A worker without examples is one that is removed.
    """
    if graph.head_file is not None:  # the other graphs that share it keep their workers
        text = editing.unshared(text, examples=f"{target.stem}.examples.toml")
    if graph.examples_file is not None:
        queries = read_text(find_beside(_path(graph).parent, graph.examples_file))
        changed = (
            editing.with_examples(queries, worker.name, worker.examples)
            if worker.examples
            else editing.without_examples(queries, worker.name)
        )
        own = graph.examples_file if graph.head_file is None else f"{target.stem}.examples.toml"
        with written_whole(target.parent / own) as partial:
            partial.write_text(changed, encoding="utf-8")
    checked = loads(text, target)
    file.save(head_path(checked))
    with written_whole(target) as partial:
        partial.write_text(text, encoding="utf-8")
