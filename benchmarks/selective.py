"""How well the bundled reader knows which of its answers are right; makes docs/selective.md.

    python -m benchmarks.selective --data DATA [--limit 400] [--polygraph [150]]
    python -m benchmarks.selective --page

``DATA`` is a folder with ``squad/dev-a.jsonl.gz``. Every score of the same answers: AUROC and AUACC with intervals,
the differences to perplexity by a paired bootstrap, what an evaluation adds to the time of an answer, and a threshold
asked to give 80 % accuracy, chosen on half of the articles and held against the other half. With ``--polygraph`` this
is left as it is, and lm-polygraph scores its answers to so many of the questions (`benchmarks/peers/install`). Writes
``benchmarks/results/selective.json``. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import polygraph
from benchmarks.machine import describe
from octograph import settings
from octograph.agents.evaluation.answering import Reply, WorkerAlone, evaluate_answers
from octograph.agents.evaluation.question import Question, read_questions
from octograph.agents.selection import (
    Aspire,
    Delta,
    Likelihood,
    Perplexity,
    PredictiveEntropy,
    PTrue,
    Samples,
    SelectionScore,
    SemanticEntropy,
    auacc,
    auroc,
    threshold_for_accuracy,
)
from octograph.agents.selection.measuring import Scoring, Selective
from octograph.cancellation import CancelToken
from octograph.composition import host_pool, model_store, worker_alone
from octograph.graph import open_graph
from octograph.graph.bundled import bundled_folder
from octograph.nodes.answered import Answered
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.nodes.tools import SystemClock

OUTPUT = Path(__file__).parent / "results" / "selective.json"
PAGE = Path(__file__).parent.parent / "docs" / "selective.md"
WANTED = 0.8
DRAWS = 2000
SEED = 0
WORKER = "reader"
EVALUATOR = bundled_folder() / "smollm2-reader.evaluator.safetensors"
ALPHA = 0.2  # chosen on 125 questions of the train split, see the model card
TIMED = 25
BESIDE = 150
"""Questions that lm-polygraph answers as well."""

COMPARED = ("aspire", "likelihood", "semantic_entropy")


class Timed:
    """Answers and their scores of ASPIRE, and how long each takes.

    Attributes
    ----------
    answering, scoring
        Seconds of each.

    """

    name = "aspire"

    def __init__(self, answerer: WorkerAlone, score: Aspire) -> None:
        self.answering: list[float] = []
        self.scoring: list[float] = []
        self._answerer = answerer
        self._score = score

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        """Answer."""
        started = time.perf_counter()
        reply = await self._answerer.reply(question, cancel=cancel)
        self.answering.append(time.perf_counter() - started)
        return reply

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`."""
        started = time.perf_counter()
        found = await self._score.score(answered, cancel=cancel)
        self.scoring.append(time.perf_counter() - started)
        return found


async def measured(questions: Sequence[Question]) -> tuple[Selective, dict[str, float]]:
    """All scores of the reader's answers, and what the one of ASPIRE costs beside an answer."""
    graph, chosen = open_graph("embedded"), settings.load()
    node = graph.worker(WORKER)
    pool = host_pool(graph, chosen)
    embedder = embedder_host(model_store(chosen), threads=chosen.threads_beside)
    client = pool.clients[node.model or ""]
    try:
        await client.prepare()
        alone = worker_alone(graph, node, pool, SystemClock())
        aspire = Aspire(client, client.tokenize, theta_s=EVALUATOR, alpha=ALPHA)
        samples = Samples(client, max_tokens=node.max_tokens)
        scores: list[SelectionScore] = [
            aspire,  # first: the samples push the answer out of the cache
            Perplexity(),
            Likelihood(),
            Delta(),
            PTrue(client, client.tokenize),
            PredictiveEntropy(samples),
            SemanticEntropy(samples, EmbedderClient(embedder)),
        ]
        timed = Timed(alone, aspire)
        few = questions[:TIMED]
        await evaluate_answers(few, Scoring(timed, [timed]), progress=_silent, cancel=CancelToken(), at_once=1)
        scoring = Scoring(alone, scores)
        report = await evaluate_answers(questions, scoring, progress=_silent, cancel=CancelToken(), at_once=2)
    finally:
        await asyncio.to_thread(pool.close)
        await asyncio.to_thread(embedder.stop)
    if report is None:
        raise RuntimeError("nobody cancelled it")
    # The first answer loads the adapter, and the first score the soft prompt.
    cost = {"answer_seconds": fmean(timed.answering[1:]), "evaluation_seconds": fmean(timed.scoring[1:])}
    return Selective.of(report.graded, scoring), cost


def beside(selective: Selective, name: str, *, other: str = "perplexity") -> dict[str, Any]:
    """How much better a score is than another on the same answers: means and 95 % intervals by a paired bootstrap."""
    right = np.array(selective.right)
    one, two = np.array(selective.scores[name]), np.array(selective.scores[other])
    draw = np.random.default_rng(SEED)
    found: dict[str, list[float]] = {"auroc": [], "auacc": []}
    for _ in range(DRAWS):
        places = draw.integers(0, len(right), len(right))
        if right[places].all() or not right[places].any():
            continue
        for key, measure in (("auroc", auroc), ("auacc", auacc)):
            found[key].append(
                (measure(one[places], right[places]) or 0.0) - (measure(two[places], right[places]) or 0.0)
            )
    return {
        key: {
            "mean": float(np.mean(values)),
            "interval": [float(value) for value in np.quantile(values, [0.025, 0.975])],
        }
        for key, values in found.items()
    }


def held_back(questions: Sequence[Question], selective: Selective, name: str) -> dict[str, Any] | None:
    """A threshold chosen on half of the articles, and what it gives on the other half; None if there is none."""
    titles = sorted({question.passages[0].title for question in questions})
    ours = set(np.random.default_rng(SEED).permutation(titles)[: len(titles) // 2])
    first = np.array([question.passages[0].title in ours for question in questions])
    values, right = np.array(selective.scores[name]), np.array(selective.right)
    threshold = threshold_for_accuracy(values[first], right[first], WANTED, seed=SEED)
    if threshold is None:
        return None
    taken = values[~first] >= threshold.tau
    return {
        "tau": threshold.tau,
        "bound": threshold.bound,
        "chosen_on": int(first.sum()),
        "n": int((~first).sum()),
        "answered": int(taken.sum()),
        "accuracy": float(right[~first][taken].mean()) if taken.any() else None,
        "coverage": float(taken.mean()),
        "accuracy_of_all": float(right[~first].mean()),
    }


def whole(questions: Sequence[Question]) -> dict[str, Any]:
    """All that is measured without a peer."""
    selective, cost = asyncio.run(measured(questions))
    return {
        "n": len(questions),
        "scores": selective.document(seed=SEED, wanted=WANTED),
        "beside_perplexity": {name: beside(selective, name) for name in COMPARED},
        "cost": cost,
        "held_back": {name: held_back(questions, selective, name) for name in ("perplexity", *COMPARED)},
    }


def page(results: Mapping[str, Any]) -> str:
    """The page of docs."""
    scores, cost = results["scores"], results["cost"]
    accuracy = next(iter(scores.values()))["accuracy"]
    rows = [
        f"| `{name}` | {_figure(one, 'auroc')} | {_figure(one, 'auacc')} | {one['coverage_at']['0.8']:.2f} |"
        for name, one in sorted(scores.items(), key=lambda item: -item[1]["auroc"])
    ]
    added = cost["evaluation_seconds"] / cost["answer_seconds"]
    lines = [
        "# Knowing which answers are right, measured",
        "",
        "Made by `python -m benchmarks.selective`; the results with the machine's description are in "
        "`benchmarks/results/selective.json`.",
        f"The worker `reader` of the bundled graph on {results['n']} questions of SQuAD's dev split with their passage,"
        f" of which it answers {accuracy:.2f} rightly (Rouge-L above 0.7 to a reference). "
        "What the scores are is in [trust.md](trust.md).",
        "",
        "| score | AUROC | AUACC | coverage at 80 % accuracy |",
        "|---|---|---|---|",
        *rows,
        "",
        "Beside perplexity, on the same answers:",
        "",
        "| score | AUROC | AUACC |",
        "|---|---|---|",
        *(
            f"| `{name}` | {_signed(one['auroc'])} | {_signed(one['auacc'])} |"
            for name, one in results["beside_perplexity"].items()
        ),
        "",
        f"The evaluation of ASPIRE adds {added:.1%} to the time of an answer.",
        "",
        "A threshold for 80 % accuracy, chosen on half of the articles and held against the other half:",
        "",
        "| score | answered | right of these | of all |",
        "|---|---|---|---|",
        *(_held(name, one) for name, one in results["held_back"].items()),
        *(polygraph.section(results["polygraph"]) if "polygraph" in results else ()),
    ]
    return "\n".join(lines) + "\n"


def _held(name: str, one: Mapping[str, Any] | None) -> str:
    if one is None:
        return f"| `{name}` | no threshold can be promised | | |"
    return f"| `{name}` | {one['answered']} of {one['n']} | {one['accuracy']:.2f} | {one['accuracy_of_all']:.2f} |"


def _figure(one: Mapping[str, Any], key: str) -> str:
    low, high = one[f"{key}_interval"]
    return f"{one[key]:.3f} [{low:.3f}, {high:.3f}]"


def _signed(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['mean']:+.3f} [{low:+.3f}, {high:+.3f}]"


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    parser.add_argument("--polygraph", type=int, nargs="?", const=BESIDE)
    arguments = parser.parse_args()
    if arguments.data is None and not arguments.page:
        parser.error("give --data or --page")
    results = json.loads(OUTPUT.read_text()) if OUTPUT.is_file() else {}
    if not arguments.page:
        questions = read_questions(arguments.data / "squad" / "dev-a.jsonl.gz", limit=arguments.limit, seed=SEED)
        if arguments.polygraph is None:
            results |= whole(questions)
        else:
            node = open_graph("embedded").worker(WORKER)
            results["polygraph"] = asyncio.run(polygraph.measured(questions[: arguments.polygraph], node))
        OUTPUT.write_text(json.dumps(results | {"machine": describe()}, indent=1) + "\n")
    PAGE.write_text(page(results))


if __name__ == "__main__":
    main()
