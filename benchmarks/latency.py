"""How long a route takes, with the early exit and without, beside MiniLM's encoding of the same queries, in one run.

    python -m benchmarks.latency [--rounds 60]

Both run in hosts of their own, one after the other, query by query in turn. A route is the whole of it: the query goes
to the host, is read through the adapter, comes back as hidden states and becomes a distribution. The encoding is that
of one query to a vector, without any search. Writes ``benchmarks/results/latency.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import head_path, host_pool, model_store
from octograph.graph import open_graph
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.nodes.llama import LlamaClient
from octograph.nodes.master import HeadFile, ReadRequest, find_adapter

LENGTHS = (10, 25, 100)
TEXT = (
    "please tell me how many ships there are in the old harbour of a small town by the sea when it rains and who"
    " counts them at night with a lamp because the keeper was away for a year or so"
)


def main() -> None:
    """Measure and write the spreads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    results = {"machine": describe(), **asyncio.run(_measure(arguments.rounds))}
    text = json.dumps(results, indent=2)
    (Path(__file__).parent / "results" / "latency.json").write_text(text + "\n")
    print(text)


async def _measure(rounds: int) -> dict[str, Any]:
    graph, chosen = open_graph("embedded"), settings.load()
    pool = host_pool(graph, chosen)
    client = pool.clients[graph.master.model]
    path = head_path(graph)
    head = HeadFile.load(path).heads[graph.master_name]
    adapter = None if head.adapter is None else find_adapter(head.adapter, base=path.parent).path
    deepest = await client.layers() - 2
    readings = {
        f"exit behind layer {head.layer + 1}": ReadRequest(
            system=head.system, text="", layer=head.layer, adapter=adapter
        ),
        f"all {deepest + 1} layers that can be read": ReadRequest(system=head.system, text="", layer=deepest),
    }
    host = embedder_host(model_store(chosen), threads=chosen.cpu_threads)  # all cores: nothing runs beside it here
    embedder = EmbedderClient(host)
    draw = random.Random(0)
    found: dict[str, Any] = {}
    for length in LENGTHS:
        queries = [await _query(client, length, draw) for _ in range(rounds + 3)]
        for name, request in readings.items():
            seconds = []
            for query in queries:
                started = time.perf_counter()
                states = await client.read(replace(request, text=query), cancel=CancelToken())
                assert states is not None
                head.distribution(states.vector())
                seconds.append(time.perf_counter() - started)
            found.setdefault(name, {})[f"{length} tokens"] = _spread(seconds)
        seconds = []
        for query in queries:
            started = time.perf_counter()
            await embedder.encode([query], cancel=CancelToken())
            seconds.append(time.perf_counter() - started)
        found.setdefault("MiniLM, encoding alone", {})[f"{length} tokens"] = _spread(seconds)
    pool.close()
    host.stop()
    return found


async def _query(client: LlamaClient, length: int, draw: random.Random) -> str:
    """A query of exactly so many tokens that no cache has seen."""
    words: list[str] = []
    while True:
        words.append(draw.choice(TEXT.split()))
        tokens = len(await client.tokenize(" ".join(words)))
        if tokens == length:
            return " ".join(words)
        if tokens > length:
            words = []


def _spread(seconds: list[float]) -> dict[str, float]:
    """Milliseconds; the first three warm up."""
    return {f"p{share}": float(np.percentile(seconds[3:], share) * 1000) for share in (50, 95)}


if __name__ == "__main__":
    main()
