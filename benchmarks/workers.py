"""Every trained worker of the bundled graph, with its adapter and as the model comes; makes docs/workers.md.

    python -m benchmarks.workers --data DATA [--only math reader] [--limit 500]
    python -m benchmarks.workers --page

``DATA`` is a folder with ``arithmetic/*-dev.jsonl``, ``gsm8k/train.jsonl.gz`` (of which the last 500 problems were kept
out of training) and ``squad/dev-a.jsonl.gz``. The tests of everyday language are in ``recipes/everyday``. Also:
unanswerable questions told apart (AUROC), what it costs to change the adapter from one query to the next, and the
memory of the one process that holds the weights and all adapters. Writes ``benchmarks/results/workers.json``, a task at
a time; ``--page`` only writes the page anew. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from sklearn.metrics import roc_auc_score

from benchmarks.machine import describe
from octograph import settings
from octograph.agents.evaluation.answering import Graded, evaluate_answers
from octograph.agents.evaluation.answers import best_f1, proportion_interval
from octograph.agents.evaluation.question import Question, read_questions
from octograph.cancellation import CancelToken
from octograph.composition import adapter_path, host_pool, worker_alone
from octograph.graph import ModelGraph, Worker, open_graph
from octograph.nodes.decoding import Chat, DecodeRequest, ScoreRequest, Text
from octograph.nodes.generation import Message
from octograph.nodes.grounded import NOT_FOUND
from octograph.nodes.llama import LlamaClient
from octograph.nodes.tools import SystemClock
from octograph.nodes.worker import Task as Asked
from octograph.nodes.worker import conversation

OUTPUT = Path(__file__).parent / "results" / "workers.json"
PAGE = Path(__file__).parent.parent / "docs" / "workers.md"
EVERYDAY = Path(__file__).parent.parent / "recipes" / "everyday"
KEPT_OUT = 500
DRAWS = 2000
SEED = 0

Measure = Callable[[Graded], float]


def numeric(one: Graded) -> float:
    """1 if the number at the end is right."""
    return float(bool(one.numeric))


def exact(one: Graded) -> float:
    """1 if it is one of the answers."""
    return float(one.exact)


def words(one: Graded) -> float:
    """F1 of the words."""
    return one.f1


def fields(one: Graded) -> float:
    """Share of the wanted fields that have the wanted value, for the most favourable answer."""
    try:
        found = json.loads(one.reply.text)
    except ValueError:
        return 0.0
    if not isinstance(found, dict):
        return 0.0
    shares = []
    for answer in one.question.answers:
        wanted: dict[str, Any] = json.loads(answer)
        right = sum(key in found and found[key] == value for key, value in wanted.items())
        shares.append(right / max(1, len({*wanted, *found})))
    return max(shares, default=0.0)


def numbers(one: Graded) -> float:
    """1 if every number of the question's text is in the answer."""
    given: list[str] = re.findall(r"[0-9]+", one.question.text)
    return float(all(number in one.reply.text for number in given))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is measured on.

    Attributes
    ----------
    worker
        Its name.
    system
        The prompt that the plain model gets for the same job.
    title
        For the page.
    measures
        What counts, by name; the first matters most.

    """

    worker: str
    system: str
    title: str
    measures: Mapping[str, Measure]


STEPS = (
    "You solve word problems. Work step by step in short lines, one calculation a line, and end with 'The answer is' "
    "and the number."
)
TASKS: Mapping[str, Task] = {
    "math": Task(
        worker="math", system=STEPS, title="MultiArith, AddSub and SingleEq", measures={"right number": numeric}
    ),
    "math-gsm8k": Task(
        worker="math", system=STEPS, title="GSM8K, 500 problems kept out", measures={"right number": numeric}
    ),
    "reasoning": Task(
        worker="reasoning", system=STEPS, title="MultiArith, AddSub and SingleEq", measures={"right number": numeric}
    ),
    "reader": Task(
        worker="reader",
        system="You answer questions from the passages that you are given, in a few words of theirs.",
        title="SQuAD, with the passage",
        measures={"exact match": exact, "F1": words},
    ),
    "rewriting": Task(
        worker="rewriting",
        system="You rewrite texts. Answer with the rewritten text only.",
        title="rewriting in a tone, 60 written here",
        measures={"F1": words, "all numbers kept": numbers},
    ),
    "summary": Task(
        worker="summary",
        system="You summarise texts. Answer with the summary only.",
        title="summaries of one to three sentences, 60 written here",
        measures={"F1": words},
    ),
    "extraction": Task(
        worker="extraction",
        system="You extract fields from texts. Answer with one JSON object only.",
        title="fields to JSON, 60 written here",
        measures={"all fields right": lambda one: float(fields(one) == 1.0), "fields right": fields},
    ),
}


def questions(name: str, data: Path | None, *, limit: int) -> list[Question]:
    """The data of a task."""
    if name in ("rewriting", "summary", "extraction"):
        file = {"rewriting": "rewrite", "summary": "summarise", "extraction": "extract"}
        return read_questions(EVERYDAY / f"{file[name]}.test.jsonl", limit=limit)
    if data is None:
        raise SystemExit(f"{name} is measured on data of others: give --data")
    if name == "reader":
        return read_questions(data / "squad" / "dev-a.jsonl.gz", limit=limit)
    if name == "math-gsm8k":
        return read_questions(data / "gsm8k" / "train.jsonl.gz")[-KEPT_OUT:][:limit]
    found = [one for path in sorted((data / "arithmetic").glob("*-dev.jsonl")) for one in read_questions(path)]
    return random.Random(SEED).sample(found, min(limit, len(found)))


def plain(node: Worker, task: Task) -> Worker:
    """The worker as the model comes."""
    changed = replace(node, adapter=None, decoding="greedy", branches=None, output="text")
    return replace(changed, system=task.system, max_tokens=160)


async def answered(model_graph: ModelGraph, node: Worker, asked: Sequence[Question]) -> tuple[list[Graded], float]:
    """What a worker answers, and the seconds that it took for all."""
    altered = model_graph.with_changed(node)
    pool = host_pool(altered, settings.load())
    try:
        await pool.clients[node.model or ""].prepare()
        alone = worker_alone(altered, node, pool, SystemClock())
        report = await evaluate_answers(asked, alone, progress=lambda done, total: None, cancel=CancelToken())
    finally:
        await asyncio.to_thread(pool.close)
    if report is None:
        raise RuntimeError("nobody cancelled it")
    return list(report.graded), report.seconds


def scores(graded: Sequence[Graded], seconds: float, task: Task) -> dict[str, Any]:
    """The means with their 95 % intervals: Wilson's for shares, bootstrap for the rest."""
    found: dict[str, Any] = {"n": len(graded), "seconds_a_question": seconds / len(graded)}
    for name, measure in task.measures.items():
        values = np.array([measure(one) for one in graded])
        interval = None
        if set(np.unique(values)) <= {0.0, 1.0}:
            interval = proportion_interval(int(values.sum()), len(values))
        if interval is None:
            draws = np.random.default_rng(SEED).choice(values, (DRAWS, len(values))).mean(axis=1)
            low, high = np.quantile(draws, [0.025, 0.975])
            interval = (float(low), float(high))
        found[name] = {"mean": float(values.mean()), "interval": interval}
    return found


async def measured(name: str, data: Path | None, *, limit: int, plain_limit: int) -> dict[str, Any]:
    """One task, before and after."""
    model_graph, task = open_graph("embedded"), TASKS[name]
    node = model_graph.worker(task.worker)
    asked = questions(name, data, limit=limit)
    before = asked[:plain_limit] if len(asked) > plain_limit else asked
    result: dict[str, Any] = {
        "before": scores(*await answered(model_graph, plain(node, task), before), task),
        "after": scores(*await answered(model_graph, node, asked), task),
    }
    if name in ("rewriting", "summary"):
        copied = [best_f1(one.text, one.answers) for one in asked]
        result["copying the request, F1"] = float(np.mean(copied))
    return result


async def unanswerable(data: Path, *, count: int = 300) -> dict[str, Any]:
    """How well the reader tells questions that a passage answers from those on another passage.

    The score is ``log p(refusal | passage, question)``, over all tokens of the refusal.
    """
    model_graph = open_graph("embedded")
    node = model_graph.worker("reader")
    asked = read_questions(data / "squad" / "dev-a.jsonl.gz", limit=2 * count, seed=SEED)
    right, wrong = asked[:count], asked[count:]
    draw = random.Random(SEED)
    mismatched = []
    for one in wrong:
        others = [
            other
            for other in asked
            if other.passages != one.passages and not any(text in other.passages[0].text for text in one.answers)
        ]
        mismatched.append(replace(one, passages=draw.choice(others).passages))
    pool = host_pool(model_graph, settings.load())
    client = pool.clients[node.model or ""]
    adapter = adapter_path(node, model_graph.folder)
    try:
        found = []
        for one in (*right, *mismatched):
            task = Asked(query=one.with_passages)
            request = ScoreRequest(
                prompt=(Chat(conversation(node, task)),), continuations=(Text(NOT_FOUND),), adapter=adapter
            )
            result = await client.score(request, cancel=CancelToken())
            if result is None:
                raise RuntimeError("nobody cancelled it")
            found.append(float(result.continuations[0].measures.logprobs.sum()))
    finally:
        await asyncio.to_thread(pool.close)
    labels = [0] * len(right) + [1] * len(mismatched)
    return {"n": len(labels), "auroc": float(roc_auc_score(labels, found))}


async def switching(*, rounds: int = 40) -> dict[str, Any]:
    """What a change of the adapter between two queries costs: one token each, behind prompts that are in the cache."""
    model_graph = open_graph("embedded")
    nodes = [node for node in model_graph.workers() if node.adapter]
    pool = host_pool(model_graph, settings.load())
    client = pool.clients[nodes[0].model or ""]

    async def once(client: LlamaClient, node: Worker) -> float:
        adapter = adapter_path(node, model_graph.folder)
        messages = (Message(role="system", content=node.system), Message(role="user", content="What is it?"))
        request = DecodeRequest(prompt=(Chat(messages),), max_tokens=1, adapter=adapter)
        started = time.perf_counter()
        async for _ in client.decode(request, cancel=CancelToken()):
            pass
        return time.perf_counter() - started

    try:
        await client.prepare()
        process = psutil.Process(client.host.pid or 0)
        before = process.memory_info().rss
        first = [await once(client, node) for node in nodes]
        one, other = nodes[:2]
        same = [await once(client, one) for _ in range(rounds)]
        changing = [await once(client, (one, other)[place % 2]) for place in range(rounds)]
        after = process.memory_info().rss
        weights = client.host.info["size_bytes"]
    finally:
        await asyncio.to_thread(pool.close)
    return {
        "adapters": len(nodes),
        "first_use_ms": [1000 * seconds for seconds in first],
        "same_adapter_ms": 1000 * median(same),
        "another_adapter_ms": 1000 * median(changing),
        "switch_ms": 1000 * (median(changing) - median(same)),
        "weights_mib": weights / 2**20,
        "resident_before_mib": before / 2**20,
        "resident_with_all_adapters_mib": after / 2**20,
    }


def page(results: Mapping[str, Any]) -> str:
    """The evaluation page."""
    rows = []
    for name, task in TASKS.items():
        if name not in results:
            continue
        before, after = results[name]["before"], results[name]["after"]
        for place, measure in enumerate(task.measures):
            rows.append(
                f"| {f'`{task.worker}`' if place == 0 else ''} | {task.title if place == 0 else ''} | {measure} "
                f"| {_figure(before, measure)} | {_figure(after, measure)} |"
            )
    described = "\n".join(
        f"- `{node.name}`: {node.description}." + (f" It declines: {node.declines}." if node.declines else "")
        for node in open_graph("embedded").workers()
        if node.adapter or node.declines
    )
    extra = [
        f"Repeating the whole request would have an F1 of {results[name]['copying the request, F1']:.2f} as a {name}."
        for name in ("rewriting", "summary")
        if name in results
    ]
    if "unanswerable" in results:
        found = results["unanswerable"]
        extra.append(
            f"The reader tells questions on another passage from those that the passage answers with an AUROC of "
            f"**{found['auroc']:.4f}** ({found['n']} pairs)."
        )
    if "switching" in results:
        found = results["switching"]
        extra.append(
            f"All {found['adapters']} adapters stand over one copy of the weights ({found['weights_mib']:.0f} MiB): "
            f"the process takes {found['resident_before_mib']:.0f} MiB before and "
            f"{found['resident_with_all_adapters_mib']:.0f} MiB after every adapter was used. A query to another "
            f"adapter than the one before costs {found['switch_ms']:.1f} ms more than one to the same."
        )
    return (
        "# Workers, measured\n\n"
        "Made by `python -m benchmarks.workers`; the results with the machine's description are in "
        "`benchmarks/results/workers.json`.\n"
        "Before: SmolLM2-135M-Instruct as it comes, greedy, under a prompt that asks for the same. After: with the "
        "worker's adapter. 95 % intervals.\n\n"
        "| worker | data | measure | before | after |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        + "\n\n".join(extra)
        + "\n\n## What they do\n"
        + described
        + "\n\nHow each adapter was made is in its card in `octograph/graph/bundled/`; the recipes are in "
        "[recipes/](../recipes/README.md).\n"
    )  # fmt: skip


def _figure(side: Mapping[str, Any], measure: str) -> str:
    mean, (low, high) = side[measure]["mean"], side[measure]["interval"]
    return f"{mean:.3f} [{low:.3f}, {high:.3f}] of {side['n']}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", default=[*TASKS, "unanswerable", "switching"])
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--plain-limit", type=int, default=100)
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    arguments = parser.parse_args()
    results = json.loads(OUTPUT.read_text()) if OUTPUT.is_file() else {}
    for name in () if arguments.page else arguments.only:
        if name == "switching":
            results[name] = asyncio.run(switching())
        elif name == "unanswerable":
            results[name] = asyncio.run(unanswerable(arguments.data))
        else:
            results[name] = asyncio.run(
                measured(name, arguments.data, limit=arguments.limit, plain_limit=arguments.plain_limit)
            )
        results["machine"] = describe()
        OUTPUT.write_text(json.dumps(results, indent=1) + "\n")
        print(name, json.dumps(results[name]), flush=True)
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
