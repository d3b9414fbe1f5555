"""Choosing a worker by who would answer right, beside other ways of choosing, in one run.

    python -m benchmarks.outcomes DATA/llmrouter/train.jsonl.gz [--states FILE.npz] [--plain LAYER] [--seeds 3]

The file holds lines of ``{"query", "scores": {model: 0..1}}``; it is neither copied nor kept.
Each seed makes other five folds; every query is judged by rows that have not seen it, and everything that can be
chosen (neighbours, regularisation, landmarks' sharpness) is chosen on folds of the rest.
Beside ours, all on MiniLM's vectors of the same queries: the mean scores of the nearest neighbours; a logistic
regression of each worker's success; a logistic regression of who is best, as RouteLLM's and LLMRouter's classifiers.
The queries are read as the bundled graph's master reads; ``--plain`` reads without its adapter.
A worker costs its billions of parameters, as its name says them.
``--states`` keeps the vectors in a file and takes them from there the next time.
Writes ``benchmarks/results/outcomes.json``.

Shapes: ``n`` queries, ``w`` workers, ``f`` features.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from octograph import settings
from octograph.agents.evaluation.outcomes import Outcomes, choose, judge, quality_over_cost, read_outcomes
from octograph.cancellation import CancelToken
from octograph.composition import head_path, model_store, query_readers
from octograph.graph import open_graph
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.nodes.master import DEFAULT_SYSTEM, HeadFile, find_adapter
from octograph.nodes.master.outcome_fitting import fit_outcomes
from octograph.nodes.master.outcomes import chance_error
from octograph.nodes.master.reader import read_vectors

FOLDS = 5
INNER_FOLDS = 3
NEIGHBOURS = (10, 20, 40, 60, 80, 100, 120, 150, 200)
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3)
CLASSIFIER_STRENGTHS = (1e-4, 1e-3, 1e-2)

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Foretell = Callable[[Vectors, Floats, Vectors], Floats]
"""Of training features and scores and of test features ``[t, f]``, the worth ``[t, w]`` of each worker."""


def main() -> None:
    """Read, judge and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--states", type=Path)
    parser.add_argument("--plain", type=int, metavar="LAYER")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    machine, outcomes = describe(), read_outcomes(arguments.data)
    states, vectors, reading = _vectors(outcomes, arguments.states, arguments.plain)
    costs = np.array([_billions(worker) for worker in outcomes.workers])
    methods: dict[str, tuple[Vectors, Foretell]] = {
        "octograph": (states, _ours(outcomes.workers)),
        "minilm_neighbours": (vectors, _neighbours),
        "minilm_logistic_success": (vectors, _logistic_success),
        "minilm_logistic_best": (vectors, _logistic_best),
    }
    found: dict[str, list[Floats]] = {name: [] for name in methods}
    for seed in range(arguments.seeds):
        for name, (features, foretell) in methods.items():
            found[name].append(_out_of_fold(features, outcomes.scores, foretell, seed))
            print(seed, name, judge(outcomes, choose(found[name][-1]))["score"], flush=True)
    results = {"machine": machine, "reading": reading, "seeds": arguments.seeds, **_judged(outcomes, found, costs)}
    (Path(__file__).parent / "results" / "outcomes.json").write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps({name: method["score"] for name, method in results["methods"].items()}, indent=2))


def _judged(outcomes: Outcomes, found: Mapping[str, Sequence[Floats]], costs: Floats) -> dict[str, Any]:
    """What all choices came to, beside chance, the best single worker and the oracle."""
    rows = np.arange(len(outcomes.queries))
    taken = {
        name: np.mean([outcomes.scores[rows, choose(chances)] for chances in seeds], axis=0)
        for name, seeds in found.items()
    }  # [n] each, over the seeds
    methods = {}
    for name, seeds in found.items():
        judged = [judge(outcomes, choose(chances), costs) for chances in seeds]
        methods[name] = {
            "score": float(taken[name].mean()),
            "score_of_each_seed": [one["score"] for one in judged],
            "gap_closed": float(np.mean([one["gap_closed"] for one in judged])),
            "cost": float(np.mean([one["cost"] for one in judged])),
            "octograph_ahead": _interval(taken["octograph"] - taken[name]),
            "curve": quality_over_cost(outcomes, seeds[0], costs),
        }
        if name != "minilm_logistic_best":  # that foretells who is best, not who succeeds
            methods[name]["ece"] = float(np.mean([chance_error(chances, outcomes.scores) for chances in seeds]))
    means = outcomes.scores.mean(axis=0)
    best = int(means.argmax())
    return {
        "queries": len(rows),
        "workers": {
            worker: {"score": float(means[place]), "billions_of_parameters": float(costs[place])}
            for place, worker in enumerate(outcomes.workers)
        },
        "random": float(outcomes.scores.mean()),
        "best_single": {"worker": outcomes.workers[best], "score": float(means[best]), "cost": float(costs[best])},
        "oracle": float(outcomes.scores.max(axis=1).mean()),
        "octograph_ahead_of_best_single": _interval(taken["octograph"] - outcomes.scores[:, best]),
        "methods": methods,
    }


def _interval(values: Floats) -> dict[str, Any]:
    """Mean over the queries with its 95 % interval."""
    mean, half = float(values.mean()), float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))
    return {"mean": mean, "interval": [mean - half, mean + half]}


def _billions(worker: str) -> float:
    match = re.search(r"(\d+(?:\.\d+)?)b\b", worker)
    assert match is not None, f"the name {worker!r} does not say how many parameters"
    return float(match[1])


def _vectors(outcomes: Outcomes, kept: Path | None, plain: int | None) -> tuple[Vectors, Vectors, dict[str, Any]]:
    """Hidden states ``[n, f]``, MiniLM's vectors ``[n, 384]``, and how the former were read."""
    if kept is not None and kept.exists():
        with np.load(kept) as file:
            return file["states"], file["vectors"], json.loads(str(file["reading"]))
    states, reading = asyncio.run(_read(outcomes.queries, plain))
    vectors = asyncio.run(_embed(outcomes.queries))
    if kept is not None:
        np.savez(kept, states=states, vectors=vectors, reading=json.dumps(reading))
    return states, vectors, reading


async def _read(queries: Sequence[str], plain: int | None) -> tuple[Vectors, dict[str, Any]]:
    graph, path = open_graph("embedded"), head_path(open_graph("embedded"))
    head = HeadFile.load(path).heads[graph.master_name]
    system, layer, adapter = head.system, head.layer, head.adapter
    if plain is not None:
        system, layer, adapter = DEFAULT_SYSTEM, plain, None
    found = None if adapter is None else find_adapter(adapter, base=path.parent).path
    with query_readers(graph, settings.load()) as readers:
        states = await read_vectors(
            readers[graph.master.model], queries, system=system, layer=layer, adapter=found, progress=_told
        )
    return states, {"system": system, "layer": layer, "adapter": adapter}


def _told(done: int, total: int) -> None:
    if done % 500 == 0:
        print(f"read {done} of {total}", flush=True)


async def _embed(queries: Sequence[str]) -> Vectors:
    chosen = settings.load()
    host = embedder_host(model_store(chosen), threads=chosen.threads_beside)
    try:
        vectors = await EmbedderClient(host).encode(queries, cancel=CancelToken())
    finally:
        host.stop()
    assert vectors is not None
    return vectors


def _splits(count: int, folds: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    every = np.arange(count)
    parts = np.array_split(np.random.default_rng(seed).permutation(count), folds)
    return [(np.setdiff1d(every, part), part) for part in parts]


def _out_of_fold(features: Vectors, scores: Floats, foretell: Foretell, seed: int) -> Floats:
    worth = np.empty_like(scores)
    for train, test in _splits(len(scores), FOLDS, seed):
        worth[test] = foretell(features[train], scores[train], features[test])
    return worth


def _ours(workers: Sequence[str]) -> Foretell:
    def foretell(train: Vectors, scores: Floats, test: Vectors) -> Floats:
        rows = fit_outcomes(train, scores, workers=workers, system="", layer=0, adapter=None, model="")
        return rows.chances_of(test)

    return foretell


def _neighbours(train: Vectors, scores: Floats, test: Vectors) -> Floats:
    """Mean scores of the nearest queries by cosine; the vectors have length 1."""

    def near(known: Vectors, told: Floats, asked: Vectors) -> dict[int, Floats]:
        order = np.argsort(-(asked @ known.T), axis=1)[:, : max(NEIGHBOURS)]
        sums = told[order].cumsum(axis=1)
        return {count: sums[:, count - 1] / count for count in NEIGHBOURS}

    gained = dict.fromkeys(NEIGHBOURS, 0.0)
    for some, rest in _splits(len(train), INNER_FOLDS, 0):
        for count, worth in near(train[some], scores[some], train[rest]).items():
            gained[count] += _value(worth, scores[rest])
    return near(train, scores, test)[max(gained, key=lambda count: gained[count])]


def _logistic_success(train: Vectors, scores: Floats, test: Vectors) -> Floats:
    def fitted(strength: float, known: Vectors, told: Floats, asked: Vectors) -> Floats:
        weight, bias = _soft_logistic(known, told, strength)
        return 0.5 * (1 + np.tanh(0.5 * (asked @ weight + bias)))

    return _best_strength(fitted, STRENGTHS, train, scores, test)


def _logistic_best(train: Vectors, scores: Floats, test: Vectors) -> Floats:
    def fitted(strength: float, known: Vectors, told: Floats, asked: Vectors) -> Floats:
        from sklearn.linear_model import LogisticRegression

        # Of those who tie for a query, the one that is better on the whole: otherwise the first would win them all.
        labels = (told + 1e-6 * told.mean(axis=0)).argmax(axis=1)
        model = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(known, labels)
        worth = np.zeros((len(asked), told.shape[1]))
        worth[:, model.classes_] = model.predict_proba(asked)
        return worth

    return _best_strength(fitted, CLASSIFIER_STRENGTHS, train, scores, test)


def _best_strength(
    fitted: Callable[[float, Vectors, Floats, Vectors], Floats],
    strengths: Sequence[float],
    train: Vectors,
    scores: Floats,
    test: Vectors,
) -> Floats:
    """What a regression foretells with the strength that does best on inner folds, over standardised features."""
    mean, scale = train.mean(axis=0), train.std(axis=0) + np.float32(1e-6)
    train, test = (train - mean) / scale, (test - mean) / scale
    gained = dict.fromkeys(strengths, 0.0)
    for some, rest in _splits(len(train), INNER_FOLDS, 0):
        for strength in strengths:
            worth = fitted(strength, train[some], scores[some], train[rest])
            gained[strength] += _value(worth, scores[rest])
    return fitted(max(gained, key=lambda strength: gained[strength]), train, scores, test)


def _soft_logistic(features: Vectors, scores: Floats, strength: float) -> tuple[Floats, Floats]:
    """``W [f, w]`` and ``b [w]`` of least ``sum log loss + |W|^2 / 2C`` on scores between 0 and 1."""
    from scipy.optimize import minimize

    count, width, workers = len(features), features.shape[1], scores.shape[1]

    def loss(values: Floats) -> tuple[float, Floats]:
        weight, bias = values[:-workers].reshape(width, workers), values[-workers:]
        logits = features @ weight + bias
        off = (0.5 * (1 + np.tanh(0.5 * logits)) - scores) / count
        penalty = 1 / (strength * count)
        total = (np.logaddexp(0, logits) - scores * logits).sum() / count + penalty / 2 * (weight**2).sum()
        return float(total), np.concatenate([(features.T @ off + penalty * weight).ravel(), off.sum(axis=0)])

    rates = np.clip(scores.mean(axis=0), 0.01, 0.99)
    start = np.concatenate([np.zeros(width * workers), np.log(rates / (1 - rates))])
    values = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return values[:-workers].reshape(width, workers), values[-workers:]


def _value(worth: Floats, scores: Floats) -> float:
    return float(scores[np.arange(len(scores)), worth.argmax(axis=1)].sum())


if __name__ == "__main__":
    main()
