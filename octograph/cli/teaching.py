"""The command that trains workers: ``train worker``."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace

from octograph.agents.evaluation.question import Question, read_questions
from octograph.cancellation import CancelToken
from octograph.cli.growing import grown, target_of, written
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, write_json
from octograph.composition import model_store
from octograph.errors import UsageError
from octograph.graph import Model, ModelGraph, Worker
from octograph.nodes.grounded import NOT_FOUND
from octograph.nodes.training import ModelCard, Trainer, WorkerJob, WorkerReport

__all__ = ["train_worker"]

FEWEST = 20
"""Examples below which a training teaches nothing but the examples."""

HELD_OUT = 0.1
"""Share of the examples that are measured and not learned, unless there is a file of such."""

MOST_HELD_OUT = 200
QUERIES = 60
"""Questions that fit the row of a new worker, at most."""


def train_worker(arguments: argparse.Namespace) -> int:
    """Train an adapter for a worker on questions with answers, and put the worker into the graph."""
    graph, chosen = graph_of(arguments)
    target = target_of(graph, arguments.output)
    new = arguments.node not in graph.nodes
    worker = _new(graph, arguments) if new else _known(graph, arguments)
    model = graph.models[worker.model or ""]
    lessons, validation = _lessons(arguments)
    store = model_store(chosen)
    path = store.locate(model, base=graph.folder)
    store.check(path, sha256=model.sha256)
    out = (target.parent / f"{worker.name}.gguf").absolute()
    job = WorkerJob(
        model=str(path),
        out=str(out),
        system=worker.system,
        lessons=_pairs(lessons),
        validation=_pairs(validation),
        start=None if arguments.start is None else str(arguments.start.absolute()),
        program=worker.decoding == "program",
        rank=arguments.rank,
        frozen=arguments.frozen,
        epochs=arguments.epochs,
        rate=arguments.rate,
        longest=arguments.longest,
        threads=chosen.cpu_threads,
        seed=arguments.seed,
    )
    report = asyncio.run(_train(job))
    card = _card(worker, model, arguments, job, report).save()
    trained = replace(worker, adapter=f"path:{out.name}", history=False)
    if new:
        trained = replace(trained, examples=_queries(lessons, seed=arguments.seed))
        grown(graph, chosen, trained, master=graph.master_name, target=target)
    else:
        written(graph, trained, target=target)
    document = {
        "graph": str(target),
        "worker": worker.name,
        "adapter": str(out),
        "card": str(card),
        "examples": report.examples,
        "validation_loss": report.validation_loss,
        "loss": report.loss,
        "minutes": round(report.seconds / 60, 1),
    }
    if arguments.json:
        write_json(document)
    else:
        note(f"{worker.name} was trained on {report.examples} examples in {report.seconds / 60:.0f} minutes")
        note(f"written to {out.name}, {card.name} and {target}")
        note(f'try it: octograph ask --graph {target} --worker {worker.name} "…"')
    return 0


async def _train(job: WorkerJob) -> WorkerReport:
    trainer, cancel = Trainer(), CancelToken()
    try:
        with progress("training") as tell, cancelling_on_interrupt(cancel):
            async for piece in trainer.train_worker(job, cancel=cancel):
                if isinstance(piece, WorkerReport):
                    return piece
                tell(piece.step, piece.steps, f"loss {piece.loss:.3f}")
    finally:
        cancel.cancel()
        await asyncio.to_thread(trainer.close)
    note("stopped; the same command goes on from here")
    raise KeyboardInterrupt


def _new(graph: ModelGraph, arguments: argparse.Namespace) -> Worker:
    """A worker that the graph does not have yet."""
    if not arguments.describe:
        raise UsageError(
            f"the graph {graph.name!r} has no worker {arguments.node!r}",
            hint='Name one that it has, or say what the new one is good at: --describe "…".',
        )
    return Worker(
        name=arguments.node,
        description=arguments.describe,
        model=arguments.model or graph.master.model,
        system=arguments.system or "",
        decoding="program" if arguments.program else "greedy",
    )


def _known(graph: ModelGraph, arguments: argparse.Namespace) -> Worker:
    """A worker of the graph, as the options want it."""
    worker = graph.worker(arguments.node)
    if worker.tool is not None:
        raise UsageError(f"the worker {worker.name!r} is a tool", hint="Name one with a model: tools need no training.")
    wanted = {"system": arguments.system, "description": arguments.describe, "model": arguments.model}
    if worker.declines is not None:
        worker = replace(worker, declines=None, model=arguments.model or graph.master.model)
    changed = replace(worker, **{key: value for key, value in wanted.items() if value is not None})
    return replace(changed, decoding="program") if arguments.program else changed


def _lessons(arguments: argparse.Namespace) -> tuple[list[Question], list[Question]]:
    """What is learned, and what is only measured."""
    questions = read_questions(arguments.data)
    if len(questions) < FEWEST:
        raise UsageError(f"{len(questions)} examples are too few to train on", hint=f"Write {FEWEST} or more.")
    if arguments.validation is not None:
        return questions, read_questions(arguments.validation)
    count = min(MOST_HELD_OUT, max(1, round(HELD_OUT * len(questions))))
    chosen = frozenset(random.Random(arguments.seed).sample(range(len(questions)), count))  # noqa: S311  # a sample
    held_out = [questions[place] for place in sorted(chosen)]
    return [one for place, one in enumerate(questions) if place not in chosen], held_out


def _pairs(questions: Sequence[Question]) -> list[tuple[str, str]]:
    """Queries with the answers to be learned; a question without one is learned to have none."""
    return [(one.with_passages, one.answers[0] if one.answers else NOT_FOUND) for one in questions]


def _queries(questions: Sequence[Question], *, seed: int) -> tuple[str, ...]:
    """Different questions, by which the master is to know the new worker's own."""
    texts = [*dict.fromkeys(one.text.strip() for one in questions)]
    return tuple(random.Random(seed).sample(texts, min(QUERIES, len(texts))))  # noqa: S311  # a sample


def _card(
    worker: Worker, model: Model, arguments: argparse.Namespace, job: WorkerJob, report: WorkerReport
) -> ModelCard:
    digest = hashlib.sha256(arguments.data.read_bytes()).hexdigest()
    return ModelCard(
        worker=worker.name,
        description=worker.description,
        base=model.source,
        base_licence=model.licence,
        data=f"`{arguments.data.name}` (SHA-256 {digest[:16]}…)",
        licence=arguments.licence,
        job=job,
        report=report,
    )
