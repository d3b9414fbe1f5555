"""The command that trains adapters: ``train adapter``."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from octograph import settings
from octograph.agents.evaluation import read_routing
from octograph.cancellation import CancelToken
from octograph.cli.output import note, progress, write_json
from octograph.composition import model_store, validation_path
from octograph.errors import UsageError
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.master import DEFAULT_SYSTEM, NO_WORKER, ReadingAdapter
from octograph.nodes.training import AdapterJob, AdapterReport, Trainer

__all__ = ["train_adapter"]


def train_adapter(arguments: argparse.Namespace) -> int:
    """Train a reading adapter on the examples of one or more graphs of one model."""
    chosen = settings.load()
    graphs = [open_graph(name) for name in (arguments.graph or chosen.graph, *arguments.also)]
    sources = {graph.models[graph.master.model].source for graph in graphs}
    if len(sources) > 1:
        raise UsageError(
            f"the graphs' masters run on different models: {', '.join(sorted(sources))}",
            hint="An adapter is trained over one model: train one for each.",
        )
    model = graphs[0].models[graphs[0].master.model]
    store = model_store(chosen)
    path = store.locate(model, base=graphs[0].folder)
    layers = store.check(path, sha256=model.sha256).layers
    job = AdapterJob(
        model=str(path),
        out=str(arguments.out.absolute()),
        system=graphs[0].master.prompt or DEFAULT_SYSTEM,
        layer=max(1, int(layers * arguments.depth)),
        tasks={graph.name: _task(graph) for graph in graphs},
        validation={graph.name: queries for graph in graphs if (queries := _validation(graph))},
        epochs=arguments.epochs,
        threads=chosen.cpu_threads,
        seed=arguments.seed,
    )
    report = asyncio.run(_train(job))
    adapter = ReadingAdapter(
        source=f"path:{arguments.out}",
        path=arguments.out.absolute(),
        model=model.source,
        layer=job.layer,
        system=job.system,
        training={
            "graphs": [graph.name for graph in graphs],
            "queries": report.queries,
            "validation_accuracy": dict(report.accuracy),
            "parameters": report.parameters,
            "rank": job.rank,
            "epochs": job.epochs,
            "rate": job.rate,
            "loss": report.loss,
            "minutes": round(report.seconds / 60, 1),
            "seed": job.seed,
        },
    )
    card = adapter.save_card()
    if arguments.json:
        write_json({"adapter": str(adapter.path), "card": str(card), "training": dict(adapter.training)})
    else:
        for name, share in report.accuracy.items():
            note(f"{name}: {share:.1%} of the validation queries right")
        note(f"written to {adapter.path}; fit heads with `octograph train router --graph FILE --adapter {card}`")
    return 0


async def _train(job: AdapterJob) -> AdapterReport:
    trainer, cancel = Trainer(), CancelToken()
    try:
        with progress("training") as tell:
            async for piece in trainer.train_adapter(job, cancel=cancel):
                if isinstance(piece, AdapterReport):
                    return piece
                tell(piece.step, piece.steps)
    finally:
        cancel.cancel()
        await asyncio.to_thread(trainer.close)
    raise UsageError("the training was stopped")


def _task(graph: ModelGraph) -> list[tuple[str, str]]:
    return [
        (query, target or NO_WORKER)
        for target, queries in graph.examples(graph.master_name).items()
        for query in queries
    ]


def _validation(graph: ModelGraph) -> list[tuple[str, str]]:
    path: Path = validation_path(graph)
    return [(example.query, example.worker) for example in read_routing(path)] if path.is_file() else []
