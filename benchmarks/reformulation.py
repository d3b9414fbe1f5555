"""Queries rewritten by the master: what is lost, what it takes, and whether the answers gain by it.

    python -m benchmarks.reformulation [--queries FILE...] [--answers DATA/squad/dev-a.jsonl.gz]

(a) A seeded sample of queries is rewritten; what the result lacks of numbers, quotations and negations is counted by
`benchmarks.faithfulness`, which shares no code with the guard, and so is what it would lack without the guard.
(b) The example queries of the tools are answered as they are and rewritten, and so are questions of DATA by the
worker `knowledge`; the differences are paired, with bootstrap intervals of 95 %.
FILE is an examples file of a graph or lines of ``{"query", "worker"}``; by default the bundled graphs' examples, but
for those that no worker gets.
Writes ``benchmarks/results/reformulation.json``; no query is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import re
import string
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.faithfulness import lost
from benchmarks.machine import describe
from octograph import settings
from octograph.agents.evaluation import read_routing
from octograph.cancellation import CancelToken
from octograph.composition import host_pool
from octograph.errors import ToolError
from octograph.graph import ModelGraph, bundled_names, open_graph, token_text
from octograph.graph.examples_file import NONE_KEY, read_examples
from octograph.graph.functional_call import parse_call
from octograph.nodes.decoding import Branch, BranchDecoder, BranchDelta, DecodeRequest
from octograph.nodes.generation import Generation, TextDelta
from octograph.nodes.llama import LlamaClient
from octograph.nodes.master.reformulation import Reformulation, Reformulator
from octograph.nodes.tools import Tool, make_tool
from octograph.nodes.worker import ModelWorker, Task
from octograph.testing import FixedClock

TOOLS = ("calculator", "units", "clock")
ANSWERING = "knowledge"
RESAMPLES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A query and the worker that it is rewritten for."""

    query: str
    token: str
    description: str


class Recording:
    """A `BranchDecoder` that remembers the last text that another one wrote."""

    def __init__(self, decoder: BranchDecoder) -> None:
        self.text: str | None = None
        self._decoder = decoder

    async def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        """See `BranchDecoder`."""
        async for piece in self._decoder.decode(request, cancel=cancel):
            if isinstance(piece, Branch):
                self.text = piece.text
            yield piece


def main() -> None:
    """Rewrite, answer, count, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=Path, nargs="+", default=[])
    parser.add_argument("--answers", type=Path, default=None)
    parser.add_argument("--limit", type=int, default=1000, help="queries of (a)")
    parser.add_argument("--questions", type=int, default=150, help="of each worker in (b)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "reformulation.json")
    arguments = parser.parse_args()
    machine = describe()
    graph = open_graph("embedded")
    pool = host_pool(graph, settings.load())
    try:
        results = asyncio.run(_measure(arguments, graph, pool.clients[graph.master.model]))
    finally:
        pool.close()
    text = json.dumps({"machine": machine, "seed": arguments.seed, **results}, indent=2)
    arguments.out.write_text(text + "\n")
    print(text)


async def _measure(arguments: argparse.Namespace, graph: ModelGraph, client: LlamaClient) -> dict[str, Any]:
    cases = _cases(arguments.queries)
    cases = random.Random(arguments.seed).sample(cases, min(arguments.limit, len(cases)))
    await client.prepare()
    results: dict[str, Any] = {"fidelity": await _fidelity(cases, client), "answers": {}}
    reformulator = Reformulator(client)
    for name in TOOLS:
        node = graph.worker(name)
        tool = make_tool(str(node.tool), clock=FixedClock())
        queries = random.Random(arguments.seed).sample(node.examples, arguments.questions)
        rewritten = await _all(reformulator, [_case(graph, name, query) for query in queries])
        results["answers"][name] = _tool_effect(tool, queries, rewritten, seed=arguments.seed)
    if arguments.answers is not None:
        results["answers"][ANSWERING] = await _model_effect(arguments, graph, client, reformulator)
    return results


async def _fidelity(cases: Sequence[Case], client: LlamaClient) -> dict[str, Any]:
    """Part (a)."""
    recording = Recording(client)
    reformulator = Reformulator(recording)
    made: list[Reformulation] = []
    milliseconds: list[float] = []
    with_guard: Counter[str] = Counter()
    without_guard: Counter[str] = Counter()
    for case in cases:
        recording.text = None
        started = time.perf_counter()
        one = await _one(reformulator, case)
        if recording.text is not None:  # the model was asked
            milliseconds.append((time.perf_counter() - started) * 1000)
            without_guard.update(lost(case.query, parse_call(f"{case.token}({recording.text}").argument))
        with_guard.update(lost(case.query, one.query))
        made.append(one)
    kinds = [kind for one in made for kind in {reason.partition(":")[0] for reason in one.reasons}]
    return {
        "n": len(made),
        "rewritten": sum(not one.kept_own_words for one in made) / len(made),
        "left_as_it_was_by_the_model": sum(one.kept_own_words and not one.reasons for one in made) / len(made),
        "fallen_back": sum(bool(one.reasons) for one in made) / len(made),
        "fallen_back_by_reason": {kind: count / len(made) for kind, count in Counter(kinds).most_common()},
        "lost": dict(with_guard),
        "lost_without_the_guard": dict(without_guard),
        "asked_the_model": len(milliseconds),
        "milliseconds": {f"p{q}": float(np.percentile(milliseconds, q)) for q in (50, 95)} if milliseconds else None,
        "prefix_hit_rate": (await client.stats())["hit_rate"],
    }


def _tool_effect(
    tool: Tool, queries: Sequence[str], rewritten: Sequence[Reformulation], *, seed: int
) -> dict[str, Any]:
    """Part (b), the share of queries that a tool answers."""
    own = [_value(tool, query) for query in queries]
    new = [_value(tool, one.query) for one in rewritten]
    before, after = (np.array([value is not None for value in values], np.float64) for values in (own, new))
    return {
        "rewritten": sum(not one.kept_own_words for one in rewritten) / len(rewritten),
        "answered": _paired(before, after, seed=seed),
        "other_answers": sum(a is not None and b is not None and a != b for a, b in zip(own, new, strict=True)),
    }


async def _model_effect(
    arguments: argparse.Namespace, graph: ModelGraph, client: LlamaClient, reformulator: Reformulator
) -> dict[str, Any]:
    """Part (b), the answers of a model to questions without their passage."""
    with gzip.open(arguments.answers, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    lines = random.Random(arguments.seed).sample(lines, min(arguments.questions, len(lines)))
    rewritten = await _all(reformulator, [_case(graph, ANSWERING, line["question"]) for line in lines])
    worker = ModelWorker(graph.worker(ANSWERING), client)
    scores = []  # of each question: F1 and containment, in the user's words and rewritten
    for line, one in zip(lines, rewritten, strict=True):
        own = await _answer(worker, line["question"])
        # The worker decodes greedily: the same words get the same answer.
        new = own if one.kept_own_words else await _answer(worker, one.query)
        scores.append([score(text, line["answers"]) for text in (own, new) for score in (_f1, _containment)])
    table = np.array(scores)  # [n, 4]
    return {
        "rewritten": sum(not one.kept_own_words for one in rewritten) / len(rewritten),
        "f1": _paired(table[:, 0], table[:, 2], seed=arguments.seed),
        "containment": _paired(table[:, 1], table[:, 3], seed=arguments.seed),
    }


def _paired(before: NDArray[np.float64], after: NDArray[np.float64], *, seed: int) -> dict[str, Any]:
    """Means ``[n]`` before and after, and their difference with a percentile bootstrap interval of 95 %."""
    differences = after - before
    draws = np.random.default_rng(seed).integers(0, len(differences), (RESAMPLES, len(differences)))
    low, high = np.percentile(differences[draws].mean(axis=1), [2.5, 97.5])
    return {
        "n": len(differences),
        "own_words": float(before.mean()),
        "rewritten": float(after.mean()),
        "difference": float(differences.mean()),
        "interval": [float(low), float(high)],
        "better": int((differences > 0).sum()),
        "worse": int((differences < 0).sum()),
    }


async def _all(reformulator: Reformulator, cases: Sequence[Case]) -> list[Reformulation]:
    return [await _one(reformulator, case) for case in cases]


async def _one(reformulator: Reformulator, case: Case) -> Reformulation:
    made = await reformulator.reformulate(
        case.query, token=case.token, description=case.description, cancel=CancelToken()
    )
    assert made is not None
    return made


async def _answer(worker: ModelWorker, query: str) -> str:
    pieces = worker.run(Task(query=query), cancel=CancelToken())
    return "".join([piece.text async for piece in pieces if isinstance(piece, TextDelta)])


def _value(tool: Tool, query: str) -> str | None:
    try:
        return tool.answer(query).value
    except ToolError:
        return None


def _cases(files: Sequence[Path]) -> list[Case]:
    graphs = [open_graph(name) for name in bundled_names()]
    bundled = [
        _case(graph, node.name, query) for graph in graphs for node in graph.workers() for query in node.examples
    ]
    if not files:
        return bundled
    known = {node.name: graph for graph in reversed(graphs) for node in graph.workers()}
    pairs: list[tuple[str, str]] = []
    for file in files:
        if file.suffix == ".toml":
            queries, _ = read_examples(file.read_text(encoding="utf-8"), file=str(file))
            pairs += [(worker, query) for worker, texts in queries.items() for query in texts]
        else:
            pairs += [(example.worker, example.query) for example in read_routing(file)]
    return [
        _case(known[worker], worker, query)
        if worker in known
        else Case(query=query, token=token_text(0), description=worker.replace("_", " "))
        for worker, query in pairs
        if worker != NONE_KEY
    ]


def _case(graph: ModelGraph, worker: str, query: str) -> Case:
    token = graph.vocabulary(graph.master.name).token_of(worker)
    return Case(query=query, token=token, description=graph.worker(worker).description)


def _f1(text: str, references: Sequence[str]) -> float:
    """Best F1 of words (Rajpurkar et al. 2016)."""
    given = _words(text)
    best = 0.0
    for reference in references:
        wanted = _words(reference)
        shared = (Counter(given) & Counter(wanted)).total()
        if shared:
            best = max(best, 2 * shared / (len(given) + len(wanted)))
    return best


def _containment(text: str, references: Sequence[str]) -> float:
    """1 if a reference answer stands in the text, word for word."""
    given = f" {' '.join(_words(text))} "
    return float(any(f" {' '.join(_words(reference))} " in given for reference in references))


def _words(text: str) -> list[str]:
    plain = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(?:a|an|the)\b", " ", plain).split()


if __name__ == "__main__":
    main()
