"""Answers to SQuAD's questions out of its contexts, which are documents here: found, and answered, in each way.

    python -m benchmarks.grounding DATA/squad/dev-a.jsonl.gz --questions 150

All contexts are one knowledge base; a question comes without its own. Measured: whether one of five passages holds the
answer (hit@5; also whether it is of the question's own context), exact match and F1 of the bundled graph's `reader`
without documents, with all passages in one prompt, by RAG-Sequence (thorough) and by RAG-Token (Lewis et al. 2020); and
how well `octograph.retrieval.support` tells answers that are right from those that are not.
Writes ``benchmarks/results/grounding.json``. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from octograph import settings as configuration
from octograph.agents.evaluation.answers import best_f1, exact_match
from octograph.agents.steps.retrieve import RELEVANT
from octograph.cancellation import CancelToken
from octograph.composition import host_pool, make_library
from octograph.graph import open_graph
from octograph.nodes.generation import TextDelta
from octograph.nodes.grounded import GroundedWorker
from octograph.nodes.llama import LlamaClient
from octograph.nodes.worker import Evidence, ModelWorker, Task
from octograph.retrieval.documents import Document
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.passage import Hit
from octograph.retrieval.searching import Query
from octograph.retrieval.support import supporting

OUTPUT = Path(__file__).parent / "results" / "grounding.json"
WAYS = ("none", "together", "rag-sequence", "rag-token")
MOST = 5
"""Passages of a question."""


async def found(base: KnowledgeBase, records: Sequence[dict[str, Any]]) -> tuple[list[list[Hit]], dict[str, float]]:
    """The passages of each question, and how often they hold what is wanted."""
    hits = [await base.search(Query(text=one["question"], k=MOST), cancel=CancelToken()) for one in records]
    holding = [
        any(answer.lower() in hit.passage.text.lower() for hit in some for answer in one["answers"])
        for one, some in zip(records, hits, strict=True)
    ]
    own = [
        any(" ".join(hit.passage.text.split()) in " ".join(one["context"].split()) for hit in some)
        for one, some in zip(records, hits, strict=True)
    ]
    kept = [any((hit.similarity or 0) >= RELEVANT for hit in some) for some in hits]
    return hits, {
        "hit@5": float(np.mean(holding)),
        "own_context@5": float(np.mean(own)),
        "with_a_relevant_passage": float(np.mean(kept)),
    }


async def answered(
    client: LlamaClient, way: str, records: Sequence[dict[str, Any]], hits: Sequence[Sequence[Hit]]
) -> dict[str, Any]:
    """Scores of one way of answering."""
    node = replace(
        open_graph("embedded").worker("reader"),
        grounding=way if way != "none" else "together",  # type: ignore[arg-type]  # one of the literals
        tau=None,  # of answers from several prompts there is no score
        max_tokens=48,
    )
    worker = GroundedWorker(node, client, plain=ModelWorker(node, client))
    rows, examples = [], []
    started = time.perf_counter()
    for one, some in zip(records, hits, strict=True):
        evidence = tuple(
            Evidence(text=hit.passage.text, title=hit.passage.title, weight=hit.weight)
            for hit in (some if way != "none" else ())
        )
        pieces = [
            piece.text
            async for piece in worker.run(Task(query=one["question"], evidence=evidence), cancel=CancelToken())
            if isinstance(piece, TextDelta)
        ]
        text = "".join(pieces).strip()
        supported = bool(supporting(text, one["question"], [hit.passage.indexed for hit in some]))
        rows.append((exact_match(text, one["answers"]), best_f1(text, one["answers"]), supported))
        examples.append({"question": one["question"], "answer": text, "wanted": one["answers"][:1]})
    exact, f1, supported_rows = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    right = f1 >= 0.5
    return {
        "exact_match": float(exact.mean()),
        "f1": float(f1.mean()),
        "f1_interval": _interval(f1),
        "supported": float(supported_rows.mean()),
        "f1_where_supported": float(f1[supported_rows == 1].mean()) if supported_rows.any() else None,
        "f1_where_not": float(f1[supported_rows == 0].mean()) if not supported_rows.all() else None,
        "right_ones_supported": float(supported_rows[right].mean()) if right.any() else None,
        "seconds_each": (time.perf_counter() - started) / len(records),
    }


def _interval(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """95 % by bootstrap."""
    draws = np.random.default_rng(0).choice(values, size=(2000, len(values))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return [float(low), float(high)]


async def measure(data: Path, questions: int, seed: int, folder: Path) -> dict[str, Any]:
    """Run everything."""
    with gzip.open(data, "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    contexts = list(dict.fromkeys(record["context"] for record in records))
    chosen = configuration.load()
    library = make_library({"contexts": folder}, chosen, threads=chosen.cpu_threads)
    base = library.base()
    pool = host_pool(open_graph("embedded"), chosen)
    try:
        documents = {
            f"context {number}": Document(text=context, markup="text", title="")
            for number, context in enumerate(contexts)
        }
        report, _ = await base.add_documents(documents, cancel=CancelToken())
        everything, retrieval = await found(base, records)
        sample = random.Random(seed).sample(range(len(records)), min(questions, len(records)))
        client = pool.clients["smollm2"]
        ways = {}
        for way in WAYS:
            ways[way] = await answered(
                client, way, [records[place] for place in sample], [everything[place] for place in sample]
            )
            print(way, json.dumps(ways[way]), flush=True)
        return {
            "data": data.name,
            "contexts": len(contexts),
            "passages": report.passages,
            "questions_searched": len(records),
            "retrieval": retrieval,
            "questions_answered": len(sample),
            "ways": ways,
        }
    finally:
        pool.close()
        library.close()


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=150, help="that are answered; all are searched for")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    machine = describe()
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(measure(arguments.data, arguments.questions, arguments.seed, Path(folder)))
    print(json.dumps(results["retrieval"]))
    arguments.output.write_text(json.dumps({"machine": machine, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
