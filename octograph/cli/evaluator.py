"""The command that trains a worker's self-evaluation: ``train evaluator``."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from octograph.agents.evaluation.answering import evaluate_answers
from octograph.agents.evaluation.question import Question, read_questions
from octograph.agents.selection import Aspire, Likelihood, Perplexity
from octograph.agents.selection.aspire import ASKS, OPENS, verdicts
from octograph.agents.selection.lessons import judged
from octograph.agents.selection.measuring import Scoring, Selective
from octograph.agents.selection.weighing import best_alpha
from octograph.cancellation import CancelToken
from octograph.cli.growing import target_of, written
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import client_of, graph_of
from octograph.cli.output import note, progress, write_json
from octograph.composition import adapter_path, host_pool, model_store, worker_alone
from octograph.errors import UsageError
from octograph.graph import ModelGraph, Worker
from octograph.nodes.llama import LlamaClient
from octograph.nodes.tools import SystemClock
from octograph.nodes.training import Judged, PromptCard, PromptJob, PromptReport, Trainer
from octograph.settings import Settings

__all__ = ["train_evaluator"]

FEWEST = 40
"""Questions below which a training teaches nothing but the questions."""

HELD_OUT, MOST_HELD_OUT = 0.1, 150
"""Share of the questions that are measured and not learned, and how many at most."""

LEARNED = 60
"""Of the held out ones so many watch over the training; all of them choose alpha."""

AT_ONCE = 2


def train_evaluator(arguments: argparse.Namespace) -> int:
    """Train a worker's model to tell whether its answers are right, and put that into the graph."""
    graph, chosen = graph_of(arguments)
    target = target_of(graph, arguments.output)
    node = graph.worker(arguments.node)
    learned, held_out = _questions(arguments)
    out = (target.parent / f"{node.name}.evaluator.safetensors").absolute()
    made = asyncio.run(_Making(graph, node, chosen, out=out).evaluator(arguments, learned, held_out))
    if made is None:
        note("stopped; the same command goes on from here")
        raise KeyboardInterrupt
    job, report, alpha, quality = made
    trained = replace(node, evaluator=f"path:{out.name}", alpha=alpha)
    written(graph, trained, target=target)
    card = PromptCard(
        worker=node.name,
        base=graph.models[node.model or ""].source,
        data=f"`{arguments.data.name}` (SHA-256 {hashlib.sha256(arguments.data.read_bytes()).hexdigest()[:16]}…)",
        licence=arguments.licence,
        job=job,
        report=report,
        figures=[(f"AUROC of {name}, {len(held_out)} held-out questions", f"{value:.3f}") for name, value in quality],
    ).save()
    document = {
        "graph": str(target),
        "worker": node.name,
        "evaluator": str(out),
        "card": str(card),
        "questions": report.queries,
        "alpha": alpha,
        "validation_loss": report.validation_loss,
        "auroc": dict(quality),
        "minutes": round(report.seconds / 60, 1),
    }
    if arguments.json:
        write_json(document)
    else:
        note(
            f"{node.name} learned from {report.queries} questions in {report.seconds / 60:.0f} minutes; alpha {alpha:g}"
        )
        note("AUROC of the held-out questions: " + ", ".join(f"{name} {value:.3f}" for name, value in quality))
        note(f"written to {out.name}, {card.name} and {target}")
        note(f"see how well it knows: octograph eval selective DATA --graph {target} --worker {node.name}")
    return 0


def _questions(arguments: argparse.Namespace) -> tuple[list[Question], list[Question]]:
    """What is learned from, and what is only measured."""
    questions = [one for one in read_questions(arguments.data) if any(answer.strip() for answer in one.answers)]
    if len(questions) < FEWEST:
        raise UsageError(
            f"{len(questions)} questions with an answer are too few to train on", hint=f"Write {FEWEST} or more."
        )
    draw = random.Random(arguments.seed)  # noqa: S311  # a sample, not a secret
    draw.shuffle(questions)
    if arguments.validation is not None:
        held_out = read_questions(arguments.validation, limit=MOST_HELD_OUT, seed=arguments.seed)
        return questions[: arguments.limit], held_out
    count = min(MOST_HELD_OUT, max(1, round(HELD_OUT * len(questions))))
    return questions[count:][: arguments.limit], questions[:count]


@dataclass(frozen=True, slots=True)
class _Making:
    """What a self-evaluation is made with."""

    graph: ModelGraph
    node: Worker
    settings: Settings
    out: Path

    async def evaluator(
        self, arguments: argparse.Namespace, learned: Sequence[Question], held_out: Sequence[Question]
    ) -> tuple[PromptJob, PromptReport, float, list[tuple[str, float]]] | None:
        """Find answers, learn from them, and weigh what was learned; None if interrupted."""
        node, cancel = self.node, CancelToken()
        adapter = adapter_path(node, self.graph.folder)
        with ExitStack() as stack:
            stack.enter_context(cancelling_on_interrupt(cancel))
            pool = host_pool(self.graph, self.settings)
            stack.callback(pool.close)
            client = client_of(pool, node)
            await client.prepare()
            words = await verdicts(client.tokenize)
            watching = held_out[:LEARNED]
            lessons = await self._lessons(client, adapter, [*learned, *watching], cancel)
        if lessons is None:
            return None
        model = self.graph.models[node.model or ""]
        store = model_store(self.settings)
        job = PromptJob(
            kind="evaluation",
            model=str(store.locate(model, base=self.graph.folder)),
            adapter=None if adapter is None else str(adapter.absolute()),
            out=str(self.out),
            system=node.system,
            lessons=lessons[: len(learned)],
            validation=lessons[len(learned) :],
            words=words,
            length=arguments.length,
            asks=ASKS,
            opens=OPENS,
            epochs=arguments.epochs,
            rate=arguments.rate,
            threads=self.settings.cpu_threads,
            seed=arguments.seed,
        )
        report = await _trained(job, cancel)
        if report is None:
            return None
        self._lessons_file.unlink()
        weighed = await self._weighed(held_out, cancel)
        return None if weighed is None else (job, report, *weighed)

    @property
    def _lessons_file(self) -> Path:
        return self.out.with_name(f"{self.out.name}.lessons")

    async def _lessons(
        self, client: LlamaClient, adapter: Path | None, questions: Sequence[Question], cancel: CancelToken
    ) -> list[Judged] | None:
        """Likely answers of the worker to each question; those found before an interruption are taken up."""
        found = _found(self._lessons_file)
        missing = [one for one in questions if _key(one) not in found]
        room = asyncio.Semaphore(AT_ONCE)
        with progress("finding answers") as tell, self._lessons_file.open("a", encoding="utf-8") as file:

            async def find(question: Question) -> None:
                async with room:
                    lesson = (
                        None
                        if cancel.cancelled
                        else await judged(question, node=self.node, model=client, adapter=adapter, cancel=cancel)
                    )
                if lesson is not None:
                    found[_key(question)] = lesson
                    file.write(json.dumps([_key(question), lesson]) + "\n")
                    file.flush()
                    tell(len(found), len(questions))

            await asyncio.gather(*map(find, missing))
        return None if cancel.cancelled else [found[_key(one)] for one in questions]

    async def _weighed(
        self, held_out: Sequence[Question], cancel: CancelToken
    ) -> tuple[float, list[tuple[str, float]]] | None:
        """The weight of the self-evaluation, and how well the scores tell the held-out answers apart."""
        pool = host_pool(self.graph, self.settings)
        try:
            client = client_of(pool, self.node)
            alone = worker_alone(self.graph, self.node, pool, SystemClock())
            aspire = Aspire(client, client.tokenize, theta_s=self.out, alpha=1.0)
            likelihood = Perplexity() if self.node.length_normalised else Likelihood()
            scoring = Scoring(alone, [likelihood, aspire])
            with progress("weighing") as tell, cancelling_on_interrupt(cancel):
                report = await evaluate_answers(held_out, scoring, progress=tell, cancel=cancel)
        finally:
            await asyncio.to_thread(pool.close)
        if report is None:
            return None
        selective = Selective.of([one for one in report.graded if one.question in scoring.scores], scoring)
        likely, correct = selective.scores[likelihood.name], selective.scores["aspire"]
        best = best_alpha(likely, correct, selective.right)
        if best is None:
            note("all held-out answers were right, or all wrong: alpha stays as it was")
            return self.node.alpha, []
        alpha, quality = best
        alone_quality = best_alpha(likely, likely, selective.right)
        return alpha, [("the likelihood", alone_quality[1] if alone_quality else 0.5), ("aspire", quality)]


async def _trained(job: PromptJob, cancel: CancelToken) -> PromptReport | None:
    trainer = Trainer()
    try:
        with progress("training") as tell, cancelling_on_interrupt(cancel):
            async for piece in trainer.train_prompt(job, cancel=cancel):
                if isinstance(piece, PromptReport):
                    return piece
                tell(piece.step, piece.steps, f"loss {piece.loss:.3f}")
    finally:
        await asyncio.to_thread(trainer.close)
    return None


def _key(question: Question) -> str:
    return hashlib.sha256(f"{question.with_passages}\0{question.answers}".encode()).hexdigest()


def _found(file: Path) -> dict[str, Judged]:
    """Answers that an interrupted run has found."""
    if not file.is_file():
        return {}
    rows: list[Any] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("]")]
    return {key: (query, [(tuple(tokens), right) for tokens, right in answers]) for key, (query, answers) in rows}
