"""optillm's plugin `deepthink` on some of the questions of `benchmarks.self_discover`, for the page that it makes.

Its calls are answered by the same engine and the same model as ours (`benchmarks.peers.optillm_deepthink`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.bbh import TASKS, judged, questions
from benchmarks.paired import share
from benchmarks.peer import peer_command, running
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import host_pool
from octograph.errors import ContextOverflowError
from octograph.graph import Worker, open_graph
from octograph.nodes.generation import Generation, GenerationRequest, Generator, Message, Sampling, TextDelta

__all__ = ["measured", "section"]

EACH = 4
"""Questions of a task."""

MOST_TOKENS = 1024
"""Of an answer; it allows 16,382, which a small model that repeats itself fills."""


async def measured(data: Path, node: Worker) -> dict[str, Any]:
    """What it makes of the first questions of each task."""
    pool = host_pool(open_graph("embedded"), settings.load())
    tasks: dict[str, Any] = {}
    warnings: Counter[str] = Counter()
    try:
        model = pool.clients[node.model or ""]
        with running(*peer_command("optillm_deepthink")) as peer:
            about = peer(op="describe")
            for task in TASKS:
                found = tasks[task] = {"hits": "", "calls": [], "tokens": []}
                for question in questions(task, data, limit=EACH)[1]:
                    answer = peer(op="answer", query=question.text, system=node.system, max_tokens=MOST_TOKENS)
                    while "messages" in answer:
                        answer = peer(**await written(model, answer))
                    _, right = judged(answer["text"], question)
                    found["hits"] += "01"[right]
                    found["calls"].append(answer["calls"])
                    found["tokens"].append(answer["tokens"])
                    warnings.update(set(answer["warnings"]))
                print("deepthink", task, found, flush=True)
    finally:
        await asyncio.to_thread(pool.close)
    return {"peer": about, "tasks": tasks, "warnings": dict(warnings.most_common())}


async def written(model: Generator, call: Mapping[str, Any]) -> dict[str, Any]:
    """What the model writes to a call of the plugin."""
    request = GenerationRequest(
        messages=tuple(Message(**message) for message in call["messages"]),
        max_tokens=call["max_tokens"],
        sampling=Sampling(temperature=call["temperature"], top_p=call["top_p"], seed=0),
    )
    text, tokens, finish = "", 0, "length"
    try:
        async for piece in model.generate(request, cancel=CancelToken()):
            if isinstance(piece, TextDelta):
                text += piece.text
            elif isinstance(piece, Generation):
                tokens, finish = piece.completion_tokens, piece.finish
    except ContextOverflowError:  # a server would refuse it; to the plugin it is a text that was cut off
        text = ""
    return {"text": text, "tokens": tokens, "finish": finish}


def section(found: Mapping[str, Any], tasks: Mapping[str, Any]) -> Sequence[str]:
    """Of the page: its answers beside ours to the same questions."""
    theirs = "".join(one["hits"] for one in found["tasks"].values())
    ours = "".join(tasks[name]["arms"]["json"]["hits"][: len(one["hits"])] for name, one in found["tasks"].items())
    calls = fmean(count for one in found["tasks"].values() for count in one["calls"])
    tokens = fmean(count for one in found["tasks"].values() for count in one["tokens"])
    return [
        "\n## Beside optillm's deepthink\n",
        f"optillm {found['peer']['optillm']}, its plugin `deepthink` with its defaults, at most {MOST_TOKENS} tokens "
        f"an answer, on the first {EACH} questions of each task; the same engine and model write for it.",
        "It discovers a structure for every question anew; three sampled answers vote, or a greedy one is taken.\n",
        "| | right | calls a question | tokens a question |",
        "|---|---|---|---|",
        f"| deepthink | {share(theirs)} | {calls:.1f} | {tokens:.0f} |",
        f"| structure, JSON | {share(ours)} | {_mean(found, tasks, 'calls')} | {_mean(found, tasks, 'tokens')} |",
        "",
        f"What it warned of, in so many of {len(theirs)} questions:\n",
        *(f"- {count}: {text}" for text, count in found["warnings"].items()),
    ]


def _mean(found: Mapping[str, Any], tasks: Mapping[str, Any], key: str) -> str:
    rows = [tasks[name]["arms"]["json"] for name in found["tasks"]]
    return f"{sum(row[key] for row in rows) / sum(row['n'] for row in rows):.{1 if key == 'calls' else 0}f}"
