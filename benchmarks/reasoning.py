"""CoT-decoding beside greedy decoding, self-consistency and optillm, on word problems; makes docs/reasoning.md.

    python -m benchmarks.reasoning --data DATA [--limit 300] [--only plain adapter cost optillm]
    python -m benchmarks.reasoning --page

``DATA`` is a folder with ``arithmetic/*-dev.jsonl`` and ``gsm8k/train.jsonl.gz``, of which the last 500 problems were
kept out of training. ``plain`` is the bundled model as it comes, ``adapter`` the worker `reasoning`. Each answers
greedily, by ten texts with the likeliest first tokens, and by ten sampled ones; from the ten of CoT-decoding the
aggregate, the single surest path and the oracle (any path is right) are read. ``cost`` is the time of a question as a
ratio to greedy decoding, one at a time and in turns; ``optillm`` are the time and the answers of its `cot_decode` over
the same weights in half precision, in an environment of its own (`benchmarks/peers/install`), in turns with ours.
Writes ``benchmarks/results/reasoning.json`` after every few questions of the first two, and goes on behind them when
it is called again. Let nothing else run while time is taken, by the last two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe
from benchmarks.merged import beside_torch
from benchmarks.paired import paired, share, verdict
from benchmarks.peer import peer_command, running
from benchmarks.workers import STEPS, questions
from octograph import settings
from octograph.agents.cot import PathsWorker, elect
from octograph.agents.evaluation.answers import numeric_match
from octograph.agents.evaluation.question import Question
from octograph.cancellation import CancelToken
from octograph.composition import adapter_path, host_pool
from octograph.errors import ToolError
from octograph.graph import Worker, open_graph
from octograph.nodes.generation import TextDelta
from octograph.nodes.worker import AnswerPath, ModelWorker, Outcome, Task, conversation
from octograph.nodes.worker import Worker as Runs

OUTPUT = Path(__file__).parent / "results" / "reasoning.json"
PAGE = Path(__file__).parent.parent / "docs" / "reasoning.md"
AT_ONCE = 4
BETWEEN = 20
"""Questions between two writings of the results."""

TIMED = 16
BESIDE = 24
"""Problems that optillm solves as well."""
WAYS = {
    "greedy": "greedy",
    "self-consistency": "self-consistency, 10 texts",
    "maximum": "CoT-decoding, surest path",
    "aggregate": "CoT-decoding, aggregate",
    "oracle": "any of its 10 paths right",
}
PARTS = {"plain": "as it comes", "adapter": "with the adapter of the worker `reasoning`"}
SETS = {"arithmetic": "MultiArith, AddSub, SingleEq", "gsm8k": "GSM8K, kept out"}
MOST = {"arithmetic": 498, "gsm8k": 300}
PAIRS = (("aggregate", "greedy"), ("aggregate", "self-consistency"), ("aggregate", "maximum"))


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


def problems(name: str, data: Path) -> list[Question]:
    """The problems of a set, always in the same order."""
    task = "reasoning" if name == "arithmetic" else "math-gsm8k"
    return questions(task, data, limit=MOST["arithmetic"])[: MOST[name]]


async def answered(workers: Mapping[str, Runs], asked: Sequence[Question]) -> dict[str, str]:
    """Which questions each way answers rightly, a 1 or a 0 for each."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(question: Question) -> dict[str, bool]:
        async with room:
            greedy, _ = await run(workers["greedy"], question)
            sampled, _ = await run(workers["self-consistency"], question)
            _, paths = await run(workers["cot"], question)
        oracle = any(path.answer is not None and right(path.answer, question) for path in paths)
        found = {"greedy": right(greedy, question), "self-consistency": right(sampled, question)}
        return found | elected(paths, question) | {"oracle": oracle}

    rows = await asyncio.gather(*map(one, asked))
    return {way: "".join("01"[row[way]] for row in rows) for way in WAYS}


def elected(paths: Sequence[AnswerPath], question: Question) -> dict[str, bool]:
    """Whether the surest path, and all of them together, are right."""
    elections = {way: elect(paths, way) for way in ("maximum", "aggregate")}
    return {way: one is not None and right(one.answer, question) for way, one in elections.items()}


async def measured(
    part: str, data: Path, known: dict[str, dict[str, str]], *, limit: int, keep: Callable[[], None]
) -> None:
    """Add all ways' hits on both sets to what is known of the first problems."""
    node = node_of(part)
    pool = host_pool(open_graph("embedded"), settings.load())
    client = pool.clients[node.model or ""]
    adapter = adapter_path(node, None)
    workers: dict[str, Runs] = {
        "greedy": ModelWorker(node, client, adapter=adapter),
        "self-consistency": PathsWorker(replace(node, decoding="self-consistency"), client, adapter=adapter),
        "cot": PathsWorker(replace(node, decoding="cot"), client, adapter=adapter, stopping=False),
    }
    try:
        for name in SETS:
            hits = known.setdefault(name, dict.fromkeys(WAYS, ""))
            asked = problems(name, data)[:limit]
            for begin in range(len(hits["greedy"]), len(asked), BETWEEN):
                found = await answered(workers, asked[begin : begin + BETWEEN])
                hits.update({way: hits[way] + more for way, more in found.items()})
                keep()
                print(part, name, {way: f"{one.count('1')}/{len(one)}" for way, one in hits.items()}, flush=True)
    finally:
        await asyncio.to_thread(pool.close)


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
    asked = problems("arithmetic", data)[: TIMED + 1]
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


async def optillm(data: Path) -> dict[str, Any]:
    """Answers and seconds of optillm's function and of ours, in turns, one problem at a time."""
    node = replace(node_of("adapter"), decoding="cot")
    asked = problems("arithmetic", data)[: BESIDE + 1]
    hits: dict[str, str] = dict.fromkeys(("optillm", "maximum", "aggregate"), "")
    seconds: dict[str, list[float]] = {"optillm": [], "ours": []}
    with beside_torch(node) as (client, folder), running(*peer_command("optillm_cot", *folder)) as peer:
        ours = PathsWorker(node, client, adapter=adapter_path(node, None), stopping=False)
        about = peer(op="describe")
        for question in asked:
            messages = [asdict(one) for one in conversation(node, Task(query=question.asked))]
            theirs = peer(op="cot", messages=messages, k=node.width, max_tokens=node.max_tokens, ends=True)
            started = time.perf_counter()
            _, paths = await run(ours, question)
            seconds["ours"].append(time.perf_counter() - started)
            seconds["optillm"].append(theirs["seconds"])
            found = {"optillm": right(theirs["chosen"], question)} | elected(paths, question)
            hits = {way: one + "01"[found[way]] for way, one in hits.items()}
    # The first question warms up.
    ratio = median(one / two for one, two in zip(seconds["optillm"][1:], seconds["ours"][1:], strict=True))
    return {
        "peer": about,
        "hits": {way: one[1:] for way, one in hits.items()},
        "median_seconds": {way: median(one[1:]) for way, one in seconds.items()},
        "times_faster": ratio,
    }


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
        parts = [part for part in measured_parts if name in results[part]]
        if not parts:
            continue
        lines += [f"## {title}", "", f"| | {' | '.join(parts)} |", "|---|" + "---|" * len(parts)]
        lines += [
            f"| {shown} | {' | '.join(share(results[part][name][way]) for part in parts)} |"
            for way, shown in WAYS.items()
        ]
        lines += ["", *(_beside(part, results[part][name]) for part in parts), ""]
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
    if "optillm" in results:
        lines += _optillm(results["optillm"])
    lines += [
        "How answers are found and weighed is in [decoding.md](decoding.md).",
        "The bundled graph solves word problems by [programs](workers.md), which are better than any of these; "
        "`reasoning` answers where no calculation is found.",
    ]
    return "\n".join(lines) + "\n"


def _beside(part: str, hits: Mapping[str, str]) -> str:
    pairs = (verdict(WAYS[one], WAYS[other], paired(hits[one], hits[other])) for one, other in PAIRS)
    return f"With `{part}`: " + " ".join(pairs)


def _optillm(one: Mapping[str, Any]) -> list[str]:
    hits, peer = one["hits"], one["peer"]
    named = {
        "optillm": "optillm's `cot_decode`, its surest text",
        "maximum": WAYS["maximum"],
        "aggregate": WAYS["aggregate"],
    }
    return [
        "## Beside optillm",
        "",
        f"optillm {peer['optillm']} on transformers {peer['transformers']} and torch {peer['torch']}: the model with "
        f"the adapter in {peer['dtype']}, {peer['threads']} threads, the same messages, ten texts of at most as many "
        "tokens, in turns with ours on the same weights in half precision.",
        f"Ours takes 1/{one['times_faster']:.1f} of its time for a problem (median).",
        "",
        "| | right |",
        "|---|---|",
        *(f"| {title} | {share(hits[way])} |" for way, title in named.items()),
        "",
        verdict(named["aggregate"], named["optillm"], paired(hits["aggregate"], hits["optillm"])),
        "",
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", choices=(*PARTS, "cost", "optillm"), default=[*PARTS, "cost"])
    parser.add_argument("--limit", type=int, default=max(MOST.values()), help="problems of a set, from the first")
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    arguments = parser.parse_args()
    if arguments.data is None and not arguments.page:
        parser.error("give --data or --page")
    results = json.loads(OUTPUT.read_text()) if OUTPUT.is_file() else {}

    def keep() -> None:
        OUTPUT.write_text(json.dumps(results, indent=1) + "\n")

    for part in () if arguments.page else arguments.only:
        if part in PARTS:
            known = results.setdefault(part, {})
            asyncio.run(measured(part, arguments.data, known, limit=arguments.limit, keep=keep))
        else:
            machine = {"machine": describe()}
            results[part] = machine | asyncio.run((cost if part == "cost" else optillm)(arguments.data))
            keep()
            print(part, json.dumps(results[part]), flush=True)
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
