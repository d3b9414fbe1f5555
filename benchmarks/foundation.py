"""The figures of the main job, each beside llama-cpp-python's own in the same run.

    python -m benchmarks.foundation [--rounds 12]

Writes ``benchmarks/results/foundation.json``. Let nothing else run meanwhile: only ratios within a run mean
anything, and those only on a machine that is otherwise idle.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

import octograph
from benchmarks.machine import describe
from benchmarks.peer import Peer, running
from octograph import settings
from octograph.agents import Finished, Generated, TextWritten
from octograph.composition import head_path, host_pool
from octograph.graph import ModelGraph, Worker, open_graph, save
from octograph.nodes.master import DEFAULT_SYSTEM

HERE = Path(__file__).parent
TOPICS = ("the sea", "a forest", "old maps", "bread", "a clock", "winter", "trains", "bees", "glass", "a river")
WORKER = "science"
SYSTEM = "You explain science. Answer correctly in two to five plain sentences."
NEW_TOKENS = 128


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    machine = describe()
    with tempfile.TemporaryDirectory() as folder:
        chosen = settings.load().model_copy(update={"data_dir": Path(folder)})
        graph = open_graph("embedded")
        pool = host_pool(graph, chosen)
        model = graph.models[graph.masters()[0].model]
        pool.clients[model.name].host.ensure_ready()
        requantised = pool.clients[model.name].host.info["path"]
        pool.close()
        peer_at = (sys.executable, "-m", "benchmarks.plain_llama", requantised)
        limits = (str(chosen.cpu_threads), str(model.context or 8192))
        with (
            octograph.open(_benchmark_graph(Path(folder)), settings=chosen) as octo,
            running(*peer_at, *limits) as peer,
        ):
            results = {
                "machine": machine,
                "weights": Path(requantised).name,
                "threads": chosen.cpu_threads,
                "route": _route(octo, peer, rounds * 5),
                "generation": _generation(octo, peer, rounds),
                "contention": _contention(octo, peer, rounds),
                "cancel": _cancel(octo, 50),
            }
    text = json.dumps(results, indent=2)
    (HERE / "results" / "foundation.json").write_text(text + "\n")
    print(text)


def _benchmark_graph(folder: Path) -> Path:
    """Copy the bundled graph with a worker that writes greedily and for as long as is measured."""
    bundled = open_graph("embedded")
    nodes = [
        replace(node, system=SYSTEM, decoding="greedy", repetition_penalty=1.0, max_tokens=NEW_TOKENS)
        if isinstance(node, Worker) and node.name == WORKER
        else node
        for node in bundled.nodes.values()
    ]
    graph = ModelGraph(
        name="benchmark", master=bundled.master_name, models=bundled.models.values(), nodes=nodes, edges=bundled.edges
    )
    path = folder / "benchmark.toml"
    save(graph, path)
    head_path(open_graph(path)).write_bytes(head_path(bundled).read_bytes())
    return path


def _route(octo: octograph.Octograph, peer: Peer, rounds: int) -> dict[str, Any]:
    """Milliseconds to route a query of 24 tokens, beside the evaluation of the same tokens by llama.cpp."""
    head = _tokens(peer, f"<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>\n<|im_start|>user\n", special=True)
    tail = _tokens(peer, "<|im_end|>\n<|im_start|>assistant\n", special=True)
    queries = [_query_of(peer, 24, number) for number in range(rounds)]
    octo.route(queries[0][0])
    ours, same, bare = [], [], []
    for query, tokens in queries:
        started = time.perf_counter()
        octo.route(query)
        ours.append(time.perf_counter() - started)
        same.append(peer(op="evaluate", prefix=head, tokens=tokens + tail)["seconds"])
        bare.append(peer(op="evaluate", prefix=head, tokens=tokens)["seconds"])
    return {
        "query_tokens": 24,
        "template_tokens": len(tail),
        "ms": _spread(ours),
        "llama_ms_same_tokens": _spread(same),
        "llama_ms_query_alone": _spread(bare),
        "ratio_same_tokens": statistics.median(ours) / statistics.median(same),
        "ratio_query_alone": statistics.median(ours) / statistics.median(bare),
    }


def _generation(octo: octograph.Octograph, peer: Peer, rounds: int) -> dict[str, Any]:
    """Tokens per second from the question to the last event, beside `llama_cpp.Llama` on the same prompt."""
    ours, theirs, alike = [], [], 0
    for number in range(rounds):
        mine = _ask(octo, number)
        reference = peer(op="complete", tokens=_prompt(peer, number), max_tokens=NEW_TOKENS)
        ours.append(mine["rate"])
        theirs.append(reference["tokens"] / reference["seconds"])
        alike += mine["text"].strip() == reference["text"].strip()
    return {
        "new_tokens": NEW_TOKENS,
        "tokens_per_second": statistics.median(ours),
        "llama_tokens_per_second": statistics.median(theirs),
        "ratio": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
        "same_text": f"{alike}/{rounds}",
    }


def _contention(octo: octograph.Octograph, peer: Peer, rounds: int) -> dict[str, Any]:
    """Tokens per second while another process keeps every core busy, against those on the idle machine."""
    quiet = [_ask(octo, number)["rate"] for number in range(rounds // 2)]
    with _busy():
        loaded = [_ask(octo, number)["rate"] for number in range(rounds // 2, rounds)]
        reference = peer(op="complete", tokens=_prompt(peer, 0), max_tokens=8)
    return {
        "tokens_per_second": statistics.median(loaded),
        "least_tokens_per_second": min(loaded),
        "share_of_quiet": statistics.median(loaded) / statistics.median(quiet),
        "llama_tokens_per_second": reference["tokens"] / reference["seconds"],
    }


def _cancel(octo: octograph.Octograph, tries: int) -> dict[str, Any]:
    """Milliseconds from `cancel()` to the last event, in a prefill of 4,000 tokens and in a generation."""
    long_query = "one two three four five six seven eight nine ten " * 400
    waits: dict[str, list[float]] = {"prefill": [], "generation": []}
    for number in count():
        if len(waits["prefill"]) + len(waits["generation"]) == tries:
            break
        kind = "prefill" if number % 2 else "generation"
        cancel = octograph.CancelToken()
        query = f"{number} {long_query}" if kind == "prefill" else f"Write about {TOPICS[number % 10]} {number}."
        moment = [0.0]

        def stop(cancel: octograph.CancelToken = cancel, moment: list[float] = moment) -> None:
            moment[0] = time.perf_counter()
            cancel.cancel()

        timer = threading.Timer(0.3 + (number % 7) * 0.1, stop)
        timer.start()
        for event in octo.stream(query, worker=WORKER, cancel=cancel):
            if isinstance(event, Finished) and event.turn.status == "cancelled":
                waits[kind].append(time.perf_counter() - moment[0])
        timer.cancel()
    together = waits["prefill"] + waits["generation"]
    return {
        "tries": tries,
        "p99_ms": float(np.percentile(together, 99)) * 1000,
        **{f"{kind}_ms": _spread(values) for kind, values in waits.items()},
    }


def _ask(octo: octograph.Octograph, number: int) -> dict[str, Any]:
    started = time.perf_counter()
    text, tokens = "", 0
    for event in octo.stream(_question(number), worker=WORKER):
        if isinstance(event, TextWritten):
            text += event.text
        elif isinstance(event, Generated) and event.generation is not None:
            tokens = event.generation.completion_tokens
    return {"rate": tokens / (time.perf_counter() - started), "text": text}


def _question(number: int) -> str:
    return f"Write a long story about {TOPICS[number % len(TOPICS)]}, number {number}."


def _prompt(peer: Peer, number: int) -> list[int]:
    text = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{_question(number)}<|im_end|>\n"
    return _tokens(peer, f"{text}<|im_start|>assistant\n", special=True)


def _query_of(peer: Peer, length: int, number: int) -> tuple[str, list[int]]:
    """Return a query of exactly so many tokens."""
    words = ("please explain why", TOPICS[number % 10], "matters to people who", str(number), "live far away")
    text = " ".join(words)
    while len(_tokens(peer, text)) < length:
        text += (" and", " the", " then", " so")[len(text) % 4]
    return text, _tokens(peer, text)


def _tokens(peer: Peer, text: str, *, special: bool = False) -> list[int]:
    tokens: list[int] = peer(op="tokens", text=text, special=special)["tokens"]
    return tokens


def _spread(seconds: list[float]) -> dict[str, float]:
    return {f"p{q}": float(np.percentile(seconds, q)) * 1000 for q in (50, 95, 99)}


def _burn() -> None:
    while True:
        pass


@contextmanager
def _busy() -> Iterator[None]:
    """Keep every core busy from other processes."""
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(multiprocessing.cpu_count())]
    for burner in burners:
        burner.start()
    time.sleep(1)
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()


if __name__ == "__main__":
    main()
