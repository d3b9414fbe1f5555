"""The command that compares answers: ``judge``."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from octograph.agents.judging import ASPECTS, Aspect, Judge, Judgement, read_aspects
from octograph.cancellation import CancelToken
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import graph_of
from octograph.cli.output import say, shortened, write_json
from octograph.composition import adapter_path, host_pool
from octograph.errors import UsageError
from octograph.graph import Judge as JudgeNode
from octograph.graph import ModelGraph, Worker
from octograph.graph.problems import did_you_mean

__all__ = ["judge"]


def judge(arguments: argparse.Namespace) -> int:
    """Compare answers to a question; the best comes first."""
    graph, chosen = graph_of(arguments)
    node = _node(graph, arguments.node)
    aspects = _aspects(arguments, node.aspects if isinstance(node, JudgeNode) else tuple(ASPECTS))
    context = None if arguments.context is None else _text(arguments.context)
    model, adapter = _judging(graph, node)
    cancel = CancelToken()
    pool = host_pool(graph, chosen)
    try:
        client = pool.clients[model]
        with cancelling_on_interrupt(cancel):
            judgements = asyncio.run(
                Judge(client, client.tokenize, adapter=adapter).judge(
                    arguments.question, arguments.answers, aspects=aspects, context=context, cancel=cancel
                )
            )
    finally:
        pool.close()
    if judgements is None:
        raise KeyboardInterrupt
    ranked = sorted(judgements, key=lambda one: one.mean, reverse=True)
    if arguments.json:
        write_json(
            {
                "question": arguments.question,
                "model": model,
                "node": None if node is None else node.name,
                "aspects": [aspect.name for aspect in aspects],
                "answers": [{"rank": rank, **one.document()} for rank, one in enumerate(ranked, start=1)],
            }
        )
    else:
        _show(ranked)
    return 0


def _aspects(arguments: argparse.Namespace, usual: Sequence[str]) -> tuple[Aspect, ...]:
    """The aspects that are named, or all of the file, or the usual ones without one.

    Raises
    ------
    UsageError
        There is no aspect of that name, or the file is wrong.

    """
    own = {} if arguments.aspects is None else {aspect.name: aspect for aspect in read_aspects(arguments.aspects)}
    known = {**ASPECTS, **own}
    names = list(dict.fromkeys(arguments.aspect)) or list(own) or usual
    for name in names:
        if name not in known:
            raise UsageError(f"there is no aspect {name!r}", hint=did_you_mean(name, known, what="Aspects"))
    return tuple(known[name] for name in names)


def _node(graph: ModelGraph, name: str | None) -> JudgeNode | Worker | None:
    """The node that judges: the worker or judge of that name, or the graph's judge; None for the master's model.

    Raises
    ------
    GraphError
        There is no such worker or judge.

    """
    judge = graph.judge
    return judge if name is None or (judge is not None and name == judge.name) else graph.worker(name)


def _judging(graph: ModelGraph, node: JudgeNode | Worker | None) -> tuple[str, Path | None]:
    """Name of the model that judges, and the adapter over it: those of a node, or the master's model as it is.

    Raises
    ------
    UsageError
        The worker has no model here that could tell how likely an answer is.
    ModelMissingError
        Its adapter is not there.

    """
    if node is None:
        return graph.master.model, None
    hint = "Name a worker with a model on this machine, or leave --node out for the judge's or the master's."
    if node.model is None:
        what = "is a tool" if node.tool is not None else "declines its queries"
        raise UsageError(f"the worker {node.name!r} {what} and has no model to judge with", hint=hint)
    if graph.models[node.model].is_remote:
        raise UsageError(
            f"the worker {node.name!r} has its model at a server, which does not tell how likely a given text is",
            hint=hint,
        )
    return node.model, adapter_path(node, graph.folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with a null character
        raise UsageError(
            f"the context {str(path)!r} cannot be read: {error}", hint="Give a text file in UTF-8."
        ) from error


def _show(ranked: Sequence[Judgement]) -> None:
    for rank, one in enumerate(ranked, start=1):
        say(f"{rank}. {one.mean:.3f}  {shortened(' '.join(one.answer.split()))}")
        say("   " + "  ".join(f"{name} {score:.3f}" for name, score in one.scores.items()))
