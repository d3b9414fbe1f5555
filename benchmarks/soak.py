"""Ten minutes of everything at once: clients that cancel, overflow, score, and a host that is killed.

    python -m benchmarks.soak [--minutes 10]

Writes ``benchmarks/results/soak.json``. Holds that no request is lost or stuck, that the host's resident memory stays
flat, and that each finished greedy answer is the one of a naive decode, token by token as far as that was sure.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.machine import describe
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import model_store
from octograph.errors import ContextOverflowError, HostCrashedError, HostStartError
from octograph.graph import open_graph
from octograph.nodes.decoding import Branch, BranchDelta, DecodeRequest, ScoreRequest, Text
from octograph.nodes.generation import Generation, Sampling
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.model import Model, only_warnings, quantize
from octograph.nodes.master import ReadRequest

RESULT = Path(__file__).parent / "results" / "soak.json"
CLIENTS, CONTEXT, TOKENS = 8, 4096, 12
SURE = 0.8
"""Logits between the two likeliest tokens, below which rounding may decide and the comparison ends."""

TOPICS = ("snow", "mammals", "photosynthesis", "gravity", "a verb", "the sun", "bread", "a river", "glass", "bees")
TURNS = "".join(
    (
        "<|im_start|>system\nYou are brief.<|im_end|>\n",
        "<|im_start|>user\nWhat is {topic}?<|im_end|>\n",
        "<|im_start|>assistant\n",
    )
)
PATIENCE = 120
"""Seconds after which a request counts as stuck."""


class Soak:
    """The clients and what they saw."""

    def __init__(self, client: LlamaClient, references: dict[str, list[int]], seconds: float) -> None:
        self.client = client
        self.references = references
        self.until = time.monotonic() + seconds
        # Memory is compared within one life, so in the second half there are no kills.
        self.last_kill = time.monotonic() + seconds / 2
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.memory: list[float] = []
        self.compared = 0

    async def work(self, number: int) -> None:
        """Ask at random until the time is over."""
        chance = random.Random(number)
        kinds = {self.answer: 6, self.cancel: 3, self.branches: 2, self.score: 2, self.route: 2, self.overflow: 1}
        while time.monotonic() < self.until:
            kind = chance.choices(list(kinds), weights=list(kinds.values()))[0]
            try:
                async with asyncio.timeout(PATIENCE):
                    await kind(chance)
                self.seen[kind.__name__] += 1
            except (HostCrashedError, HostStartError):
                self.seen["lost to a kill"] += 1
            except TimeoutError:
                self.seen["stuck"] += 1

    async def watch(self) -> None:
        """Note the host's resident memory, and kill the host now and then."""
        chance = random.Random(99)
        next_kill = time.monotonic() + 30
        while time.monotonic() < self.until:
            await asyncio.sleep(2)
            if self.client.host.state == "ready" and self.client.host.pid:
                try:
                    self.memory.append(psutil.Process(self.client.host.pid).memory_info().rss / 2**20)
                except psutil.NoSuchProcess:
                    continue
            if next_kill < time.monotonic() < self.last_kill:
                self.client.host.kill()
                self.seen["kills"] += 1
                self.memory.clear()
                next_kill = time.monotonic() + chance.uniform(20, 60)

    async def answer(self, chance: random.Random) -> None:
        """A greedy answer, which must be the reference."""
        question = chance.choice(list(self.references))
        tokens, _ = await self._decode(question, max_tokens=TOKENS)
        expected = self.references[question]
        self.compared += len(expected)
        if tokens[: len(expected)] != expected:
            self.wrong.append(question)

    async def cancel(self, chance: random.Random) -> None:
        """A long answer that is given up, in its prefill or in its text."""
        cancel = CancelToken()
        asyncio.get_running_loop().call_later(chance.uniform(0.0, 1.5), cancel.cancel)
        prompt = "word " * chance.choice((10, 500, 2000)) + chance.choice(TOPICS)
        request = DecodeRequest(prompt=(Text(prompt),), max_tokens=400, ignore_eos=True)
        last = [piece async for piece in self.client.decode(request, cancel=cancel)][-1:]
        assert not last or (isinstance(last[0], Generation) and last[0].finish in ("cancelled", "length"))

    async def branches(self, chance: random.Random) -> None:
        """Several branches; each must end."""
        k = chance.randint(2, 12)
        warm = Sampling(temperature=1.0)
        sampling, start = chance.choice(((Sampling(), "top"), (warm, "sample")))
        _, ended = await self._decode(
            chance.choice(list(self.references)),
            branches=k,
            max_tokens=20,
            sampling=sampling,
            start=start,
            measured=True,
        )
        assert ended == k

    async def score(self, chance: random.Random) -> None:
        """Scores of a few continuations."""
        texts = tuple(Text(f" {word}.") for word in chance.sample(TOPICS, 4))
        scores = await self.client.score(
            ScoreRequest(prompt=(Text("I know all about"),), continuations=texts), cancel=CancelToken()
        )
        assert scores is not None
        assert len(scores.continuations) == 4

    async def route(self, chance: random.Random) -> None:
        """Hidden states, as a master reads them."""
        read = ReadRequest(system="Route.", text=f"What is {chance.choice(TOPICS)}?", layer=15)
        states = await self.client.read(read, cancel=CancelToken())
        assert states is not None
        assert np.isfinite(states.vector()).all()

    async def overflow(self, chance: random.Random) -> None:
        """A prompt that does not fit."""
        with contextlib.suppress(ContextOverflowError):
            await self._decode("word " * chance.randint(CONTEXT + 10, 2 * CONTEXT), max_tokens=5)
            raise AssertionError("it fitted")

    async def _decode(self, prompt: str, **options: Any) -> tuple[list[int], int]:
        """The first branch's tokens, and how many branches ended; the pieces' text must be the branch's."""
        request = DecodeRequest(prompt=(Text(prompt, special=True),), **options)
        texts: Counter[int] = Counter()
        first: list[int] = []
        ended = 0
        async for piece in self.client.decode(request, cancel=CancelToken()):
            if isinstance(piece, BranchDelta):
                texts[piece.branch] += len(piece.text)
            elif isinstance(piece, Branch):
                ended += 1
                assert texts[piece.branch] == len(piece.text)
                first = list(piece.tokens) if piece.branch == 0 else first
        return first, ended


def references(path: Path) -> dict[str, list[int]]:
    """Prompts and their naive greedy tokens: a fresh pass over everything for each next one."""
    model = Model(path)
    context = Context(model, cells=512, sequences=1, threads=1)
    found = {}
    for topic in TOPICS:
        prompt = TURNS.format(topic=topic)
        tokens = model.tokenize(prompt, special=True)
        answer: list[int] = []
        while len(answer) < TOKENS:
            rows = [*tokens, *answer]
            context.trim(0, 0)
            (places,) = context.decode([Rows(sequence=0, position=0, inputs=rows, first_output=len(rows) - 1)])
            logits = context.logits(places[0])
            second, best = np.partition(logits, -2)[-2:]
            token = int(logits.argmax())
            if best - second < SURE or model.ends_generation(token):
                break
            answer.append(token)
        if answer:
            found[prompt] = answer
    context.close()
    return found


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    seconds = 60 * parser.parse_args().minutes
    only_warnings()
    chosen = settings.load()
    graph = open_graph("embedded")
    source = model_store(chosen).locate(graph.models["smollm2"], base=graph.folder)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Q8_0.gguf"
        quantize(source, path, "Q8_0", threads=chosen.cpu_threads)
        config = {"path": str(path), "threads": chosen.cpu_threads, "context": CONTEXT, "saved_bytes": 64 * 2**20}
        host = HostProcess(name="soak", service=SERVICE, config=lambda: config)
        soak = Soak(LlamaClient(host), references(path), seconds)
        await asyncio.gather(soak.watch(), *(soak.work(number) for number in range(CLIENTS)))
        stats = await soak.client.stats()
        host.stop()
    # The first seconds of a life fill the caches.
    settled = soak.memory[len(soak.memory) // 3 :]
    third = max(1, len(settled) // 3)
    results = {
        "machine": describe(),
        "minutes": seconds / 60,
        "seen": dict(sorted(soak.seen.items())),
        "tokens_compared": soak.compared,
        "wrong": len(soak.wrong),
        "stuck": soak.seen["stuck"],
        "starts": host.starts,
        "memory_mib": {"first": statistics.median(settled[:third]), "last": statistics.median(settled[-third:])},
        "memory_growth": statistics.median(settled[-third:]) / statistics.median(settled[:third]) - 1,
        "cells_promised_at_the_end": stats["promised_cells"],
        "hit_rate": stats["hit_rate"],
    }
    RESULT.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    asyncio.run(_main())
