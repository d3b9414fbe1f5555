"""The commands that measure answers: ``eval answers``."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from octograph import Octograph
from octograph.agents import Event
from octograph.agents.evaluation.answering import (
    Answerer,
    Graded,
    WholeGraph,
)
from octograph.agents.evaluation.question import Question, read_questions
from octograph.cancellation import CancelToken
from octograph.cli.alone import altered, discovered, measured
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, say, write_json
from octograph.cli.writable import check_writable
from octograph.composition import (
    host_pool,
    knowledge_folders,
    limits_of,
    make_discoveries,
    make_evaluators,
    make_library,
    make_router,
    make_workers,
    worker_alone,
)
from octograph.errors import UsageError
from octograph.graph import ModelGraph
from octograph.nodes.llama import LlamaClient
from octograph.nodes.tools import SystemClock
from octograph.nodes.whole_file import written_whole
from octograph.settings import Settings

__all__ = ["eval_answers"]


def eval_answers(arguments: argparse.Namespace) -> int:
    """Measure how well a worker, or the whole graph, answers questions."""
    graph, chosen = graph_of(arguments)
    questions = read_questions(arguments.data, limit=arguments.limit, seed=arguments.seed)
    if arguments.predictions is not None:
        check_writable(arguments.predictions, what="the predictions")
    cancel = CancelToken()
    with ExitStack() as stack:
        if arguments.worker is not None:
            alone = _alone(_with(graph, arguments), arguments.worker, chosen, questions, cancel)
            answerer, model = stack.enter_context(alone)
        elif (arguments.decoding, arguments.reasoning, arguments.structure) != (None, None, None):
            raise UsageError("--decoding and --reasoning change one worker", hint="Say which: --worker NAME.")
        else:
            answerer, model = stack.enter_context(_whole(graph, chosen))
        stack.enter_context(cancelling_on_interrupt(cancel))
        tell = stack.enter_context(progress("answering"))
        report = asyncio.run(measured(questions, answerer, model, tell, cancel))
    if report is None:
        raise KeyboardInterrupt
    if arguments.predictions is not None:
        _write(arguments.predictions, report.graded)
    scores = report.document()
    if arguments.json:
        write_json(scores)
    else:
        _show(scores)
    return 0


@contextmanager
def _alone(
    graph: ModelGraph, name: str, settings: Settings, questions: Sequence[Question], cancel: CancelToken
) -> Iterator[tuple[Answerer, LlamaClient | None]]:
    """Give one worker of a graph, and the model to load for it, if any; its structure is of these questions."""
    pool, node = host_pool(graph, settings), graph.worker(name)
    try:
        structure = None
        if node.reasoning == "self-discover":
            structure = asyncio.run(discovered(graph, node, pool, questions, cancel))
            if structure is None:
                raise KeyboardInterrupt
        # Tools have no model, and one at a server has nothing to load.
        alone = worker_alone(graph, node, pool, SystemClock(), structure=structure)
        yield alone, pool.clients.get(node.model or "")
    finally:
        pool.close()


@contextmanager
def _whole(graph: ModelGraph, settings: Settings) -> Iterator[tuple[Answerer, LlamaClient]]:
    """Give a whole graph as it is without feedback, and its master's model.

    Conversations and structures are kept nowhere, and there is nobody to ask what to do.
    """
    pool, clock = host_pool(graph, settings), SystemClock()
    with (
        tempfile.TemporaryDirectory(prefix="octograph-") as folder,
        Octograph(
            graph=graph,
            router=make_router(graph, pool, price=settings.price),
            workers=make_workers(graph, pool, clock),
            threads_file=Path(folder) / "threads.sqlite",
            clock=clock,
            evaluators=make_evaluators(graph, pool),
            discoveries=make_discoveries(graph, pool),
            pool=pool,
            library=make_library(knowledge_folders(graph, settings), settings, threads=settings.threads_beside),
            limits=replace(limits_of(settings), unsure="abstain"),
        ) as octo,
    ):

        def ask(query: str, cancel: CancelToken) -> AsyncIterator[Event]:
            return octo.astream(query, thread=uuid.uuid4().hex, cancel=cancel)

        yield WholeGraph(ask), pool.clients[graph.master.model]


def _with(graph: ModelGraph, arguments: argparse.Namespace) -> ModelGraph:
    """The graph in which the worker that is meant is as the options want it.

    Raises
    ------
    UsageError
        It cannot do what they want.

    """
    node = graph.worker(arguments.worker)
    wanted = {key: getattr(arguments, key) for key in ("decoding", "reasoning", "structure")}
    named = [key for key, value in wanted.items() if value is not None]
    if named and node.tool is not None:
        raise UsageError(
            f"the worker {node.name!r} is a tool, which has no --{named[0]}",
            hint="Leave the option out, or name a worker with a model.",
        )
    return altered(graph, node, **wanted)


def _write(path: Path, graded: Sequence[Graded]) -> None:
    """Write what was answered, a line for each question.

    Raises
    ------
    UsageError
        The file cannot be written.

    """
    try:
        with written_whole(path) as partial, partial.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(one.document(), ensure_ascii=False) + "\n" for one in graded)
    except OSError as error:
        raise UsageError(
            f"the predictions cannot be written to {str(path)!r}: {error}", hint="Name another file."
        ) from error
    note(f"predictions written to {path}")


def _show(scores: dict[str, Any]) -> None:
    for key in ("n", "exact_match", "f1", "numeric_match", "unanswered", "seconds", "tokens_per_second"):
        value = scores[key]
        if value is None:
            continue
        shown = f"{value:.4f}" if key in ("exact_match", "f1", "numeric_match") else f"{value:.5g}"
        interval = scores.get(f"{key}_interval")
        say(f"{key:18} {shown}" + (f"  (95 %: {interval[0]:.4f} to {interval[1]:.4f})" if interval else ""))
