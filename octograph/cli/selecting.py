"""The command that measures how well a worker knows when not to answer: ``eval selective``."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from octograph.agents.evaluation.answering import evaluate_answers
from octograph.agents.evaluation.question import Question, read_questions
from octograph.agents.selection import (
    Delta,
    Likelihood,
    Perplexity,
    PredictiveEntropy,
    PTrue,
    Samples,
    SelectionScore,
    SemanticEntropy,
    accuracy_coverage,
    plot_curves,
)
from octograph.agents.selection.measuring import Scoring, Selective
from octograph.cancellation import CancelToken
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import client_of, graph_of
from octograph.cli.output import note, progress, say, write_json
from octograph.composition import host_pool, make_evaluators, model_store, worker_alone
from octograph.graph import Worker
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.nodes.llama import LlamaClient
from octograph.nodes.tools import SystemClock
from octograph.settings import Settings

__all__ = ["eval_selective"]

WIDE = 22
"""Of the column of thresholds, in characters."""


def eval_selective(arguments: argparse.Namespace) -> int:
    """Measure how well scores tell a worker's right answers from its wrong ones."""
    graph, chosen = graph_of(arguments)
    node = graph.worker(arguments.worker)
    questions = read_questions(arguments.data, limit=arguments.limit, seed=arguments.seed)
    cancel = CancelToken()
    with ExitStack() as stack:
        pool = stack.enter_context(closing(host_pool(graph, chosen)))
        client, alone = client_of(pool, node), worker_alone(graph, node, pool, SystemClock())
        evaluator = make_evaluators(graph, pool)[node.name]
        scores = stack.enter_context(_scores(arguments.score, node, client, evaluator, chosen))
        stack.enter_context(cancelling_on_interrupt(cancel))
        tell = stack.enter_context(progress("answering"))
        selective = asyncio.run(_measured(questions, client, Scoring(alone, scores), tell, cancel))
    if selective is None:
        raise KeyboardInterrupt
    document = selective.document(seed=arguments.seed, wanted=arguments.accuracy, coverage=arguments.coverage)
    if arguments.plot is not None:
        curves = {name: accuracy_coverage(values, selective.right) for name, values in selective.scores.items()}
        plot_curves(curves, arguments.plot, title=f"{node.name}, {len(questions)} questions")
        note(f"curves written to {arguments.plot}")
    if arguments.json:
        write_json(document)
    else:
        aim = f"{arguments.accuracy:g}" if arguments.coverage is None else f"{arguments.coverage:.0%} answered"
        _show(document, len(questions), aim=aim)
    return 0


async def _measured(
    questions: Sequence[Question], client: LlamaClient, scoring: Scoring, tell: Any, cancel: CancelToken
) -> Selective | None:
    await client.prepare()
    report = await evaluate_answers(questions, scoring, progress=tell, cancel=cancel)
    return None if report is None else Selective.of(report.graded, scoring)


@contextmanager
def _scores(
    wanted: Sequence[str], node: Worker, client: LlamaClient, evaluator: SelectionScore, settings: Settings
) -> Iterator[list[SelectionScore]]:
    """Give the scores by name; the embedder of one ends with the block."""
    with ExitStack() as stack:
        samples = Samples(client, max_tokens=node.max_tokens, program=node.decoding == "program")
        made: list[SelectionScore] = [
            Perplexity(),
            Likelihood(),
            Delta(),
            PTrue(client, client.tokenize),
            evaluator,
            PredictiveEntropy(samples),
        ]
        if "semantic_entropy" in wanted:
            host = embedder_host(model_store(settings), threads=settings.threads_beside)
            stack.callback(host.stop)
            made.append(SemanticEntropy(samples, EmbedderClient(host)))
        yield [score for score in made if score.name in wanted]


def _show(document: dict[str, Any], count: int, *, aim: str) -> None:
    if not document:
        note("it gave no answer that could be scored")
        return
    accuracy = next(iter(document.values()))["accuracy"]
    say(f"{count} questions, {accuracy:.3f} answered rightly")
    say(f"{'score':20} {'auroc':>7} {'auacc':>7} {'coverage at 0.8':>16} {f'tau for {aim}':>{WIDE}}")
    for name, one in document.items():
        auroc = "-" if one["auroc"] is None else f"{one['auroc']:.4f}"
        tau = "-" if one["tau"] is None else "all" if one["tau"]["tau"] is None else f"{one['tau']['tau']:.3f}"
        say(f"{name:20} {auroc:>7} {one['auacc']:>7.4f} {one['coverage_at']['0.8']:>16.3f} {tau:>{WIDE}}")
