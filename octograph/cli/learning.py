"""The commands that fit and measure: ``train router``, ``eval routing``."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from octograph.agents.evaluation import evaluate_routing, read_routing
from octograph.agents.evaluation.outcomes import evaluate_outcomes, read_outcomes
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, say, write_json
from octograph.composition import (
    head_path,
    make_outcome_router,
    outcomes_path,
    own_head_path,
    query_readers,
    routed,
    step_task,
    validation_path,
)
from octograph.errors import UsageError
from octograph.graph import ModelGraph, bundled_names
from octograph.nodes.deciders import targets_of
from octograph.nodes.master import (
    NO_WORKER,
    HeadFile,
    ReadingAdapter,
    bundled_adapter,
    find_adapter,
    train_heads,
)
from octograph.nodes.master.outcome_fitting import train_outcomes as fit_outcome_rows
from octograph.nodes.master.outcomes import check_reached

__all__ = ["eval_outcomes", "eval_routing", "train_outcomes", "train_router"]


def train_router(arguments: argparse.Namespace) -> int:
    """Fit the functional heads of a graph's masters and write them beside the graph file."""
    graph, chosen = graph_of(arguments)
    _refuse_bundled(arguments.graph or chosen.graph)
    path = own_head_path(graph)
    with (
        query_readers(graph, chosen) as readers,
        step_task(path, chosen, seed=arguments.seed) as steps,
        progress("reading examples") as tell,
    ):
        heads = asyncio.run(
            train_heads(
                graph,
                readers=readers,
                adapter_for=_adapters(arguments.adapter, beside=path),
                validation=_validation(graph, arguments.validation),
                steps=steps,
                progress=tell,
                seed=arguments.seed,
            )
        )
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


def train_outcomes(arguments: argparse.Namespace) -> int:
    """Fit rows on who answered right and write them beside the graph file; from then on they choose the worker."""
    graph, chosen = graph_of(arguments)
    _refuse_bundled(arguments.graph or chosen.graph)
    outcomes = read_outcomes(arguments.data, limit=arguments.limit, seed=arguments.seed)
    for worker in outcomes.workers:
        graph.worker(worker)
    check_reached(outcomes.workers, {target.name for target in targets_of(graph)})
    path = head_path(graph)
    head = HeadFile.load(path).heads[graph.master_name]
    with query_readers(graph, chosen) as readers, progress("reading queries") as tell:
        rows = asyncio.run(
            fit_outcome_rows(
                outcomes.queries,
                outcomes.scores,
                workers=outcomes.workers,
                head=head,
                reader=readers[graph.master.model],
                adapter=None if head.adapter is None else find_adapter(head.adapter, base=path.parent).path,
                progress=tell,
                seed=arguments.seed,
            )
        )
    rows.save(outcomes_path(graph))
    if arguments.json:
        write_json({"rows": str(outcomes_path(graph)), "report": dict(rows.report)})
    else:
        note(f"{len(outcomes.queries)} queries, {len(outcomes.workers)} workers; written to {outcomes_path(graph)}")
    return 0


def _refuse_bundled(name: str) -> None:
    """Refuse a bundled graph by its name: what is fitted would lie in the installation, under the next update.

    The path of its file is not refused. By it the heads that come with Octograph are fitted.
    """
    if name in bundled_names():
        raise UsageError(
            f"{name!r} is a bundled graph, and an update would undo the change",
            hint="Copy its file to a folder of yours, and name the copy with `--graph FILE`.",
        )


def _adapters(choice: str, *, beside: Path) -> Callable[[str], ReadingAdapter | None]:
    """What `train_heads` asks for the adapter of a model: the bundled one, none, or the file that was named."""
    if choice == "auto":
        return bundled_adapter
    if choice == "none":
        return lambda source: None
    adapter = find_adapter(f"path:{os.path.relpath(choice, beside.parent)}", base=beside.parent)
    return lambda source: adapter if adapter.model == source else None


def _validation(graph: ModelGraph, named: Path | None) -> list[tuple[str, str | None]]:
    """Validation queries: of the file that was named, or of the one beside the graph file, or none."""
    path = named or validation_path(graph)
    if named is None and not path.is_file():
        return []
    examples = read_routing(path)
    for example in examples:
        if example.worker != NO_WORKER:
            graph.worker(example.worker)
    return [(one.query, None if one.worker == NO_WORKER else one.worker) for one in examples]


def eval_routing(arguments: argparse.Namespace) -> int:
    """Measure how well queries reach their workers."""
    graph, chosen = graph_of(arguments)
    examples = read_routing(arguments.data, limit=arguments.limit, seed=arguments.seed)
    with routed(graph, chosen, arguments.router) as router, progress("routing") as tell:
        scores = asyncio.run(evaluate_routing(examples, router, progress=tell))
    if arguments.json:
        write_json(scores)
        return 0
    latency = scores["latency_ms"]
    for key in ("n", "accuracy", "accuracy_in_scope", "macro_f1", "ece", "auroc_none"):
        value = scores[key]
        say(f"{key:18} {value if not isinstance(value, float) else format(value, '.4f')}")
    say(f"{'latency':18} p50 {latency['p50']:.1f} ms, p95 {latency['p95']:.1f} ms")
    return 0


def eval_outcomes(arguments: argparse.Namespace) -> int:
    """Measure how good the answers of the chosen workers are, and draw the curve to choose a price from."""
    graph, chosen = graph_of(arguments)
    outcomes = read_outcomes(arguments.data, limit=arguments.limit, seed=arguments.seed)
    costs = {worker.name: worker.cost for worker in graph.workers()}
    with query_readers(graph, chosen) as readers, progress("routing") as tell:
        router = make_outcome_router(graph, readers[graph.master.model], price=chosen.price)
        scores = asyncio.run(evaluate_outcomes(outcomes, router, costs=costs, price=chosen.price, progress=tell))
    if arguments.json:
        write_json(scores)
        return 0
    best = scores["best_single"]
    rows = [("score", scores["score"]), ("random", scores["random"]), (f"all to {best['worker']}", best["score"])]
    for name, value in (*rows, ("oracle", scores["oracle"]), ("ece of the chances", scores["ece"])):
        say(f"{name:24} {value:.4f}")
    for point in scores["curve"]:
        say(f"price {point['price']:<10.4g} score {point['score']:.4f}  cost {point['cost']:.4g}")
    return 0
