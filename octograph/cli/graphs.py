"""The commands about the model graph: ``graph show``, ``check``, ``export``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from octograph.cli.opening import graph_of
from octograph.cli.output import say, write_json
from octograph.composition import adapter_path, head_path, model_store, outcomes_path
from octograph.errors import GraphError, OctographError
from octograph.graph import Judge, ModelGraph, Worker, draw, export
from octograph.nodes.deciders import targets_of
from octograph.nodes.master import HeadFile
from octograph.nodes.master.outcomes import OutcomeRows, check_reached
from octograph.nodes.tools import TOOL_NAMES

__all__ = ["check", "export_graph", "show"]


def show(arguments: argparse.Namespace) -> int:
    """Draw the graph."""
    graph, _ = graph_of(arguments)
    say(export(graph, "json") if arguments.json else draw(graph))
    return 0


def export_graph(arguments: argparse.Namespace) -> int:
    """Write the graph in another format."""
    graph, _ = graph_of(arguments)
    text = export(graph, arguments.format)
    if arguments.json:
        write_json({"format": arguments.format, "text": text})
    else:
        say(text.rstrip("\n"))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Check the graph beyond its file: tools that exist, models that are here and sound, heads and rows that fit."""
    graph, chosen = graph_of(arguments)
    store = model_store(chosen)
    problems: list[dict[str, str]] = []

    def add(key: str, error: OctographError) -> None:
        problems.append({"key": key, "message": error.message, "mend": error.hint})

    for key, error in _lacking(graph):
        add(key, error)
    # `doctor` calls servers; a check of the graph works without a network.
    here = {name: model for name, model in graph.models.items() if not model.is_remote}
    for name, model in here.items():
        try:
            store.check(store.locate(model, base=graph.folder), sha256=model.sha256)
        except OctographError as error:
            add(f"models.{name}", error)
    for fitted in (_check_heads, _check_outcomes):
        try:
            fitted(graph)
        except OctographError as error:
            add(f"nodes.{graph.master.name}", error)
    if arguments.json:
        write_json({"graph": graph.name, "ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(f"{problem['key']}: {problem['message']}\n  {problem['mend']}")
        if not problems:
            say(f"{graph.name}: {len(graph.workers())} workers, everything in order")
    return 1 if problems else 0


def _check_heads(graph: ModelGraph) -> None:
    heads = HeadFile.load(head_path(graph)).heads
    for master in graph.masters():
        if master.name in heads:
            heads[master.name].check(graph.vocabulary(master.name), master=master.name)


def _check_outcomes(graph: ModelGraph) -> None:
    if outcomes_path(graph).is_file():
        check_reached(OutcomeRows.load(outcomes_path(graph)).workers, {one.name for one in targets_of(graph)})


def _lacking(graph: ModelGraph) -> Iterator[tuple[str, OctographError]]:
    """What nodes name and is not there, with the key that names it."""
    for worker in graph.workers():
        if worker.tool is not None and worker.tool not in TOOL_NAMES:
            hint = f"The tools are: {', '.join(TOOL_NAMES)}."
            yield f"nodes.{worker.name}.tool", GraphError(f"there is no tool {worker.tool!r}", hint=hint)
    for node in graph.nodes.values():
        if isinstance(node, Judge | Worker):
            try:
                adapter_path(node, graph.folder)
            except OctographError as error:
                yield f"nodes.{node.name}.adapter", error
