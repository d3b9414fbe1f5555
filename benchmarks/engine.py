"""The figures of the decoding engine, each beside its peer in the same run.

    benchmarks/peers/install
    python -m benchmarks.engine --questions GSM8K.jsonl.gz [--only cot clients ...]

Writes ``benchmarks/results/engine.json``; ``--only`` renews some of its sections. Let nothing else run meanwhile:
only ratios within a run mean anything, and those only on a machine that is otherwise idle. Ours always goes through
a host process and its pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from benchmarks.peer import Peer, peer_command, running
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import model_store
from octograph.errors import HostBusyError
from octograph.graph import NONE, open_graph
from octograph.nodes.decoding import Branch, DecodeRequest, Tokens
from octograph.nodes.generation import Generation, Sampling
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.llama.measures import measure
from octograph.nodes.llama.model import quantize
from octograph.nodes.master import Labelled, ReadRequest, fit_rows
from octograph.nodes.master.master import DEFAULT_SYSTEM
from octograph.nodes.pool import HOST_ENVIRONMENT

HERE = Path(__file__).parent
RESULT = HERE / "results" / "engine.json"
CONTEXT = 8192
K, NEW = 10, 128
LAYERS = (5, 10, 15, 20, 28)
COLD = Sampling(temperature=1e-4, seed=1)
"""Draws the greedy tokens, and takes no drafts."""

STORY = "The keeper of the light counts the ships that pass, writes their names into the book and lights the lamp. "


@dataclass(frozen=True)
class Bench:
    """What all sections share."""

    q8: Path
    f16: Path
    threads: int
    rounds: int
    questions: list[str]

    def host(self, path: Path, *, context: int = CONTEXT, environment: dict[str, str] | None = None) -> HostProcess:
        """A host of our engine."""
        config = {"path": str(path), "threads": self.threads, "context": context, "saved_bytes": 0}
        process = HostProcess(
            name="bench", service=SERVICE, config=lambda: config, environment=HOST_ENVIRONMENT | (environment or {})
        )
        process.ensure_ready()
        return process

    def llama(self, path: Path) -> Any:
        """`llama_cpp.Llama` in its process."""
        return running(
            sys.executable, "-m", "benchmarks.peers.llama_python", str(path), str(self.threads), str(CONTEXT)
        )

    def limit(self, path: Path) -> Any:
        """The low-level interface in its process."""
        return running(sys.executable, "-m", "benchmarks.batched_limit", str(path), str(self.threads), str(CONTEXT))

    def torch(self, name: str) -> Any:
        """A peer in transformers, on the F16 weights."""
        return running(*peer_command(name, str(self.f16), str(self.threads), "float32"))


async def run(client: LlamaClient, tokens: list[int], **options: Any) -> tuple[Generation, float, float, list[Branch]]:
    """Decode; the summary, seconds until the first piece and until the end, and the branches."""
    request = DecodeRequest(prompt=(Tokens(tuple(tokens)),), ignore_eos=True, **options)
    started = time.perf_counter()
    first, last, branches = 0.0, None, []
    async for piece in client.decode(request, cancel=CancelToken()):
        first = first or time.perf_counter() - started
        if isinstance(piece, Branch):
            branches.append(piece)
        elif isinstance(piece, Generation):
            last = piece
    assert last is not None
    return last, first, time.perf_counter() - started, branches


async def prompt_of(client: LlamaClient, length: int, number: int) -> list[int]:
    """A prompt of exactly so many tokens, unlike that of any other number from its first token on."""
    tokens = await client.tokenize(f"{number}. " + STORY * (length // 20 + 1))
    return list(tokens[:length])


async def cot(bench: Bench) -> dict[str, Any]:
    """CoT-decoding: ten greedy branches of 128 tokens behind prompts of three lengths."""
    found: dict[str, Any] = {}
    host = bench.host(bench.q8)
    client = LlamaClient(host)
    with bench.limit(bench.q8) as limit:
        for length in (64, 512, 2048):
            ours, raw, whole = [], [], []
            for number in range(bench.rounds):
                tokens = await prompt_of(client, length, 100 * length + number)
                end, _, seconds, branches = await run(
                    client, tokens, branches=K, start="top", max_tokens=NEW, measured=True
                )
                assert sum(len(branch.tokens) for branch in branches) == K * NEW
                reference = limit(tokens=tokens, k=K, max_tokens=NEW)
                ours.append(K * NEW / end.decode_seconds)
                raw.append(reference["tokens"] / reference["decode_seconds"])
                whole.append(seconds / (reference["prefill_seconds"] + reference["decode_seconds"]))
            found[str(length)] = {
                "tokens_per_second": statistics.median(ours),
                "limit_tokens_per_second": statistics.median(raw),
                "share_of_limit": statistics.median(a / b for a, b in zip(ours, raw, strict=True)),
                "share_of_limit_with_prefill": 1 / statistics.median(whole),
            }
    host.stop()
    for path in (bench.q8, bench.f16):
        found[f"times_faster_than_llama_branch_by_branch_{path.stem}"] = await _branch_by_branch(bench, path)
    return found


async def _branch_by_branch(bench: Bench, path: Path) -> float:
    host = bench.host(path)
    client = LlamaClient(host)
    ratios = []
    with bench.llama(path) as llama:
        for number in range(bench.rounds):
            tokens = await prompt_of(client, 64, 4000 + number)
            seconds = (await run(client, tokens, branches=K, start="top", max_tokens=NEW, measured=True))[2]
            ratios.append(llama(op="branches", tokens=tokens, k=K, max_tokens=NEW)["seconds"] / seconds)
    host.stop()
    return float(statistics.median(ratios))


async def optillm(bench: Bench) -> dict[str, Any]:
    """CoT-decoding behind 512 tokens beside optillm in transformers, both on the F16 weights."""
    host = bench.host(bench.f16)
    client = LlamaClient(host)
    tokens = await prompt_of(client, 512, 7)
    with bench.torch("optillm_cot") as peer:
        about = peer(op="describe")
        theirs = peer(op="cot", prompt_tokens=tokens, k=K, max_tokens=NEW)
    seconds = [
        (await run(client, await prompt_of(client, 512, number), branches=K, start="top", max_tokens=NEW))[2]
        for number in range(3)
    ]
    host.stop()
    ours = statistics.median(seconds)
    return {
        "peer": about,
        "seconds": ours,
        "optillm_seconds": theirs["seconds"],
        "optillm_tokens": theirs["tokens"],
        "times_faster": theirs["seconds"] / ours,
    }


async def single(bench: Bench) -> dict[str, Any]:
    """One greedy text of 128 tokens beside `llama_cpp.Llama`, and what the measures cost of ten branches' steps."""
    host = bench.host(bench.q8)
    client = LlamaClient(host)
    ratios, bare, ours, plain, measured = [], [], [], [], []
    with bench.llama(bench.q8) as llama:
        for question in bench.questions[: 4 * bench.rounds]:
            tokens = list(await client.tokenize(question))
            _, _, seconds, _ = await run(client, tokens, max_tokens=NEW)
            # What its users call may end early, which its generator below it, without any text, does not.
            theirs = llama(op="complete", tokens=tokens, max_tokens=NEW)
            generator = llama(op="complete", tokens=tokens, max_tokens=NEW, ignore_eog=True)
            ours.append(NEW / seconds)
            bare.append(generator["seconds"] / seconds)
            if theirs["tokens"] > NEW // 2:
                ratios.append(NEW / seconds * theirs["seconds"] / theirs["tokens"])
        for number in range(2 * bench.rounds):
            tokens = await prompt_of(client, 64, 6000 + number)
            options = {"branches": K, "start": "top", "max_tokens": NEW}
            plain.append((await run(client, tokens, **options))[0].decode_seconds)
            measured.append((await run(client, tokens, **options, measured=True))[0].decode_seconds)
        sorts = llama(op="logprobs_sort", vocabularies=[49_152, 151_936], rounds=9)
    host.stop()
    return {
        "tokens_per_second": statistics.median(ours),
        "ratio_to_llama": statistics.median(ratios),
        "ratio_to_llama_generator": statistics.median(bare),
        "measures_share_of_step": statistics.median(b / a for a, b in zip(plain, measured, strict=True)) - 1,
        "measures_beside_python_sort": {size: _beside(int(size), times) for size, times in sorts.items()},
    }


def _beside(vocabulary: int, times: dict[str, float]) -> dict[str, float]:
    logits = np.random.default_rng(1).normal(size=vocabulary).astype(np.float32)
    seconds = []
    for token in range(200):
        started = time.perf_counter()
        measure(logits, token)
        seconds.append(time.perf_counter() - started)
    ours = statistics.median(seconds)
    sort, stream = (times["logprobs_seconds"] + times[key] for key in ("sort_seconds", "stream_sort_seconds"))
    return {"microseconds": ours * 1e6, "times_faster": sort / ours, "times_faster_than_streaming_sort": stream / ours}


async def samples(bench: Bench) -> dict[str, Any]:
    """Ten samples of 64 tokens behind 200, as semantic entropy takes them, beside a prefill for each."""
    warm = Sampling(temperature=1.0, seed=1)
    host, host16 = bench.host(bench.q8), bench.host(bench.f16)
    client, client16 = LlamaClient(host), LlamaClient(host16)
    ratios = []
    with bench.llama(bench.q8) as llama:
        for number in range(bench.rounds):
            tokens = await prompt_of(client, 200, 7000 + number)
            seconds = (await run(client, tokens, branches=K, max_tokens=64, sampling=warm))[2]
            ratios.append(llama(op="samples", tokens=tokens, k=K, max_tokens=64)["seconds"] / seconds)
    host.stop()
    tokens = await prompt_of(client16, 200, 7500)
    with bench.torch("polygraph_samples") as peer:
        about = peer(op="describe")
        theirs = peer(op="samples", prompt_tokens=tokens, k=K, max_tokens=64)["seconds"]
    ours = [
        (await run(client16, await prompt_of(client16, 200, n), branches=K, max_tokens=64, sampling=warm))[2]
        for n in range(3)
    ]
    host16.stop()
    return {
        "times_faster_than_a_prefill_each_on_llama": statistics.median(ratios),
        "lm_polygraph": about,
        "seconds": statistics.median(ours),
        "lm_polygraph_seconds": theirs,
        "times_faster_than_lm_polygraph": theirs / statistics.median(ours),
    }


async def clients(bench: Bench) -> dict[str, Any]:
    """Eight clients with 200 questions, beside `Llama` behind a lock; and a queue that is full."""
    host = bench.host(bench.q8)
    client = LlamaClient(host)
    asked = [f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n" for question in bench.questions]
    with bench.llama(bench.q8) as llama:
        prompts = [llama(op="tokens", text=text, special=True)["tokens"] for text in asked]
        theirs = llama(op="clients", prompts=prompts, clients=8, max_tokens=64, ignore_eog=True)
    waiting = list(enumerate(prompts))[::-1]
    firsts: list[float] = []
    whole: list[float] = []

    async def work() -> None:
        while waiting:
            _, tokens = waiting.pop()
            end, first, seconds, _ = await run(client, tokens, max_tokens=64)
            assert end.completion_tokens == 64
            firsts.append(first)
            whole.append(seconds)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(8)))
    seconds = time.perf_counter() - started
    refusals, answered = await _overfill(client, prompts[0])
    host.stop()
    their_firsts = [request["first_token_seconds"] for request in theirs["requests"]]
    return {
        "requests": len(firsts),
        "seconds": seconds,
        "llama_seconds": theirs["seconds"],
        "throughput_ratio": theirs["seconds"] / seconds,
        "tokens_per_second": 64 * len(firsts) / seconds,
        "first_token_seconds": _spread(firsts),
        "llama_first_token_seconds": _spread(their_firsts),
        "slowest_request_seconds": max(whole),
        "queue_full": {"refused": len(refusals), "answered": answered, "refused_after_ms": _spread(refusals, 1000)},
    }


async def _overfill(client: LlamaClient, tokens: list[int]) -> tuple[list[float], int]:
    """Seconds until each request beyond the queue was refused, and how many of the others were answered."""
    refused: list[float] = []
    answered = 0

    async def ask() -> None:
        nonlocal answered
        started = time.perf_counter()
        try:
            await run(client, tokens, max_tokens=8)
            answered += 1
        except HostBusyError:
            refused.append(time.perf_counter() - started)

    crowd = [asyncio.create_task(ask()) for _ in range(96)]
    await asyncio.sleep(0.5)  # they are in, and the first of them still write
    for _ in range(20):
        await ask()
    await asyncio.gather(*crowd)
    return refused, answered


async def memory(bench: Bench) -> dict[str, Any]:
    """Ten branches behind 2,048 tokens in a context that has no more cells than one prefix and their own tokens."""
    needed = 2048 + K * NEW
    host = bench.host(bench.q8, context=needed)
    client = LlamaClient(host)
    end, _, _, branches = await run(client, await prompt_of(client, 2048, 1), branches=K, start="top", max_tokens=NEW)
    stats = await client.stats()
    host.stop()
    assert len(branches) == K
    assert end.completion_tokens == K * NEW
    return {"cells": stats["cells"], "prefix_and_own_tokens": needed, "ratio": stats["cells"] / needed}


async def exits(bench: Bench) -> dict[str, Any]:
    """Route features behind several layers: held-out accuracy on a third of the bundled examples, and latency."""
    graph = open_graph("embedded")
    master = graph.masters()[0]
    examples = [
        (query, NONE if target is None else target)
        for target, queries in graph.examples(master.name).items()
        for query in queries[::3]
    ]
    host = bench.host(bench.q8)
    client = LlamaClient(host)
    system = master.prompt or DEFAULT_SYSTEM
    query = "please explain why the sea matters to people who in the year 12 live far away and the then so and the"
    tokens = len(await client.tokenize(query))
    found: dict[str, Any] = {"query_tokens": tokens, "queries": len(examples)}
    for layer in LAYERS:
        features, seconds = [], []
        for text, _ in examples:
            states = await client.read(ReadRequest(system=system, text=text, layer=layer), cancel=CancelToken())
            assert states is not None
            features.append(states.vector())
        for number in range(40):
            asked = ReadRequest(system=system, text=query.replace("12", str(number + 10)), layer=layer)
            started = time.perf_counter()
            await client.read(asked, cancel=CancelToken())
            seconds.append(time.perf_counter() - started)
        fit = fit_rows(Labelled(features=np.stack(features), tokens=tuple(target for _, target in examples)))
        found[str(layer + 1)] = {"held_out_accuracy": fit.accuracy, "ms": _spread(seconds, 1000)}
    host.stop()
    return found


async def neighbours(bench: Bench) -> dict[str, Any]:
    """The engine beside a torch embedder that never pauses, under three ways of sharing two cores."""
    found: dict[str, Any] = {}

    async def rate(client: LlamaClient, number: int) -> float:
        tokens = await prompt_of(client, 64, 9000 + number)
        end, _, _, _ = await run(client, tokens, max_tokens=64)
        return 64 / end.decode_seconds

    def embedder(threads: int, policy: str) -> Any:
        environment = os.environ | ({"OMP_WAIT_POLICY": policy} if policy else {})
        return running(sys.executable, "-m", "benchmarks.embedding_load", str(threads), environment=environment)

    async def together(client: LlamaClient, peer: Peer) -> tuple[list[float], list[float]]:
        peer.read()
        texts: list[float] = []
        rates: list[float] = []
        for number in range(4):
            rates.append(await rate(client, number))
            line = peer.read()
            texts.append(line["texts"] / line["seconds"])
        return rates, texts

    for name, environment, threads, policy in (
        ("governor, embedder as it comes", {}, bench.threads, ""),
        ("governor, embedder passive", {}, bench.threads, "PASSIVE"),
        ("governor, embedder with one thread", {}, 1, ""),
        ("both passive", {"OMP_WAIT_POLICY": "PASSIVE"}, bench.threads, "PASSIVE"),
    ):
        host = bench.host(bench.q8, environment=environment)
        client = LlamaClient(host)
        alone = statistics.median([await rate(client, number) for number in range(10, 14)])
        with embedder(threads, policy) as peer:
            peer.read()
            quiet = [peer.read() for _ in range(3)]
            texts_alone = statistics.median(line["texts"] / line["seconds"] for line in quiet)
            rates, texts = await together(client, peer)
        host.stop()
        found[name] = {
            "engine_alone": alone,
            "embedder_alone": texts_alone,
            "engine_share": statistics.median(rates) / alone,
            "embedder_share": statistics.median(texts) / texts_alone,
        }
    return found


async def drafts(bench: Bench) -> dict[str, Any]:
    """Greedy texts with drafts beside the same texts without, where they repeat their prompt and where not."""
    host = bench.host(bench.q8)
    client = LlamaClient(host)
    found: dict[str, Any] = {}
    for name, text in (
        ("repeats", "The cat sat on the mat. " * 12),
        ("free", "Write a long story about the sea and the people who live by it."),
    ):
        ratios = []
        for number in range(2 * bench.rounds):
            tokens = list(await client.tokenize(f"{number}. {text}"))
            drafted = (await run(client, tokens, max_tokens=256))[0].decode_seconds
            plain = (await run(client, tokens, max_tokens=256, sampling=COLD))[0].decode_seconds
            ratios.append(plain / drafted)
        found[name] = {"times_faster": statistics.median(ratios)}
    host.stop()
    return found


def _spread(seconds: list[float], unit: float = 1) -> dict[str, float]:
    return {f"p{q}": float(np.percentile(seconds, q)) * unit for q in (50, 95, 99)} if seconds else {}


SECTIONS: dict[str, Callable[[Bench], Awaitable[dict[str, Any]]]] = {
    function.__name__: function
    for function in (cot, single, samples, clients, memory, exits, neighbours, drafts, optillm)
}


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=Path, required=True, help="JSON Lines with a `question` each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    chosen = settings.load()
    opener = gzip.open if arguments.questions.suffix == ".gz" else open
    with opener(arguments.questions, "rt") as lines:
        questions = [json.loads(line)["question"] for _, line in zip(range(200), lines, strict=False)]
    graph = open_graph("embedded")
    source = model_store(chosen).locate(graph.models["smollm2"], base=graph.folder)
    results: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    results["machine"] = describe()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(
            q8=Path(folder) / "Q8_0.gguf",
            f16=Path(folder) / "F16.gguf",
            threads=chosen.cpu_threads,
            rounds=arguments.rounds,
            questions=questions,
        )
        quantize(source, bench.q8, "Q8_0", threads=bench.threads)
        quantize(source, bench.f16, "F16", threads=bench.threads)
        for name in arguments.only:
            started = time.perf_counter()
            results[name] = await SECTIONS[name](bench)
            RESULT.write_text(json.dumps(results, indent=2) + "\n")
            print(f"{name}: {time.perf_counter() - started:.0f} s", json.dumps(results[name]), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
