"""lm-polygraph's scores beside ours, for the page that `benchmarks.selective` makes.

Each scores its own greedy answer to the same messages: ours by llama.cpp on the weights in half precision with the
adapter beside them, theirs by transformers with it added to them (`benchmarks.peers.polygraph_scores`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.merged import beside_torch
from benchmarks.peer import peer_command, running
from octograph.agents.evaluation.answering import Graded, Reply, WorkerAlone, grade
from octograph.agents.evaluation.question import Question
from octograph.agents.selection import (
    Delta,
    Likelihood,
    Perplexity,
    PredictiveEntropy,
    PTrue,
    Samples,
    SelectionScore,
)
from octograph.agents.selection.measuring import Scoring, Selective, is_right
from octograph.cancellation import CancelToken
from octograph.composition import adapter_path
from octograph.graph import Worker
from octograph.nodes.grounded import GroundedWorker, question_over
from octograph.nodes.worker import ModelWorker, Task, conversation

__all__ = ["measured", "section"]

SAMPLES = 10


async def measured(questions: Sequence[Question], node: Worker) -> dict[str, Any]:
    """Quality of all scores, and the seconds of an answer with all of them, in turns."""
    ours: list[Graded] = []
    their_right: list[bool] = []
    their_scores: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {"ours": [], "lm-polygraph": []}
    with (
        beside_torch(node) as (client, started_with),
        running(*peer_command("polygraph_scores", *started_with)) as peer,
    ):
        about = peer(op="describe")
        adapter = adapter_path(node, None)
        plain = ModelWorker(node, client, adapter=adapter)
        worker = GroundedWorker(node, client, plain=plain, adapter=adapter)
        samples = Samples(client, max_tokens=node.max_tokens, count=SAMPLES)
        scores: list[SelectionScore] = [
            Perplexity(),
            Likelihood(),
            Delta(),
            PTrue(client, client.tokenize),
            PredictiveEntropy(samples),
        ]
        scoring = Scoring(WorkerAlone(node.name, worker, reads=True), scores)
        for question in questions:
            started = time.perf_counter()
            reply = await scoring.reply(question, cancel=CancelToken())
            seconds["ours"].append(time.perf_counter() - started)
            ours.append(grade(question, reply))
            asked = Task(query=question_over(question.passages, question.asked))
            messages = [asdict(one) for one in conversation(node, asked)]
            theirs = peer(op="scores", messages=messages, k=SAMPLES, max_tokens=node.max_tokens)
            seconds["lm-polygraph"].append(theirs["seconds"])
            answer = Reply(text=theirs["text"].strip(), worker=None)
            their_right.append(is_right(grade(question, answer)))
            for name, score in theirs["scores"].items():
                their_scores.setdefault(name, []).append(score)
    theirs_selective = Selective(
        right=tuple(their_right), scores={name: tuple(values) for name, values in their_scores.items()}
    )
    # The first question warms up.
    pairs = zip(seconds["lm-polygraph"][1:], seconds["ours"][1:], strict=True)
    return {
        "peer": about,
        "n": len(questions),
        "ours": Selective.of(ours, scoring).document(),
        "lm-polygraph": theirs_selective.document(),
        "median_seconds": {name: median(values[1:]) for name, values in seconds.items()},
        "times_faster": median(one / two for one, two in pairs),
    }


def section(found: Mapping[str, Any]) -> list[str]:
    """Of the page."""
    peer = found["peer"]
    sides = {"ours": "ours", "lm-polygraph": "lm-polygraph"}
    right = {side: next(iter(found[side].values()))["accuracy"] for side in sides}
    rows = [
        f"| {side} | `{name}` | {one['auroc']:.3f} [{one['auroc_interval'][0]:.3f}, {one['auroc_interval'][1]:.3f}] "
        f"| {one['auacc']:.3f} |"
        for side in sides
        for name, one in sorted(found[side].items(), key=lambda item: -item[1]["auroc"])
    ]
    return [
        "",
        "## Beside lm-polygraph",
        "",
        f"lm-polygraph {peer['lm_polygraph']} on transformers {peer['transformers']} and torch {peer['torch']}: the "
        f"reader with its adapter in {peer['dtype']}, {peer['threads']} threads, on {found['n']} of these questions, "
        "each with its own greedy answer to the same messages, in turns with ours on the same weights in half "
        "precision.",
        f"Of ours {right['ours']:.2f} are right, of its {right['lm-polygraph']:.2f}. "
        f"An answer with {SAMPLES} samples and all scores takes 1/{found['times_faster']:.1f} of its time (median).",
        "Its scores that need a model of textual entailment, such as its semantic entropy, are left out.",
        "",
        "| | score | AUROC | AUACC |",
        "|---|---|---|---|",
        *rows,
    ]
