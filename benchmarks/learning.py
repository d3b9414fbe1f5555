"""Learning from use: greedy, Thompson sampling and UCB on a simulated bandit and on real scores of nine models.

    python -m benchmarks.learning [DATA/llmrouter/train.jsonl.gz] [--seeds 500]

The bandit has K = 5 arms and a gap of 0.2: the best succeeds in 0.6 of the cases, the others in 0.4.
The file holds lines of ``{"query", "scores": {model: 0..1}}``; its queries come as a stream in random order, and a
model's score is its chance of success. Query clusters stand for the master's first choice: k-means over TF-IDF,
fitted on the texts of queries that are not in the stream, never on scores.
Writes ``benchmarks/results/learning.json``; the data is neither copied nor kept.

Shapes: ``s`` seeds, ``t`` queries one after another, ``q`` different queries, ``c`` clusters, ``w`` arms.
"""

from __future__ import annotations

import argparse
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from octograph.agents.learning import POLICIES
from octograph.agents.learning.policies import ScoredPolicy

ARMS = 5
BEST = 0.6
GAP = 0.2
HORIZONS = (1_000, 5_000)
PRIORS = {"flat": 1.0, "misleading_1.25": 1.25, "misleading_3": 3.0}
"""How many times as probable as each other arm the master believes one of the worse to be."""

CLUSTERS = (1, 4, 8, 16)
FITTED = 1_000
"""Queries that the clusters are fitted on."""
STREAM_SEEDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Queries that come one after another, in another order for each seed.

    Attributes
    ----------
    rates
        ``[q, w]``: the chance of success of each arm.
    prior
        ``[w]``: the master's, for every query.
    clusters
        ``[q]``: the cluster of each query.
    order
        ``[t, s]``: which query comes when.

    """

    rates: NDArray[np.float64]
    prior: NDArray[np.float64]
    clusters: NDArray[np.int64]
    order: NDArray[np.int64]


def main() -> None:
    """Run the bandit, and the stream if there is data; write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=500, help="of the bandit")
    arguments = parser.parse_args()
    results: dict[str, Any] = {"machine": describe(), "bandit": _bandit(arguments.seeds)}
    if arguments.data is not None:
        results["llmrouter"] = _stream(arguments.data)
    text = json.dumps(results, indent=2)
    (Path(__file__).parent / "results" / "learning.json").write_text(text + "\n")
    print(text)


def play(policy: ScoredPolicy, problem: Problem, *, seed: int = 0) -> NDArray[np.float64]:
    """Let a policy choose and learn; return the chance of success ``[t, s]`` of every choice.

    The arms stand in another order for each seed, so that ties favour none of them.
    """
    luck, chance = (np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2))
    steps, seeds = problem.order.shape
    width = problem.rates.shape[1]
    arms = luck.permuted(np.tile(np.arange(width), (seeds, 1)), axis=1)  # [s, w]
    counts = np.ones((2, seeds, problem.clusters.max() + 1, width))  # [2, s, c, w]: alpha and beta
    every = np.arange(seeds)
    taken = np.empty((steps, seeds))
    for step, queries in enumerate(problem.order):
        cluster = problem.clusters[queries]  # [s]
        alpha, beta = counts[:, every, cluster]  # [s, w] each
        place = policy.scores(problem.prior[arms], alpha, beta, chance).argmax(axis=1)  # [s]
        rate = problem.rates[queries, arms[every, place]]  # [s]
        failed = luck.random(seeds) >= rate
        counts[failed.astype(np.int64), every, cluster, place] += 1
        taken[step] = rate
    return taken


def _bandit(seeds: int) -> dict[str, Any]:
    rates = np.full((1, ARMS), BEST - GAP)
    rates[0, 0] = BEST
    order = np.zeros((max(HORIZONS), seeds), dtype=np.int64)
    results: dict[str, Any] = {
        "arms": ARMS,
        "best": BEST,
        "gap": GAP,
        "seeds": seeds,
        "regret_of_chance": {str(horizon): horizon * GAP * (ARMS - 1) / ARMS for horizon in HORIZONS},
        "regret_of_a_wrong_arm": {str(horizon): horizon * GAP for horizon in HORIZONS},
    }
    for name, ratio in PRIORS.items():
        prior = np.ones(ARMS)
        prior[1] = ratio
        problem = Problem(rates=rates, prior=prior / prior.sum(), clusters=np.zeros(1, dtype=np.int64), order=order)
        results[name] = {}
        for title, policy in POLICIES.items():
            regret = (BEST - play(policy, problem)).cumsum(axis=0)  # [t, s]
            results[name][title] = {str(horizon): _interval(regret[horizon - 1]) for horizon in HORIZONS}
    return results


def _stream(path: Path) -> dict[str, Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    models = sorted(rows[0]["scores"])
    rng = np.random.default_rng(0)
    rng.shuffle(rows)
    texts = [row["query"] for row in rows]
    rates = np.array([[row["scores"][model] for model in models] for row in rows[FITTED:]])  # [q, w]
    order = rng.permuted(np.tile(np.arange(len(rates)), (STREAM_SEEDS, 1)), axis=1).T  # [t, s]
    means = dict(zip(models, rates.mean(axis=0).tolist(), strict=True))
    best = max(means, key=lambda model: means[model])
    results: dict[str, Any] = {
        "queries": len(rates),
        "seeds": STREAM_SEEDS,
        "models": means,
        "best_single_model": {"model": best, "score": means[best]},
        "random": float(rates.mean()),
        "oracle": float(rates.max(axis=1).mean()),
    }
    for number in CLUSTERS:
        clusters = _clusters(texts, number)
        problem = Problem(rates=rates, prior=np.full(len(models), 1 / len(models)), clusters=clusters, order=order)
        scores: dict[str, Any] = {"best_model_of_each_cluster": _best_of_each(rates, clusters)}
        for title, policy in POLICIES.items():
            taken = play(policy, problem)  # [t, s]
            scores[title] = {
                "mean_score": _interval(taken.mean(axis=0)),
                "mean_score_of_last_quarter": _interval(taken[-len(taken) // 4 :].mean(axis=0)),
            }
        results[f"clusters_{number}"] = scores
    return results


def _clusters(texts: list[str], number: int) -> NDArray[np.int64]:
    """Cluster of each text ``[q]`` behind the first `FITTED`, which the clusters are fitted on."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    pipeline = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, min_df=2),
        TruncatedSVD(50, random_state=0),
        Normalizer(),
        KMeans(number, n_init=4, random_state=0),
    )
    pipeline.fit(texts[:FITTED])
    labels: NDArray[np.int32] = pipeline.predict(texts[FITTED:])
    return labels.astype(np.int64)


def _best_of_each(rates: NDArray[np.float64], clusters: NDArray[np.int64]) -> float:
    """Mean score of the model that is, in hindsight, the best of each cluster."""
    return sum(float(rates[clusters == cluster].sum(axis=0).max()) for cluster in np.unique(clusters)) / len(rates)


def _interval(values: NDArray[np.float64]) -> dict[str, Any]:
    """Mean over the seeds ``[s]`` with its 95 % interval."""
    mean, half = float(values.mean()), float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))
    return {"mean": mean, "interval": [mean - half, mean + half]}


if __name__ == "__main__":
    main()
