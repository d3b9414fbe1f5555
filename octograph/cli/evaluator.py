"""The command that trains a worker's self-evaluation: ``train evaluator``."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from octograph.agents.evaluation.answering import evaluate_answers
from octograph.agents.evaluation.data import sampled
from octograph.agents.evaluation.question import Question, read_questions
from octograph.agents.selection import Aspire, Likelihood, Perplexity
from octograph.agents.selection.aspire import ASKS, OPENS, verdicts
from octograph.agents.selection.kept import KeptLessons
from octograph.agents.selection.lessons import find_lessons
from octograph.agents.selection.measuring import Scoring, Selective
from octograph.agents.selection.weighing import Weighing, weigh
from octograph.cancellation import CancelToken
from octograph.cli.growing import target_of, written
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import client_of, graph_of
from octograph.cli.output import note, progress, write_json
from octograph.cli.writable import check_writable
from octograph.composition import adapter_path, head_path, host_pool, model_store, worker_alone
from octograph.errors import UsageError
from octograph.graph import ModelGraph, Worker
from octograph.nodes.master import HeadFile
from octograph.nodes.models.store import file_identity
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


def train_evaluator(arguments: argparse.Namespace) -> int:
    """Train a worker's model to tell whether its answers are right, and put that into the graph."""
    graph, chosen = graph_of(arguments)
    target = target_of(graph, arguments.output)
    node = graph.worker(arguments.node)
    learned, held_out = _questions(arguments)
    check_writable(target, what="the graph")
    HeadFile.load(head_path(graph))  # it is written with the graph: what is missing is better told now than then
    out = (target.parent / f"{node.name}.evaluator.safetensors").absolute()
    making = _Making(graph, node, chosen, out=out)
    made = asyncio.run(making.evaluator(arguments, learned, held_out))
    if made is None:
        note("stopped; the same command goes on from here")
        raise KeyboardInterrupt
    trained = replace(node, evaluator=f"path:{out.name}", alpha=made.alpha)
    written(graph, trained, target=target)
    card = PromptCard(
        worker=node.name,
        base=graph.models[node.model or ""].source,
        data=f"`{arguments.data.name}` (SHA-256 {hashlib.sha256(arguments.data.read_bytes()).hexdigest()[:16]}…)",
        licence=arguments.licence,
        job=made.job,
        report=made.report,
        figures=[(f"AUROC of {name}, {made.held_out}", f"{value:.3f}") for name, value in made.quality],
    ).save()
    making.kept.forget()
    document = {
        "graph": str(target),
        "worker": node.name,
        "evaluator": str(out),
        "card": str(card),
        "questions": made.report.queries,
        "too_long": made.too_long,
        "alpha": made.alpha,
        "validation_loss": made.report.validation_loss,
        "auroc": dict(made.quality),
        "minutes": round(made.report.seconds / 60, 1),
    }
    if arguments.json:
        write_json(document)
    else:
        _show(node, made)
        note(f"written to {out.name}, {card.name} and {target}")
        note(f"see how well it knows: octograph eval selective DATA --graph {target} --worker {node.name}")
    if node.tau is not None:
        note(f"its tau of {node.tau:g} was made for another score: find one anew with `octograph eval selective`")
    return 0


def _show(node: Worker, made: _Made) -> None:
    report = made.report
    minutes = f"{report.seconds / 60:.0f} minutes"
    note(f"{node.name} learned from {report.queries} questions in {minutes}; alpha {made.alpha:g}")
    if made.too_long:
        note(f"{made.too_long} questions were left out: they are too long for the model's context")
    if made.weighing is None:
        note("too few held-out answers were right, or wrong, to choose alpha by: it stays as it was")
        return
    if made.weighing.alpha == 0:
        note("what the self-evaluation tells beyond the likelihood may be chance, so it counts nothing")
    note(f"AUROC of {made.held_out}: " + ", ".join(f"{name} {value:.3f}" for name, value in made.quality))


def _questions(arguments: argparse.Namespace) -> tuple[list[Question], list[Question]]:
    """What is learned from, and what is only measured."""
    questions = _answerable(arguments.data)
    if len(questions) < FEWEST:
        raise UsageError(
            f"{len(questions)} questions with an answer are too few to train on", hint=f"Write {FEWEST} or more."
        )
    draw = random.Random(arguments.seed)  # noqa: S311  # a sample, not a secret
    draw.shuffle(questions)
    if arguments.validation is not None:
        held_out = _answerable(arguments.validation)
        if not held_out:
            raise UsageError(
                f"{str(arguments.validation)!r} holds no question with an answer",
                hint="Leave --validation out, and a tenth of the data is kept apart.",
            )
        return questions[: arguments.limit], sampled(held_out, limit=MOST_HELD_OUT, seed=arguments.seed)
    count = min(MOST_HELD_OUT, max(1, round(HELD_OUT * len(questions))))
    return questions[count:][: arguments.limit], questions[:count]


def _answerable(path: Path) -> list[Question]:
    """The questions of a file that have an answer: a blank one is none."""
    questions = [
        replace(one, answers=tuple(answer for answer in one.answers if answer.strip())) for one in read_questions(path)
    ]
    return [one for one in questions if one.answers]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What came of it: the training, the weighing if one was possible, and how many questions were too long."""

    job: PromptJob
    report: PromptReport
    weighing: Weighing | None
    alpha: float
    too_long: int

    @property
    def quality(self) -> list[tuple[str, float]]:
        """AUROC of each score."""
        found = self.weighing
        return [] if found is None else [("the likelihood", found.likelihood), ("aspire", found.aspire)]

    @property
    def held_out(self) -> str:
        """What was measured, in words; how far it had a part in what is measured."""
        if self.weighing is None:
            return "nothing"
        watching = self.report.validation_queries
        return (
            f"{self.weighing.n} held-out answers, alpha chosen on one half and measured on the other"
            f" ({watching} of the questions also chose the rows)"
        )


@dataclass(frozen=True, slots=True)
class _Making:
    """What a self-evaluation is made with."""

    graph: ModelGraph
    node: Worker
    settings: Settings
    out: Path

    @property
    def _model(self) -> Path:
        return model_store(self.settings).locate(self.graph.models[self.node.model or ""], base=self.graph.folder)

    @property
    def _adapter(self) -> Path | None:
        return adapter_path(self.node, self.graph.folder)

    @property
    def kept(self) -> KeptLessons:
        """The lessons found so far."""
        files = [None if file is None else file_identity(file) for file in (self._model, self._adapter)]
        maker = repr((files, self.node.system, self.node.max_tokens))
        return KeptLessons(self.out.with_name(f"{self.out.name}.lessons"), maker=maker)

    async def evaluator(
        self, arguments: argparse.Namespace, learned: Sequence[Question], held_out: Sequence[Question]
    ) -> _Made | None:
        """Find answers, learn from them, and weigh what was learned; None if interrupted."""
        node, adapter, cancel = self.node, self._adapter, CancelToken()
        asked = [*learned, *held_out[:LEARNED]]
        with ExitStack() as stack:
            stack.enter_context(cancelling_on_interrupt(cancel))
            pool = host_pool(self.graph, self.settings)
            stack.callback(pool.close)
            client = client_of(pool, node)
            await client.prepare()
            words = await verdicts(client.tokenize)
            tell = stack.enter_context(progress("finding answers"))
            found = await find_lessons(
                asked, node=node, model=client, adapter=adapter, kept=self.kept, tell=tell, cancel=cancel
            )
        if found is None:
            return None
        lessons = _of(learned, found)
        if not lessons:
            raise UsageError(
                "all questions are too long for the model's context",
                hint="Give the model a larger `context`, or shorter passages.",
            )
        job = PromptJob(
            kind="evaluation",
            model=str(self._model),
            adapter=None if adapter is None else str(adapter.absolute()),
            out=str(self.out),
            system=node.system,
            lessons=lessons,
            validation=_of(held_out[:LEARNED], found),
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
        scores = None if report is None else await self._scores(held_out, cancel)
        if report is None or scores is None:
            return None
        weighing = weigh(*scores, seed=arguments.seed)
        return _Made(
            job=job,
            report=report,
            weighing=weighing,
            alpha=node.alpha if weighing is None else weighing.alpha,
            too_long=sum(one not in found for one in asked),
        )

    async def _scores(
        self, held_out: Sequence[Question], cancel: CancelToken
    ) -> tuple[Sequence[float], Sequence[float], Sequence[bool]] | None:
        """The likelihood and the self-evaluation of each held-out answer that has both, and whether it is right."""
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
        names = {likelihood.name, aspire.name}
        selective = Selective.of(
            [one for one in report.graded if names == {*scoring.scores.get(one.question, ())}], scoring
        )
        likely, correct = (selective.scores.get(name, ()) for name in (likelihood.name, aspire.name))
        return likely, correct, selective.right


def _of(questions: Sequence[Question], found: Mapping[Question, Judged]) -> list[Judged]:
    return [found[one] for one in questions if one in found]


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
