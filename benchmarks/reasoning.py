"""CoT-decoding beside greedy decoding and self-consistency, on word problems; makes docs/reasoning.md.

    python -m benchmarks.reasoning --data DATA [--limit 300] [--only plain adapter cost optillm]
    python -m benchmarks.reasoning --page

``DATA`` is a folder with ``arithmetic/*-dev.jsonl`` and ``gsm8k/train.jsonl.gz``, of which the last 500 problems were
kept out of training. ``plain`` is the bundled model as it comes, ``adapter`` the worker `reasoning`. Each answers
greedily, by ten texts with the likeliest first tokens, and by ten sampled ones; from the ten of CoT-decoding the
aggregate, the single surest path and the oracle (any path is right) are read. ``cost`` is the time of a question as a
ratio to greedy decoding, one at a time and in turns; ``optillm`` that of its `cot_decode` over the same F16 weights, in
an environment of its own (`benchmarks/peers`). Writes ``benchmarks/results/reasoning.json``, a part at a time. Let
nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe
from benchmarks.workers import STEPS, questions
from octograph import settings
from octograph.agents.cot import PathsWorker, elect
from octograph.agents.evaluation.answers import numeric_match, proportion_interval
from octograph.agents.evaluation.question import Question
from octograph.cancellation import CancelToken
from octograph.composition import adapter_path, host_pool
from octograph.errors import ToolError
from octograph.graph import Worker, open_graph
from octograph.nodes.generation import TextDelta
from octograph.nodes.llama import LlamaClient
from octograph.nodes.worker import AnswerPath, ModelWorker, Outcome, Task
from octograph.nodes.worker import Worker as Runs

OUTPUT = Path(__file__).parent / "results" / "reasoning.json"
PAGE = Path(__file__).parent.parent / "docs" / "reasoning.md"
AT_ONCE = 2
TIMED = 16
WAYS = {
    "greedy": "greedy",
    "self-consistency": "self-consistency, 10 texts",
    "maximum": "CoT-decoding, surest path",
    "aggregate": "CoT-decoding, aggregate",
    "oracle": "any of its 10 paths right",
}
PARTS = {"plain": "as it comes", "adapter": "with the adapter of the worker `reasoning`"}
SETS = {"arithmetic": "MultiArith, AddSub, SingleEq", "gsm8k": "GSM8K, kept out"}


def node_of(part: str) -> Worker:
    """The worker `reasoning` with its adapter, or without and under a prompt that asks for the same."""
    node = open_graph("embedded").worker("reasoning")
    return node if part == "adapter" else replace(node, adapter=None, system=STEPS)


async def run(worker: Runs, question: Question) -> tuple[str, tuple[AnswerPath, ...]]:
    """A worker's text and paths; without an answer the text is empty."""
    pieces: list[str] = []
    paths: tuple[AnswerPath, ...] = ()
    try:
        async for piece in worker.run(Task(query=question.asked), cancel=CancelToken()):
            if isinstance(piece, TextDelta):
                pieces.append(piece.text)
            elif isinstance(piece, Outcome):
                paths = piece.paths
    except ToolError:
        return "", ()
    return "".join(pieces), paths


def right(text: str, question: Question) -> bool:
    """Whether a text ends with the right number."""
    return bool(numeric_match(text, question.answers))


async def answered(client: LlamaClient, node: Worker, asked: Sequence[Question]) -> dict[str, list[bool]]:
    """Which questions each way answers rightly."""
    adapter = adapter_path(node, None)
    workers: dict[str, Runs] = {
        "greedy": ModelWorker(node, client, adapter=adapter),
        "self-consistency": PathsWorker(replace(node, decoding="self-consistency"), client, adapter=adapter),
        "cot": PathsWorker(replace(node, decoding="cot"), client, adapter=adapter, stopping=False),
    }
    room = asyncio.Semaphore(AT_ONCE)

    async def one(question: Question) -> dict[str, bool]:
        async with room:
            greedy, _ = await run(workers["greedy"], question)
            sampled, _ = await run(workers["self-consistency"], question)
            _, paths = await run(workers["cot"], question)
        found = {"greedy": right(greedy, question), "self-consistency": right(sampled, question)}
        for way in ("maximum", "aggregate"):
            election = elect(paths, way)
            found[way] = election is not None and right(election.answer, question)
        found["oracle"] = any(path.answer is not None and right(path.answer, question) for path in paths)
        return found

    rows = await asyncio.gather(*map(one, asked))
    return {way: [row[way] for row in rows] for way in WAYS}


async def measured(part: str, data: Path, *, limit: int) -> dict[str, Any]:
    """All ways on both sets, with 95 % intervals (Wilson)."""
    node = node_of(part)
    pool = host_pool(open_graph("embedded"), settings.load())
    result: dict[str, Any] = {}
    try:
        for name in SETS:
            asked = questions("reasoning" if name == "arithmetic" else "math-gsm8k", data, limit=limit)
            rows = await answered(pool.clients[node.model or ""], node, asked)
            result[name] = {
                way: {"right": sum(values), "n": len(values), "interval": proportion_interval(sum(values), len(values))}
                for way, values in rows.items()
            }
    finally:
        await asyncio.to_thread(pool.close)
    return result


async def cost(data: Path) -> dict[str, Any]:
    """Seconds a question of each way, in turns, and their ratios to greedy decoding."""
    node = node_of("adapter")
    adapter = adapter_path(node, None)
    pool = host_pool(open_graph("embedded"), settings.load())
    client = pool.clients[node.model or ""]
    cot = replace(node, decoding="cot")
    workers: dict[str, Runs] = {
        "greedy": ModelWorker(node, client, adapter=adapter),
        "self-consistency": PathsWorker(replace(node, decoding="self-consistency"), client, adapter=adapter),
        "cot, all texts": PathsWorker(cot, client, adapter=adapter, stopping=False),
        "cot, stopped when decided": PathsWorker(cot, client, adapter=adapter),
    }
    asked = questions("reasoning", data, limit=TIMED + 1)
    seconds: dict[str, list[float]] = {way: [] for way in workers}
    try:
        await client.prepare()
        for question in asked:
            for way, worker in workers.items():
                started = time.perf_counter()
                await run(worker, question)
                seconds[way].append(time.perf_counter() - started)
    finally:
        await asyncio.to_thread(pool.close)
    # The first question warms up.
    ratios = {
        way: median(one / greedy for one, greedy in zip(values[1:], seconds["greedy"][1:], strict=True))
        for way, values in seconds.items()
    }
    return {"n": TIMED, "median_seconds": {way: median(values[1:]) for way, values in seconds.items()}, "ratio": ratios}


def page(results: Mapping[str, Any]) -> str:
    """The page of docs."""
    measured_parts = [part for part in PARTS if part in results]
    who = " and ".join(PARTS[part] for part in measured_parts)
    lines = [
        "# Reasoning, measured",
        "",
        "Made by `python -m benchmarks.reasoning`; the results with the machine's description are in "
        "`benchmarks/results/reasoning.json`.",
        f"The bundled model {who}, on word problems that were kept out of training. Right answers with 95 % intervals.",
        "",
    ]
    for name, title in SETS.items():
        if not measured_parts:
            continue
        lines += [f"## {title}", "", f"| | {' | '.join(measured_parts)} |", "|---|" + "---|" * len(measured_parts)]
        lines += [
            f"| {shown} | {' | '.join(_figure(results[part][name][way]) for part in measured_parts)} |"
            for way, shown in WAYS.items()
        ]
        lines.append("")
    if "cost" in results:
        ratios = results["cost"]["ratio"]
        lines += [
            "## Cost",
            "",
            f"Time of a question as a ratio to greedy decoding, the median of {results['cost']['n']}, in turns:",
            "",
            "| | times greedy |",
            "|---|---|",
            *(f"| {way} | {ratio:.1f} |" for way, ratio in ratios.items() if way != "greedy"),
            "",
        ]
    lines += [
        "How answers are found and weighed is in [decoding.md](decoding.md).",
        "The bundled graph solves word problems by [programs](workers.md), which are better than any of these; "
        "`reasoning` answers where no calculation is found.",
    ]
    return "\n".join(lines) + "\n"


def _figure(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['right'] / one['n']:.3f} [{low:.3f}, {high:.3f}] of {one['n']}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", default=["plain", "adapter", "cost"])
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    arguments = parser.parse_args()
    results = json.loads(OUTPUT.read_text()) if OUTPUT.is_file() else {}
    for part in () if arguments.page else arguments.only:
        if part == "cost":
            results[part] = asyncio.run(cost(arguments.data))
        else:
            results[part] = asyncio.run(measured(part, arguments.data, limit=arguments.limit))
        results["machine"] = describe()
        OUTPUT.write_text(json.dumps(results, indent=1) + "\n")
        print(part, json.dumps(results[part]), flush=True)
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
