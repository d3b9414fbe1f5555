"""The options of ``train`` and ``eval``; imports nothing but the standard library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from octograph.cli.options import command, positive, share

__all__ = ["add_eval", "add_train"]


def add_train(commands: Any) -> None:
    """Add ``train``."""
    train = commands.add_parser("train", help="fit a part to a graph").add_subparsers(metavar="PART", required=True)
    router = command(train, "router", "learning:train_router", "fit the masters' functional heads to the examples")
    adapter = command(train, "adapter", "training:train_adapter", "train a LoRA adapter for reading queries")
    adapter.add_argument("--also", action="append", default=[], metavar="GRAPH", help="a further graph to train on")
    adapter.add_argument("--out", type=Path, required=True, metavar="FILE.gguf", help="the adapter to write")
    adapter.add_argument("--epochs", type=float, default=2.5, help="passes over the queries (default: %(default)s)")
    adapter.add_argument("--depth", type=float, default=0.55, help="share of the layers to run (default: %(default)s)")
    adapter.add_argument("--seed", type=int, default=0, help="of order and factors (default: %(default)s)")
    _worker_training(train)
    _evaluator_training(train)
    _technique_training(train)
    router.add_argument(
        "--adapter",
        default="auto",
        metavar="FILE",
        help="the adapter to read through: the JSON file beside it, 'none', or 'auto' for the bundled one of the"
        " embedded model (default: %(default)s)",
    )
    router.add_argument(
        "--validation",
        type=Path,
        metavar="DATA",
        help='JSON Lines of {"query", "worker"} that choose temperature and threshold'
        " (default: GRAPH.validation.jsonl beside the graph file, if it is there)",
    )
    router.add_argument("--seed", type=int, default=0, help="of the held-out folds (default: %(default)s)")
    outcomes = command(
        train, "outcomes", "learning:train_outcomes", "fit rows to who answered right, which then choose"
    )
    outcomes.add_argument("data", type=Path, metavar="DATA", help='JSON Lines of {"query", "scores": {worker: 0 to 1}}')
    outcomes.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N lines")
    outcomes.add_argument("--seed", type=int, default=0, help="of sample and folds (default: %(default)s)")


def add_eval(commands: Any) -> None:
    """Add ``eval``."""
    evaluate = commands.add_parser("eval", help="measure quality on data").add_subparsers(metavar="WHAT", required=True)
    routing = command(evaluate, "routing", "learning:eval_routing", "how well queries reach their workers")
    routing.add_argument("data", type=Path, metavar="DATA", help='JSON Lines of {"query", "worker"}, plain or .gz')
    routing.add_argument(
        "--router",
        default="master",
        metavar="ROUTER",
        help="'master', 'neighbours' (an embedding router) or the address of an endpoint (default: %(default)s)",
    )
    routing.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N lines")
    routing.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")
    retrieval = command(evaluate, "retrieval", "knowledge:eval_retrieval", "how well searches find documents")
    retrieval.add_argument(
        "data", type=Path, metavar="FOLDER", help='holds corpus.jsonl of {"_id", "title", "text"}, plain or .gz'
    )
    retrieval.add_argument(
        "--queries",
        default="queries.jsonl",
        metavar="FILE",
        help='in that folder: lines of {"_id", "text", "relevant": [ids]} (default: %(default)s)',
    )
    retrieval.add_argument(
        "--method",
        choices=("hybrid", "dense", "bm25", "reranked"),
        action="append",
        help="measure this one (default: all but 'reranked', in which the graph's model judges the best passages)",
    )
    retrieval.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N queries")
    retrieval.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")
    _answers(evaluate)
    _selective(evaluate)
    answers = command(
        evaluate, "outcomes", "learning:eval_outcomes", "how well choices by chance of success and cost do"
    )
    answers.add_argument("data", type=Path, metavar="DATA", help='JSON Lines of {"query", "scores": {worker: 0 to 1}}')
    answers.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N lines")
    answers.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")


def _worker_training(train: Any) -> None:
    worker = command(train, "worker", "teaching:train_worker", "train a LoRA adapter for a worker on your examples")
    worker.add_argument("--node", required=True, metavar="NAME", help="the worker: one of the graph, or a new one")
    worker.add_argument(
        "--data",
        type=Path,
        required=True,
        help='JSON Lines of {"question", "answers"}, plain or gzipped; the first answer is learned',
    )
    worker.add_argument("--describe", metavar="TEXT", help="what it is good at; a new worker needs this")
    worker.add_argument("--system", metavar="TEXT", help="its system prompt")
    worker.add_argument("--model", metavar="NAME", help="its model, one of the graph (default: the master's)")
    worker.add_argument("--output", type=Path, metavar="FILE", help="write the changed graph there")
    worker.add_argument("--validation", type=Path, metavar="DATA", help="examples to measure on (default: a tenth)")
    worker.add_argument(
        "--program", action="store_true", help="answers are lines of arithmetic, whose results are computed"
    )
    worker.add_argument("--start", type=Path, metavar="ADAPTER", help="go on from the factors of a GGUF adapter")
    worker.add_argument("--epochs", type=float, default=3.0, help="passes over the examples (default: %(default)s)")
    worker.add_argument("--rank", type=int, default=16, help="of the factors (default: %(default)s)")
    worker.add_argument("--frozen", type=int, default=8, help="lowest layers left as they are (default: %(default)s)")
    worker.add_argument("--rate", type=float, default=2e-3, help="highest learning rate (default: %(default)s)")
    worker.add_argument("--longest", type=int, default=512, help="most tokens of an example (default: %(default)s)")
    worker.add_argument("--licence", default="", help="of the adapter, for its model card")
    worker.add_argument("--seed", type=int, default=0, help="of order and factors (default: %(default)s)")


def _evaluator_training(train: Any) -> None:
    evaluator = command(
        train, "evaluator", "evaluator:train_evaluator", "train a worker's model to tell whether its answers are right"
    )
    evaluator.add_argument("--node", required=True, metavar="NAME", help="the worker")
    evaluator.add_argument("--data", type=Path, required=True, help="questions as of eval answers, not trained on yet")
    evaluator.add_argument("--validation", type=Path, metavar="DATA", help="questions to measure on (default: a tenth)")
    evaluator.add_argument(
        "--limit", type=positive, default=2000, metavar="N", help="learn from a random N (default: %(default)s)"
    )
    evaluator.add_argument("--output", type=Path, metavar="FILE", help="write the changed graph there")
    evaluator.add_argument("--epochs", type=float, default=4.0, help="passes over them (default: %(default)s)")
    evaluator.add_argument(
        "--length", type=positive, default=10, help="of the soft prompt, in rows (default: %(default)s)"
    )
    evaluator.add_argument("--rate", type=float, default=0.01, help="highest learning rate (default: %(default)s)")
    evaluator.add_argument("--licence", default="", help="of the soft prompt, for its model card")
    evaluator.add_argument("--seed", type=int, default=0, help="of sample, order and rows (default: %(default)s)")


def _technique_training(train: Any) -> None:
    technique = command(
        train, "technique", "technique:train_technique", "choose by what is measured how a worker comes to its answers"
    )
    technique.add_argument("--node", required=True, metavar="NAME", help="the worker, one with a model")
    technique.add_argument(
        "--data", type=Path, required=True, metavar="QUESTIONS", help="questions as of eval answers, not trained on"
    )
    techniques = ("direct", "cot", "self-consistency", "structure-json", "structure-text", "program")
    technique.add_argument(
        "--technique",
        choices=techniques,
        action="append",
        default=[],
        metavar="TECHNIQUE",
        help=f"measure this one, of: {', '.join(techniques)} (default: all that the worker can do; 'program' only where"
        " it is the worker's own)",
    )
    technique.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N questions")
    technique.add_argument("--output", type=Path, metavar="FILE", help="write the changed graph there")
    technique.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")


def _answers(evaluate: Any) -> None:
    answers = command(
        evaluate, "answers", "evaluating:eval_answers", "how well a worker, or the whole graph, answers questions"
    )
    answers.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help='JSON Lines of {"question", "answers": [texts]}, if need be with "context", "title", "choices";'
        " plain or .gz",
    )
    answers.add_argument(
        "--worker", metavar="NAME", help="ask this worker alone, without the master (default: ask the whole graph)"
    )
    answers.add_argument(
        "--decoding",
        choices=("greedy", "sample", "cot", "self-consistency", "program"),
        help="how the worker decodes (default: as the graph says)",
    )
    answers.add_argument(
        "--reasoning",
        choices=("none", "self-discover"),
        help="how the worker structures its reasoning (default: as the graph says)",
    )
    answers.add_argument(
        "--structure", choices=("json", "text"), help="the form of that structure (default: as the graph says)"
    )
    answers.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write question, answer and scores of each line here"
    )
    answers.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N lines")
    answers.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")


def _selective(evaluate: Any) -> None:
    selective = command(
        evaluate, "selective", "selecting:eval_selective", "how well scores tell a worker's right answers from wrong"
    )
    selective.add_argument("data", type=Path, metavar="DATA", help="as of eval answers")
    selective.add_argument("--worker", required=True, metavar="NAME", help="whose answers")
    scores = ("perplexity", "likelihood", "delta", "p_true", "aspire", "predictive_entropy", "semantic_entropy")
    selective.add_argument(
        "--score",
        nargs="+",
        choices=scores,
        default=scores[:-2],
        metavar="SCORE",
        help=f"of: {', '.join(scores)} (default: all but the last two, which draw ten further answers)",
    )
    wanted = selective.add_mutually_exclusive_group()
    wanted.add_argument(
        "--accuracy", type=share, default=0.8, metavar="A", help="find the threshold for this (default: %(default)s)"
    )
    wanted.add_argument(
        "--coverage", type=share, metavar="C", help="find that which this share of the answers reaches, instead"
    )
    selective.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves: .svg, .png or .pdf")
    selective.add_argument("--limit", type=positive, metavar="N", help="use a random sample of N lines")
    selective.add_argument("--seed", type=int, default=0, help="of the samples (default: %(default)s)")
