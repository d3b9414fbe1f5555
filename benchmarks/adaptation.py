"""ASPIRE's two ways to adapt a model to a task: a soft prompt before the question, and the LoRA adapter of `reader`.

    python -m benchmarks.adaptation --data DATA [--lessons 1200] [--rows 20] [--epochs 1] [--limit 200]

``DATA`` is a folder with ``squad/*.jsonl.gz``. theta_p (Chen et al. 2023, equation 2) is trained on random questions of
the train split, with their passages; then the bundled model as it comes, with theta_p, and with the adapter answers the
same random questions of ``dev-a`` greedily. A training that was stopped goes on. Writes
``benchmarks/results/adaptation.json``, and theta_p to ``--out``. Let nothing else run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.machine import describe
from benchmarks.paired import paired
from octograph import settings
from octograph.agents.evaluation.answers import best_f1, exact_match, proportion_interval
from octograph.agents.evaluation.question import Question, read_questions
from octograph.cancellation import CancelToken
from octograph.composition import adapter_path, host_pool, model_store
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.decoding import Branch, Chat, DecodeRequest, SoftPrompt
from octograph.nodes.generation import Sampling
from octograph.nodes.llama import LlamaClient
from octograph.nodes.training import Judged, PromptJob, PromptReport, Trainer
from octograph.nodes.worker import Task, conversation

OUTPUT = Path(__file__).parent / "results" / "adaptation.json"
WORKER = "reader"
WATCHING = 40
"""Questions that watch over the training."""

AT_ONCE = 2


async def lessons(graph: ModelGraph, questions: Sequence[Question]) -> list[Judged]:
    """Questions with their passages, each with its first answer."""
    pool = host_pool(graph, settings.load())
    client = pool.clients[graph.worker(WORKER).model or ""]
    try:
        return [(one.with_passages, [(await client.tokenize(one.answers[0]), True)]) for one in questions]
    finally:
        await asyncio.to_thread(pool.close)


async def trained(data: Path, out: Path, *, count: int, rows: int, epochs: float) -> PromptReport:
    """Train theta_p."""
    graph, chosen = open_graph("embedded"), settings.load()
    node = graph.worker(WORKER)
    questions = read_questions(data / "squad" / "train-20k.jsonl.gz", limit=count + WATCHING, seed=0)
    learned = await lessons(graph, [one for one in questions if one.answers])
    job = PromptJob(
        kind="answering",
        model=str(model_store(chosen).locate(graph.models[node.model or ""], base=graph.folder)),
        out=str(out),
        system=node.system,
        lessons=learned[WATCHING:],
        validation=learned[:WATCHING],
        length=rows,
        epochs=epochs,
        threads=chosen.cpu_threads,
    )
    trainer = Trainer()
    try:
        async for piece in trainer.train_prompt(job, cancel=CancelToken()):
            if isinstance(piece, PromptReport):
                return piece
            if piece.step % 10 == 0:
                print(piece.step, piece.steps, round(piece.loss, 3), flush=True)
    finally:
        await asyncio.to_thread(trainer.close)
    raise RuntimeError("nobody cancelled it")


async def answered(questions: Sequence[Question], prompt: Path) -> dict[str, dict[str, Any]]:
    """What each way answers rightly."""
    graph = open_graph("embedded")
    node = graph.worker(WORKER)
    pool = host_pool(graph, settings.load())
    client = pool.clients[node.model or ""]
    ways: dict[str, DecodeRequest] = {
        "plain": DecodeRequest(prompt=()),
        "soft prompt": DecodeRequest(prompt=(SoftPrompt(prompt),)),
        "adapter": DecodeRequest(prompt=(), adapter=adapter_path(node, graph.folder)),
    }
    room = asyncio.Semaphore(AT_ONCE)

    async def text(request: DecodeRequest, question: Question) -> str:
        chat = Chat(conversation(node, Task(query=question.with_passages)))
        wanted = replace(
            request,
            prompt=(*request.prompt, chat),
            max_tokens=node.max_tokens,
            sampling=Sampling(temperature=0.0, repetition_penalty=node.repetition_penalty),
        )
        async with room:
            return await written(client, wanted)

    found: dict[str, dict[str, Any]] = {}
    try:
        await client.prepare()
        for way, request in ways.items():
            texts = await asyncio.gather(*(text(request, one) for one in questions))
            hits = [exact_match(given, one.answers) for given, one in zip(texts, questions, strict=True)]
            found[way] = {
                "exact_match": fmean(hits),
                "interval": proportion_interval(sum(hits), len(hits)),
                "f1": fmean(best_f1(given, one.answers) for given, one in zip(texts, questions, strict=True)),
                "hits": "".join("01"[hit] for hit in hits),
            }
            print(way, {key: found[way][key] for key in ("exact_match", "f1")}, texts[:3], flush=True)
    finally:
        await asyncio.to_thread(pool.close)
    return found


async def written(client: LlamaClient, request: DecodeRequest) -> str:
    """The one text that a request gives."""
    pieces = client.decode(request, cancel=CancelToken())
    (text,) = [piece.text async for piece in pieces if isinstance(piece, Branch)]
    return text.strip()


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lessons", type=int, default=1200)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--limit", type=int, default=200, help="questions that are answered")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "theta_p.safetensors")
    arguments = parser.parse_args()
    report = asyncio.run(
        trained(arguments.data, arguments.out, count=arguments.lessons, rows=arguments.rows, epochs=arguments.epochs)
    )
    questions = read_questions(arguments.data / "squad" / "dev-a.jsonl.gz", limit=arguments.limit, seed=0)
    found = asyncio.run(answered(questions, arguments.out))
    results = {
        "machine": describe(),
        "rows": arguments.rows,
        "training": asdict(report),
        "n": len(questions),
        "ways": found,
        "adapter_beside_soft_prompt": paired(found["adapter"]["hits"], found["soft prompt"]["hits"]),
    }
    OUTPUT.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
