"""Plans of the bundled graph on composed queries held out by clause, by template and by worker pair.

    python -m benchmarks.planning [--count 300] [--seed 1]

Composed of ``benchmarks/data/composing-held-out.toml``: none of its clauses and templates, and no pair of workers that
follow one another in its queries, is among what the planner was trained on. Beside them queries that were written
freely (``composed-free.jsonl``, and ``composed-blind.jsonl`` by a writer who has seen the workers' descriptions only),
and queries of one step that look composed.
Writes ``benchmarks/results/planning.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import octograph
from benchmarks.machine import describe
from octograph.cancellation import CancelToken
from octograph.nodes.master import Material, Route, compose

HERE = Path(__file__).parent


def main() -> None:
    """Route everything and write the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    results: dict[str, Any] = {"machine": describe()}
    material = Material.load(HERE / "data" / "composing-held-out.toml")
    composed = compose(material, arguments.count, seed=arguments.seed, unseen=True)
    with octograph.open("embedded") as octo:

        def routes(queries: Sequence[str]) -> list[Route]:
            return asyncio.run(_routes(octo, queries))

        asked = [query.text for query in composed]
        wanted = [list(query.workers) for query in composed]
        spans = [[query.text[start:end] for start, end in query.spans] for query in composed]
        planned = routes(asked)
        for steps in (2, 3):
            places = [place for place, workers in enumerate(wanted) if len(workers) == steps]
            results[f"held_out_{steps}_steps"] = _scores(
                [planned[place] for place in places],
                [wanted[place] for place in places],
                [spans[place] for place in places],
            )
        single = {"held_out": [clause.text for clause in material.single]}
        for kind in ("free", "blind"):
            lines = (HERE / "data" / f"composed-{kind}.jsonl").read_text(encoding="utf-8").splitlines()
            written = [json.loads(line) for line in lines]
            several = [one for one in written if one["steps"]]
            results[kind] = _scores(
                routes([one["query"] for one in several]), [one["workers"] for one in several], None
            )
            single[kind] = [one["query"] for one in written if not one["steps"]]
        for kind, queries in single.items():
            if queries:
                whole = [not route.plan for route in routes(queries)]
                results[f"{kind}_single"] = {"n": len(whole), "left_whole": float(np.mean(whole))}
    text = json.dumps(results, indent=2)
    (HERE / "results" / "planning.json").write_text(text + "\n")
    print(text)


async def _routes(octo: octograph.Octograph, queries: Sequence[str]) -> list[Route]:
    found = []
    for query in queries:
        route = await octo.router.route(query, cancel=CancelToken())
        assert route is not None
        found.append(route)
    return found


def _scores(
    routes: Sequence[Route], workers: Sequence[Sequence[str]], steps: Sequence[Sequence[str]] | None
) -> dict[str, Any]:
    """Shares of plans with the right number of steps, the right workers, and the right words as well."""
    count = np.array([len(route.steps) == len(wanted) for route, wanted in zip(routes, workers, strict=True)])
    exact = np.array(
        [[step.worker for step in route.steps] == list(wanted) for route, wanted in zip(routes, workers, strict=True)]
    )
    found: dict[str, Any] = {"n": len(routes), "right_count": float(count.mean()), "exact_workers": float(exact.mean())}
    if steps is not None:
        said = np.array(
            [[step.query for step in route.steps] == list(asked) for route, asked in zip(routes, steps, strict=True)]
        )
        found["exact_words"] = float(said.mean())
    latency = [route.latency_ms for route in routes]
    found["latency_ms"] = {"p50": float(np.percentile(latency, 50)), "p95": float(np.percentile(latency, 95))}
    found["wrong"] = [
        {"query_steps": list(wanted), "plan": [[step.worker, step.query] for step in route.steps]}
        for route, wanted in zip(routes, workers, strict=True)
        if [step.worker for step in route.steps] != list(wanted)
    ][:40]
    return found


if __name__ == "__main__":
    main()
