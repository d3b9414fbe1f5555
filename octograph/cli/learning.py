"""The commands that fit and measure: ``train router``, ``eval routing``."""

from __future__ import annotations

import argparse
import asyncio

from octograph import settings
from octograph.agents.evaluation import evaluate_routing, read_routing
from octograph.api import head_path, host_pool
from octograph.api import open as open_octograph
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, say, write_json
from octograph.nodes.master import train_heads

__all__ = ["eval_routing", "train_router"]


def train_router(arguments: argparse.Namespace) -> int:
    """Fit the functional heads of a graph's masters and write them beside the graph file."""
    graph, chosen = graph_of(arguments)
    path = head_path(graph)
    pool = host_pool(graph, chosen)
    try:
        with progress("reading examples") as tell:
            heads = asyncio.run(train_heads(graph, readers=pool.clients, progress=tell, seed=arguments.seed))
    finally:
        pool.close()
    heads.save(path)
    if arguments.json:
        write_json({"head": str(path), "masters": dict(heads.report)})
        return 0
    for name, report in heads.report.items():
        accuracy = report["held_out_accuracy"]
        measured = f"{accuracy:.1%} right on held-out queries" if accuracy is not None else "too few to hold out"
        say(f"{name}: {report['queries']} queries, {measured}")
    note(f"written to {path}")
    return 0


def eval_routing(arguments: argparse.Namespace) -> int:
    """Measure how well queries reach their workers."""
    chosen = settings.load()
    examples = read_routing(arguments.data, limit=arguments.limit, seed=arguments.seed)
    with open_octograph(arguments.graph or chosen.graph, settings=chosen) as octo, progress("routing") as tell:
        scores = asyncio.run(evaluate_routing(examples, octo.router, progress=tell))
    if arguments.json:
        write_json(scores)
        return 0
    latency = scores["latency_ms"]
    for key in ("n", "accuracy", "accuracy_in_scope", "macro_f1", "ece", "auroc_none"):
        value = scores[key]
        say(f"{key:18} {value if not isinstance(value, float) else format(value, '.4f')}")
    say(f"{'latency':18} p50 {latency['p50']:.1f} ms, p95 {latency['p95']:.1f} ms")
    return 0
