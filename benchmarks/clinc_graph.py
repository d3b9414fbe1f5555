"""Make a graph of CLINC150's ten domains from a sample of its training queries.

The data stays where it is: what this writes is for measuring and is not part of the project.

    python -m benchmarks.clinc_graph DATA/clinc150/train.jsonl.gz /tmp/clinc --per-worker 100
    octograph train router --graph /tmp/clinc/clinc.toml
    octograph eval routing DATA/clinc150/val.jsonl.gz --graph /tmp/clinc/clinc.toml

An adapter of the graph's own has seen its examples, so that held-out folds of these no longer tell how sure the head
may be: then ``--validation 800`` keeps training queries back for that.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

from octograph.agents.evaluation import RoutingExample, read_routing
from octograph.graph import Edge, Master, Model, ModelGraph, Worker, open_graph, save

__all__ = ["make_graph", "sample", "write_graph"]


def sample(examples: list[RoutingExample], *, per_worker: int, none: int, seed: int) -> dict[str, list[str]]:
    """Draw queries of each worker, spread over its queries at random."""
    by_worker: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        by_worker[example.worker].append(example.query)
    chosen = random.Random(seed)
    return {
        worker: chosen.sample(queries, min(len(queries), none if worker == "none" else per_worker))
        for worker, queries in sorted(by_worker.items())
    }


def make_graph(queries: dict[str, list[str]], model: Model) -> ModelGraph:
    """Return a graph with a worker for each domain."""
    workers = [
        Worker(name=name, description=f"Questions about {name}", model=model.name, examples=tuple(examples))
        for name, examples in queries.items()
        if name != "none"
    ]
    master = Master(name="router", model=model.name, none_examples=tuple(queries.get("none", ())))
    edges = [Edge(source="router", target=worker.name, kind="routes_to") for worker in workers]
    return ModelGraph(name="clinc", master="router", models=[model], nodes=[master, *workers], edges=edges)


def write_graph(
    folder: Path, examples: list[RoutingExample], *, per_worker: int, none: int, validation: int, seed: int
) -> Path:
    """Write the graph of a sample, and beside it `validation` queries in scope that are not in the sample."""
    queries = sample(examples, per_worker=per_worker, none=none, seed=seed)
    bundled = open_graph("embedded")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "clinc.toml"
    save(make_graph(queries, bundled.models[bundled.master.model]), path)
    if validation:
        taken = {query for chosen in queries.values() for query in chosen}
        rest = [example for example in examples if example.worker != "none" and example.query not in taken]
        kept_back = random.Random(seed).sample(rest, validation)
        lines = [json.dumps({"query": example.query, "worker": example.worker}) + "\n" for example in kept_back]
        path.with_suffix(".validation.jsonl").write_text("".join(lines), encoding="utf-8")
    return path


def main() -> None:
    """Write the graph file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-worker", type=int, default=100)
    parser.add_argument("--none", type=int, default=100)
    parser.add_argument("--validation", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    path = write_graph(
        arguments.folder,
        read_routing(arguments.data),
        per_worker=arguments.per_worker,
        none=arguments.none,
        validation=arguments.validation,
        seed=arguments.seed,
    )
    print(path)


if __name__ == "__main__":
    main()
