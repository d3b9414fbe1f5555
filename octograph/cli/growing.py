"""The commands that change which workers a graph has: ``graph add-worker``, ``graph remove-worker``."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from octograph.cli.graph_files import GraphFiles, locked, named_relatively, path_of
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, write_json
from octograph.composition import head_path, query_readers
from octograph.errors import UsageError
from octograph.graph import ModelGraph, Worker, editing
from octograph.graph.bundled import bundled_folder
from octograph.nodes.master import HeadFile, find_adapter
from octograph.nodes.master.adding import queries_from_description, with_row, without_row
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
    graph.with_worker(worker, master)  # what cannot be is told before what is not there
    with locked(target.parent):
        files = GraphFiles.read(path_of(graph))  # another command may have changed them since
        larger = files.graph.with_worker(worker, master)
        head = asyncio.run(_with_row(larger, chosen, master, worker, file=files.head))
        text, examples = editing.with_worker(files.text, larger, worker, master=master), files.examples
        if examples is not None:
            examples = editing.with_examples(examples, worker.name, worker.examples)
        replace(files, text=text, examples=examples, head=head).write(target)
    return larger


def written(graph: ModelGraph, worker: Worker, *, target: Path) -> None:
    """Write the graph with a worker that it has as it is changed now; its examples stay."""
    with locked(target.parent):
        files = GraphFiles.read(path_of(graph))
        files.graph.worker(worker.name)  # which may be gone by now
        replace(files, text=editing.with_changed(files.text, graph, worker)).write(target)


def remove_worker(arguments: argparse.Namespace) -> int:
    """Remove a worker from a graph, with its row of the functional head; the other rows stay as they are."""
    named, _ = graph_of(arguments)
    name = named.worker(arguments.name).name
    target = target_of(named, arguments.output)
    with locked(target.parent):
        files = GraphFiles.read(path_of(named))  # another command may have changed them since
        graph = files.graph
        graph.worker(name)
        heads = dict(files.head.heads)
        for master in graph.masters():
            vocabulary = graph.vocabulary(master.name)
            if name in vocabulary.targets and master.name in heads:
                heads[master.name] = without_row(heads[master.name], vocabulary.token_of(name))
        replace(
            files,
            text=editing.without_node(files.text, graph, name),
            examples=None if files.examples is None else editing.without_examples(files.examples, name),
            head=replace(files.head, heads=heads),
            outcomes=None if files.outcomes is None else files.outcomes.without(name),
        ).write(target)
    if arguments.json:
        write_json({"graph": str(target), "removed": name})
    else:
        note(f"{name} is gone; written to {target}")
    return 0


async def _with_row(graph: ModelGraph, chosen: Settings, master: str, worker: Worker, *, file: HeadFile) -> HeadFile:
    """The head file of a graph with one more row; `graph` has the worker already."""
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
            adapter=None if head.adapter is None else find_adapter(head.adapter, base=head_path(graph).parent).path,
            progress=tell,
        )
    return replace(file, heads={**file.heads, master: grown})


def target_of(graph: ModelGraph, output: Path | None) -> Path:
    """The graph file to write: another one for a bundled graph, which an update would replace."""
    path = path_of(graph)
    target = path if output is None or output.resolve() == path.resolve() else output
    if target.resolve().parent == bundled_folder().resolve():
        raise UsageError(
            f"{graph.name!r} is a bundled graph, and an update would undo the change",
            hint="Write the changed graph elsewhere with `--output my-graph.toml`.",
        )
    if target.parent.resolve() != path.parent.resolve() and (moved := named_relatively(graph)):
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
