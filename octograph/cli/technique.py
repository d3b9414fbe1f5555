"""The command that chooses by which technique a worker answers: ``train technique``."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from octograph.agents.evaluation.question import Question, read_questions
from octograph.agents.evaluation.techniques import (
    FEWEST,
    TECHNIQUES,
    Choice,
    Technique,
    Trial,
    candidates,
    choose,
)
from octograph.cancellation import CancelToken
from octograph.cli.alone import altered, discovered, measured
from octograph.cli.growing import target_of, written
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import graph_of
from octograph.cli.output import note, progress, say, write_json
from octograph.cli.writable import check_writable
from octograph.composition import head_path, host_pool, worker_alone
from octograph.errors import OctographError, UsageError
from octograph.graph import ModelGraph, Worker
from octograph.nodes.master import HeadFile
from octograph.nodes.pool import HostPool
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.tools import SystemClock

__all__ = ["train_technique"]


def train_technique(arguments: argparse.Namespace) -> int:
    """Measure the techniques of a worker on questions, and put the one that is worth its cost into the graph."""
    graph, chosen = graph_of(arguments)
    target = target_of(graph, arguments.output)
    node = _worker(graph, arguments.node)
    questions = _questions(arguments)
    check_writable(target, what="the graph")
    HeadFile.load(head_path(graph))  # it is written with the graph: what is missing is better told now than then
    able, left_out = _able(graph, node, arguments.technique)
    for name, why in left_out.items():
        note(f"{name} is left out: {why}")
    if not any(one.is_of(node) for one in TECHNIQUES):
        note(f"the decoding {node.decoding!r} of {node.name} is no technique, and is not measured")
    cancel, pool = CancelToken(), host_pool(graph, chosen)
    measuring = _Measuring(node=node, pool=pool, questions=questions, cancel=cancel)
    with ExitStack() as stack:
        stack.callback(pool.close)
        stack.enter_context(cancelling_on_interrupt(cancel))
        asyncio.run(measuring.all(able))
    if cancel.cancelled:
        raise KeyboardInterrupt
    if not measuring.trials:
        raise next(iter(measuring.failed.values()))  # the others failed much the same
    choice = choose(measuring.trials)
    name = choice.chosen.technique
    data = os.fsencode(arguments.data.name).decode(errors="replace")  # not every file name is Unicode
    trained = replace(able[name].worker(node.name), measured=choice.measured(data))
    written(graph, trained, target=target)
    failed = {technique: error.message for technique, error in measuring.failed.items()}
    if arguments.json:
        write_json(
            {
                "graph": str(target),
                "worker": node.name,
                "questions": len(questions),
                "chosen": name,
                "reason": choice.reason,
                "measured": trained.measured,
                "techniques": [one.document() for one in choice.trials],
                "comparisons": [one.document() for one in choice.comparisons],
                "failed": failed,
                "left_out": left_out,
            }
        )
    else:
        _show(choice, failed)
        note(f"{node.name} answers by {name} from now on; written to {target}")
    if trained.decoding != node.decoding and (node.evaluator, node.tau) != (None, None):
        note("its evaluator and tau were made for answers of another decoding: see `octograph train evaluator`")
    return 0


def _worker(graph: ModelGraph, name: str) -> Worker:
    """The worker that is meant.

    Raises
    ------
    UsageError
        It has no model, so there is nothing to choose.

    """
    node = graph.worker(name)
    if node.model is None:
        what = "is a tool" if node.declines is None else "declines, and answers nothing"
        raise UsageError(f"the worker {node.name!r} {what}: it has no technique", hint="Name a worker with a model.")
    return node


def _questions(arguments: argparse.Namespace) -> list[Question]:
    questions = read_questions(arguments.data, limit=arguments.limit, seed=arguments.seed)
    if len(questions) < FEWEST:
        raise UsageError(
            f"{len(questions)} questions are too few to tell techniques apart",
            hint=f"Give {FEWEST} or more; a hundred tell what is worth knowing.",
        )
    return questions


def _able(graph: ModelGraph, node: Worker, named: Sequence[str]) -> tuple[dict[str, ModelGraph], dict[str, str]]:
    """The graph with each technique that the worker can do, and why it cannot do the others.

    Raises
    ------
    UsageError
        It cannot do one that was named.

    """
    able: dict[str, ModelGraph] = {}
    left_out: dict[str, str] = {}
    for one in candidates(node, named):
        try:
            able[one.name] = _with(graph, node, one)
        except UsageError as error:
            if named:
                raise
            left_out[one.name] = error.message
    return able, left_out


def _with(graph: ModelGraph, node: Worker, technique: Technique) -> ModelGraph:
    return altered(
        graph, node, decoding=technique.decoding, reasoning=technique.reasoning, structure=technique.structure
    )


@dataclass(slots=True, kw_only=True)
class _Measuring:
    """What the techniques of a worker came to so far, and what went wrong with the others."""

    node: Worker
    pool: HostPool
    questions: Sequence[Question]
    cancel: CancelToken
    trials: list[Trial] = field(default_factory=list)
    failed: dict[str, OctographError] = field(default_factory=dict)
    structure: ReasoningStructure | None = None

    async def all(self, able: Mapping[str, ModelGraph]) -> None:
        """Measure one after the other, as they would take each other's time; until it is cancelled."""
        for name, graph in able.items():
            try:
                trial = await self._trial(name, graph)
            except OctographError as error:  # of this technique: others may fare better
                self.failed[name] = error
                continue
            if trial is None:
                return
            self.trials.append(trial)

    async def _trial(self, name: str, graph: ModelGraph) -> Trial | None:
        node, structure = graph.worker(self.node.name), None
        if node.reasoning == "self-discover":
            structure = await self._structure(graph, node)
            if structure is None:
                return None
        alone = worker_alone(graph, node, self.pool, SystemClock(), structure=structure)
        with progress(name) as tell:
            report = await measured(self.questions, alone, self.pool.clients.get(node.model or ""), tell, self.cancel)
        return None if report is None else Trial.of(name, report)

    async def _structure(self, graph: ModelGraph, node: Worker) -> ReasoningStructure | None:
        """What the worker fills: in either form the same, so that the forms are compared and nothing else."""
        if self.structure is None:
            self.structure = await discovered(graph, node, self.pool, self.questions, self.cancel)
        return self.structure


def _show(choice: Choice, failed: Mapping[str, str]) -> None:
    count = len(choice.chosen.right)
    say(f"{'technique':18} {f'right of {count}':>13}  {'95 %':16} {'tokens':>7} {'seconds':>8}")
    for one in choice.trials:
        low, high = one.interval
        right = f"{one.hits} ({one.share:.3f})"
        say(f"{one.technique:18} {right:>13}  {low:.3f} to {high:.3f}   {one.tokens:>7.1f} {one.seconds:>8.1f}")
    for name, message in failed.items():
        say(f"{name:18} failed: {message}")
    for comparison in choice.comparisons:
        say(
            f"{comparison.technique} against {comparison.against}: right alone on {comparison.better},"
            f" wrong alone on {comparison.worse}, p = {comparison.p:.2g}"
        )
    say(f"chosen: {choice.chosen.technique} ({choice.reason})")
