"""The commands and their options; imports nothing but the standard library.

Each command names its function as ``module:function`` within this package.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

__all__ = ["make_parser"]

_EXIT = "exit status: 0 answered, 1 error, 2 usage, 3 abstained, 4 model missing, 5 context overflow, 130 interrupted"


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="octograph",
        description="A graph of language models that runs on this machine. Without a command it opens the chat.",
        epilog=_EXIT,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(command="chatting:chat")
    _graph_option(parser)
    parser.add_argument("--thread", metavar="NAME", help="open this conversation")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _answering(commands)
    _graphs(commands)
    _knowledge(commands)
    _structures(commands)
    _learning(commands)
    _care(commands)
    return parser


class _Version(argparse.Action):
    """Shows the version; looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from octograph import __version__

        sys.stdout.write(f"octograph {__version__}\n")
        parser.exit()


def _answering(commands: Any) -> None:
    ask = _command(commands, "ask", "answering:ask", "ask a question")
    ask.add_argument("query", nargs="?", metavar="QUESTION", help="the question; '-' reads it from stdin")
    ask.add_argument("--worker", metavar="NAME", help="ask this worker and not the master")
    ask.add_argument("--thread", metavar="NAME", help="conversation to go on with, or to begin")
    ask.add_argument("--resume", action="store_true", help="go on with the thread's interrupted turn")
    ask.add_argument(
        "--choose", metavar="CHOICE", help="with --resume, what a waiting turn asks: answer, abstain, a worker"
    )
    route = _command(commands, "route", "answering:route", "show where a question would go")
    route.add_argument("query", metavar="QUESTION", help="the question")
    feedback = _command(commands, "feedback", "answering:feedback", "say what an answer was worth")
    feedback.add_argument("thread", metavar="THREAD", help="the conversation")
    verdict = feedback.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--good", action="store_true", help="the answer was good")
    verdict.add_argument("--bad", action="store_true", help="the answer was not good")
    verdict.add_argument("--instead", metavar="WORKER", help="who should have answered")
    feedback.add_argument("--turn", metavar="ID", help="which turn (default: the last answered one)")
    threads = commands.add_parser("threads", help="conversations").add_subparsers(metavar="ACTION", required=True)
    _command(threads, "list", "answering:list_threads", "list the conversations")
    _named(_command(threads, "show", "answering:show_thread", "show a conversation's turns"))
    _named(_command(threads, "delete", "answering:delete_thread", "delete a conversation"))


def _graphs(commands: Any) -> None:
    graph = commands.add_parser("graph", help="the model graph").add_subparsers(metavar="ACTION", required=True)
    _command(graph, "show", "graphs:show", "draw the graph")
    _command(graph, "check", "graphs:check", "check the graph file, its models and its functional head")
    add = _command(
        graph, "add-worker", "growing:add_worker", "add a worker and fit its row; the others stay as they are"
    )
    _named(add)
    runs = add.add_mutually_exclusive_group(required=True)
    runs.add_argument("--model", metavar="MODEL", help="the model of the graph that it runs on")
    runs.add_argument("--tool", metavar="TOOL", help="the tool that it is")
    add.add_argument("--describe", required=True, metavar="TEXT", help="what it is for, in a line")
    add.add_argument(
        "--examples", type=Path, metavar="FILE", help="queries that it should get, one a line; five or more"
    )
    add.add_argument("--system", default="", metavar="TEXT", help="its system prompt")
    add.add_argument("--master", metavar="NAME", help="the master that may choose it (default: the root)")
    _output_option(add)
    remove = _command(graph, "remove-worker", "growing:remove_worker", "remove a worker and its row")
    _named(remove)
    _output_option(remove)
    export = _command(graph, "export", "graphs:export_graph", "write the graph in another format")
    export.add_argument("--format", choices=("mermaid", "dot", "graphml", "json"), default="mermaid")


def _knowledge(commands: Any) -> None:
    index = commands.add_parser("index", help="the user's documents").add_subparsers(metavar="ACTION", required=True)
    add = _command(index, "add", "knowledge:add", "read files and folders, so that they can be searched")
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    add.add_argument(
        "--max-size", type=_positive, default=50, metavar="MB", help="skip larger files (default: %(default)s)"
    )
    add.add_argument("--prune", action="store_true", help="remove documents whose files are gone from the folders")
    _kind_option(add)
    _command(index, "list", "knowledge:list_documents", "list the documents")
    remove = _command(index, "remove", "knowledge:remove", "remove documents; the files themselves stay")
    remove.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a document, or a folder with several")
    verify = _command(index, "verify", "knowledge:verify", "check the knowledge base")
    verify.add_argument("--repair", action="store_true", help="make the index anew from what was read")
    _kind_option(verify)
    _search_options(_command(index, "search", "knowledge:search", "find passages"))
    _search_options(_command(commands, "search", "knowledge:search", "find passages in the documents"))
    for action in index.choices.values():
        _base_option(action)
    _base_option(commands.choices["search"])


def _search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="what to look for")
    parser.add_argument("--limit", type=_positive, default=5, metavar="N", help="most passages (default: %(default)s)")
    parser.add_argument(
        "--method",
        choices=("hybrid", "dense", "bm25"),
        default="hybrid",
        help="by meaning, by words, or both (default: %(default)s)",
    )
    parser.add_argument(
        "--source", action="append", default=[], metavar="PATTERN", help="only files like this, such as '*/2024/*.pdf'"
    )
    parser.add_argument("--since", metavar="DATE", help="only files changed on or after this day, such as 2026-01-31")
    parser.add_argument("--until", metavar="DATE", help="only files changed before this day")


def _kind_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind", choices=("flat", "hnsw", "ivf-pq"), help="kind of vector index (default: by the number of passages)"
    )


def _base_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base", metavar="NAME", help="a knowledge base of the graph (default: its only one)")


def _structures(commands: Any) -> None:
    structures = commands.add_parser("structures", help="plans that workers fill").add_subparsers(
        metavar="ACTION", required=True
    )
    _command(structures, "list", "structures:list_structures", "list the reasoning structures of the graph")
    show = _command(structures, "show", "structures:show_structure", "show a structure and how it came to be")
    discover = _command(
        structures, "discover", "structures:discover_structure", "discover a structure from queries of one kind"
    )
    discover.add_argument("worker", metavar="WORKER", help="the worker that will fill it")
    discover.add_argument("query", nargs="+", metavar="QUERY", help="an example; none of them is answered")
    export = _command(structures, "export", "structures:export_structure", "write a structure to a file, to edit it")
    bring = _command(structures, "import", "structures:import_structure", "take in an exported structure")
    remove = _command(structures, "remove", "structures:remove_structure", "remove a structure")
    for action in (show, export, remove):
        action.add_argument("task", metavar="TASK", help="its name in the list")
    for action in (export, bring):
        action.add_argument("file", type=Path, metavar="FILE", help="JSON")
    for action in (discover, bring):
        action.add_argument("--task", metavar="TASK", help="which task it is for (default: that of worker or file)")


def _worker_training(train: Any) -> None:
    worker = _command(train, "worker", "teaching:train_worker", "train a LoRA adapter for a worker on your examples")
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
    evaluator = _command(
        train, "evaluator", "evaluator:train_evaluator", "train a worker's model to tell whether its answers are right"
    )
    evaluator.add_argument("--node", required=True, metavar="NAME", help="the worker")
    evaluator.add_argument("--data", type=Path, required=True, help="questions as of eval answers, not trained on yet")
    evaluator.add_argument("--validation", type=Path, metavar="DATA", help="questions to measure on (default: a tenth)")
    evaluator.add_argument(
        "--limit", type=_positive, default=2000, metavar="N", help="learn from a random N (default: %(default)s)"
    )
    evaluator.add_argument("--output", type=Path, metavar="FILE", help="write the changed graph there")
    evaluator.add_argument("--epochs", type=float, default=10.0, help="passes over them (default: %(default)s)")
    evaluator.add_argument(
        "--length", type=_positive, default=50, help="of the soft prompt, in rows (default: %(default)s)"
    )
    evaluator.add_argument("--rate", type=float, default=0.01, help="highest learning rate (default: %(default)s)")
    evaluator.add_argument("--licence", default="", help="of the soft prompt, for its model card")
    evaluator.add_argument("--seed", type=int, default=0, help="of sample, order and rows (default: %(default)s)")


def _learning(commands: Any) -> None:
    train = commands.add_parser("train", help="fit a part to a graph").add_subparsers(metavar="PART", required=True)
    router = _command(train, "router", "learning:train_router", "fit the masters' functional heads to the examples")
    adapter = _command(train, "adapter", "training:train_adapter", "train a LoRA adapter for reading queries")
    adapter.add_argument("--also", action="append", default=[], metavar="GRAPH", help="a further graph to train on")
    adapter.add_argument("--out", type=Path, required=True, metavar="FILE.gguf", help="the adapter to write")
    adapter.add_argument("--epochs", type=float, default=2.5, help="passes over the queries (default: %(default)s)")
    adapter.add_argument("--depth", type=float, default=0.55, help="share of the layers to run (default: %(default)s)")
    adapter.add_argument("--seed", type=int, default=0, help="of order and factors (default: %(default)s)")
    _worker_training(train)
    _evaluator_training(train)
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
    outcomes = _command(
        train, "outcomes", "learning:train_outcomes", "fit rows to who answered right, which then choose"
    )
    outcomes.add_argument("data", type=Path, metavar="DATA", help='JSON Lines of {"query", "scores": {worker: 0 to 1}}')
    outcomes.add_argument("--limit", type=_positive, metavar="N", help="use a random sample of N lines")
    outcomes.add_argument("--seed", type=int, default=0, help="of sample and folds (default: %(default)s)")
    evaluate = commands.add_parser("eval", help="measure quality on data").add_subparsers(metavar="WHAT", required=True)
    routing = _command(evaluate, "routing", "learning:eval_routing", "how well queries reach their workers")
    routing.add_argument("data", type=Path, metavar="DATA", help='JSON Lines of {"query", "worker"}, plain or .gz')
    routing.add_argument(
        "--router",
        default="master",
        metavar="ROUTER",
        help="'master', 'neighbours' (an embedding router) or the address of an endpoint (default: %(default)s)",
    )
    routing.add_argument("--limit", type=_positive, metavar="N", help="use a random sample of N lines")
    routing.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")
    retrieval = _command(evaluate, "retrieval", "knowledge:eval_retrieval", "how well searches find documents")
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
    retrieval.add_argument("--limit", type=_positive, metavar="N", help="use a random sample of N queries")
    retrieval.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")
    _answers(evaluate)
    _selective(evaluate)
    answers = _command(
        evaluate, "outcomes", "learning:eval_outcomes", "how well choices by chance of success and cost do"
    )
    answers.add_argument("data", type=Path, metavar="DATA", help='JSON Lines of {"query", "scores": {worker: 0 to 1}}')
    answers.add_argument("--limit", type=_positive, metavar="N", help="use a random sample of N lines")
    answers.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")


def _answers(evaluate: Any) -> None:
    answers = _command(
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
    answers.add_argument("--limit", type=_positive, metavar="N", help="use a random sample of N lines")
    answers.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")


def _selective(evaluate: Any) -> None:
    selective = _command(
        evaluate, "selective", "selecting:eval_selective", "how well scores tell a worker's right answers from wrong"
    )
    selective.add_argument("data", type=Path, metavar="DATA", help="as of eval answers")
    selective.add_argument("--worker", required=True, metavar="NAME", help="whose answers")
    scores = ("perplexity", "delta", "p_true", "aspire", "predictive_entropy", "semantic_entropy")
    selective.add_argument(
        "--score",
        nargs="+",
        choices=scores,
        default=scores[:4],
        metavar="SCORE",
        help=f"of: {', '.join(scores)} (default: all but the last two, which draw ten further answers)",
    )
    selective.add_argument(
        "--accuracy", type=_share, default=0.8, metavar="A", help="find the threshold for this (default: %(default)s)"
    )
    selective.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves: .svg, .png or .pdf")
    selective.add_argument("--limit", type=_positive, metavar="N", help="use a random sample of N lines")
    selective.add_argument("--seed", type=int, default=0, help="of the samples (default: %(default)s)")


def _care(commands: Any) -> None:
    _command(commands, "doctor", "care:doctor", "check that everything works on this machine")
    models = commands.add_parser("models", help="model weights").add_subparsers(metavar="ACTION", required=True)
    _command(models, "list", "care:list_models", "list the graph's models and whether they are here")
    _named(_command(models, "show", "care:show_model", "show and check one model"))
    pull = _command(models, "pull", "care:pull_models", "fetch models from their hub")
    pull.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a model of the graph, or a reference such as hf:user/repo:Q4_K_M (default: all of the graph)",
    )
    config = commands.add_parser("config", help="settings").add_subparsers(metavar="ACTION", required=True)
    _command(config, "path", "care:config_path", "show where the configuration file is")
    _command(config, "show", "care:show_config", "show the settings in force")


def _command(commands: Any, name: str, function: str, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about[0].upper() + about[1:] + ".", epilog=_EXIT
    )
    parser.set_defaults(command=function)
    _graph_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="its name in the list")


def _graph_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--graph", metavar="GRAPH", help="name of a bundled graph or path of a graph file (default: from the settings)"
    )


def _output_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the changed graph here (default: in place)")


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: give a number between 0 and 1, such as 0.8")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value
