"""`octograph graph add-worker` on six workers that the bundled graph does not have.

    python -m benchmarks.add_worker

For each, the command is run as a process on a copy of `embedded`: with twelve examples, with five, and with the
description alone. Then the new worker's own held-out queries are routed, and the blind queries of the graph
(``embedded-blind.jsonl``), whose accuracy before is the yardstick. The seconds are those of the whole command; with
twelve examples it begins with an empty cache, as on a new machine, where everything has to be read.
Writes ``benchmarks/results/add-worker.json``.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import octograph
from benchmarks.machine import describe
from octograph.agents.evaluation import RoutingExample, read_routing
from octograph.cancellation import CancelToken

HERE = Path(__file__).parent
VARIANTS = {"twelve examples": 12, "five examples": 5, "the description alone": 0}


def main() -> None:
    """Add, route, and write the shares."""
    blind = read_routing(HERE / "data" / "embedded-blind.jsonl")
    before = _accuracy("embedded", blind)
    results: dict[str, Any] = {"machine": describe(), "others_before": before, "workers": {}}
    for file in sorted((HERE / "data" / "new-workers").glob("*.toml")):
        worker = tomllib.loads(file.read_text(encoding="utf-8"))
        held_out = [RoutingExample(query=query, worker=file.stem) for query in worker["held_out"]]
        found = results["workers"].setdefault(file.stem, {})
        for variant, count in VARIANTS.items():
            with tempfile.TemporaryDirectory() as folder:
                graph, seconds = _added(Path(folder), file.stem, worker, count)
                found[variant] = {
                    "seconds": seconds,
                    "own_held_out": _accuracy(str(graph), held_out),
                    "others_change": _accuracy(str(graph), blind) - before,
                }
            print(file.stem, variant, found[variant], flush=True)
    for variant in VARIANTS:
        of_all = [found[variant] for found in results["workers"].values()]
        results[variant] = {key: float(np.mean([one[key] for one in of_all])) for key in of_all[0]}
    (HERE / "results" / "add-worker.json").write_text(json.dumps(results, indent=2) + "\n")


def _added(folder: Path, name: str, worker: dict[str, Any], count: int) -> tuple[Path, float]:
    """The graph with the worker, and how long the command took."""
    graph, examples = folder / "grown.toml", folder / "examples.txt"
    examples.write_text("\n".join(worker["examples"][:count]), encoding="utf-8")
    command = ["graph", "add-worker", name, "--model", "smollm2", "--describe", worker["description"]]
    command += ["--output", str(graph), *(["--examples", str(examples)] if count else [])]
    new = {"OCTOGRAPH_CACHE_DIR": str(folder / "cache")} if count == max(VARIANTS.values()) else {}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "octograph", *command], check=True, capture_output=True, env={**os.environ, **new}
    )
    return graph, time.perf_counter() - started


def _accuracy(graph: str, examples: Sequence[RoutingExample]) -> float:
    with octograph.open(graph) as octo:
        return asyncio.run(_share(octo, examples))


async def _share(octo: octograph.Octograph, examples: Sequence[RoutingExample]) -> float:
    right = 0
    for example in examples:
        route = await octo.router.route(example.query, cancel=CancelToken())
        assert route is not None
        right += route.worker == example.worker
    return right / len(examples)


if __name__ == "__main__":
    main()
