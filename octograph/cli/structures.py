"""The commands about reasoning structures: ``structures``."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from octograph.agents.records import Records
from octograph.agents.self_discover import StoredStructure, StructureStore
from octograph.cancellation import CancelToken
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import graph_of
from octograph.cli.output import note, say, write_json
from octograph.composition import host_pool, make_discoveries
from octograph.errors import UsageError
from octograph.graph import ModelGraph
from octograph.nodes.tools import SystemClock
from octograph.settings import Settings

__all__ = [
    "discover_structure",
    "export_structure",
    "import_structure",
    "list_structures",
    "remove_structure",
    "show_structure",
]

T = TypeVar("T")

MOST_EXAMPLES = 8


def list_structures(arguments: argparse.Namespace) -> int:
    """List the structures of a graph."""
    graph, chosen = graph_of(arguments)
    found = _with_store(chosen, lambda store: store.list(graph.name))
    if arguments.json:
        write_json([one.document() for one in found])
        return 0
    for one in found:
        by = f" by {one.model}" if one.model else ""
        say(f"{one.task:24} {one.origin}{by} on {one.moment[:10]}: {', '.join(one.structure.keys)}")
    if not found:
        note('none yet: a worker with `reasoning = "self-discover"` discovers one with its first query')
    return 0


def show_structure(arguments: argparse.Namespace) -> int:
    """Show a structure and how it came to be."""
    one = _found(arguments)
    if arguments.json:
        write_json(one.document())
        return 0
    say(one.structure.as_text())
    note(f"{one.origin} on {one.moment[:10]}" + (f" by {one.model} for {one.worker}" if one.model else ""))
    for module, adapted in zip(one.modules, one.adapted, strict=False):
        note(f"- {module}: {adapted}")
    return 0


def export_structure(arguments: argparse.Namespace) -> int:
    """Write a structure as a JSON file, to edit it or to carry it to another graph."""
    text = json.dumps(_found(arguments).document(), ensure_ascii=False, indent=2) + "\n"
    try:
        arguments.file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the structure cannot be written to {str(arguments.file)!r}: {error}", hint="Name another file."
        ) from error
    if arguments.json:
        write_json({"written": str(arguments.file)})
    else:
        note(f"written to {arguments.file}; `octograph structures import` takes it in again, edited or elsewhere")
    return 0


def import_structure(arguments: argparse.Namespace) -> int:
    """Take in an exported structure, for a task of this graph."""
    graph, chosen = graph_of(arguments)
    read = StoredStructure.from_document(_json(arguments.file))
    task = arguments.task or read.task
    if task.partition("/")[0] not in graph.nodes:
        raise UsageError(
            f"{task!r} is no task of the graph {graph.name!r}",
            hint="A task begins with the name of a worker: give one with --task.",
        )
    moment = SystemClock().now().isoformat()

    async def keep(store: StructureStore) -> StoredStructure:
        there = await store.find(graph.name, task)
        same = there is not None and (read.graph, read.task) == (graph.name, task)
        given = read.given_to(graph.name, task, moment=moment)
        kept = given.edited(read.structure, moment=moment) if same else given
        await store.put(kept)
        return kept

    kept = _with_store(chosen, keep)
    if arguments.json:
        write_json(kept.document())
    else:
        note(f"{kept.origin}: {task} of {graph.name} has {len(kept.structure.steps)} steps and the final answer")
    return 0


def remove_structure(arguments: argparse.Namespace) -> int:
    """Remove a structure; the next query of its task discovers another."""
    graph, chosen = graph_of(arguments)
    _found(arguments)
    _with_store(chosen, lambda store: store.remove(graph.name, arguments.task))
    if arguments.json:
        write_json({"removed": arguments.task})
    return 0


def discover_structure(arguments: argparse.Namespace) -> int:
    """Discover a structure from queries of one's own, without asking any of them."""
    graph, chosen = graph_of(arguments)
    node = graph.worker(arguments.worker)
    if node.reasoning != "self-discover":
        raise UsageError(
            f"the worker {node.name!r} asks for no structure",
            hint='Write `reasoning = "self-discover"` into its table of the graph file.',
        )
    examples = tuple(arguments.query)[:MOST_EXAMPLES]
    stored = asyncio.run(_discovered(graph, chosen, node.name, arguments.task or node.name, examples))
    if arguments.json:
        write_json(stored.document())
    else:
        say(stored.structure.as_text())
    return 0


async def _discovered(
    graph: ModelGraph, chosen: Settings, worker: str, task: str, examples: tuple[str, ...]
) -> StoredStructure:
    node, cancel = graph.worker(worker), CancelToken()
    pool = host_pool(graph, chosen)
    try:
        with cancelling_on_interrupt(cancel):
            found = await make_discoveries(graph, pool)[worker].discover(examples, cancel=cancel)
    finally:
        await asyncio.to_thread(pool.close)
    if found is None:
        raise KeyboardInterrupt
    moment = SystemClock().now().isoformat()
    stored = StoredStructure.of(found, graph=graph, task=task, worker=node, examples=examples, moment=moment)
    await _in_store(chosen, lambda store: store.put(stored))
    return stored


def _found(arguments: argparse.Namespace) -> StoredStructure:
    graph, chosen = graph_of(arguments)
    one = _with_store(chosen, lambda store: store.find(graph.name, arguments.task))
    if one is None:
        raise UsageError(
            f"the graph {graph.name!r} has no structure for the task {arguments.task!r}",
            hint="`octograph structures list` shows them.",
        )
    return one


def _with_store(chosen: Settings, act: Callable[[StructureStore], Awaitable[T]]) -> T:
    return asyncio.run(_in_store(chosen, act))


async def _in_store(chosen: Settings, act: Callable[[StructureStore], Awaitable[T]]) -> T:
    records = Records(chosen.data_dir / "threads.sqlite")
    try:
        return await act(await records.structures())
    finally:
        await records.close()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{str(path)!r} cannot be read as JSON: {error}", hint="Give a file of `octograph structures export`."
        ) from error
