"""The commands and their options; imports nothing but the standard library.

Each command names its function as ``module:function`` within this package.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from octograph.cli.measures import add_eval, add_train
from octograph.cli.options import EXIT, command, graph_option, named, output_option, positive

__all__ = ["make_parser"]


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="octograph",
        description="A graph of language models that runs on this machine. Without a command it opens the chat.",
        epilog=EXIT,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.set_defaults(command="chatting:chat")
    graph_option(parser)
    parser.add_argument("--thread", metavar="NAME", help="open this conversation")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _answering(commands)
    _threads(commands)
    _graphs(commands)
    _knowledge(commands)
    _structures(commands)
    add_train(commands)
    add_eval(commands)
    _care(commands)
    return parser


class _Version(argparse.Action):
    """Shows the version; looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from octograph import __version__

        sys.stdout.write(f"octograph {__version__}\n")
        parser.exit()


def _answering(commands: Any) -> None:
    ask = command(commands, "ask", "answering:ask", "ask a question")
    ask.add_argument("query", nargs="?", metavar="QUESTION", help="the question; '-' reads it from stdin")
    ask.add_argument("--worker", metavar="NAME", help="ask this worker and not the master")
    ask.add_argument("--thread", metavar="NAME", help="conversation to go on with, or to begin")
    ask.add_argument("--resume", action="store_true", help="go on with the thread's interrupted turn")
    ask.add_argument(
        "--choose", metavar="CHOICE", help="with --resume, what a waiting turn asks: answer, abstain, a worker"
    )
    route = command(commands, "route", "answering:route", "show where a question would go")
    route.add_argument("query", metavar="QUESTION", help="the question")
    _judging(commands)
    feedback = command(commands, "feedback", "answering:feedback", "say what an answer was worth")
    feedback.add_argument("thread", metavar="THREAD", help="the conversation")
    verdict = feedback.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--good", action="store_true", help="the answer was good")
    verdict.add_argument("--bad", action="store_true", help="the answer was not good")
    verdict.add_argument("--instead", metavar="WORKER", help="who should have answered")
    feedback.add_argument("--turn", metavar="ID", help="which turn (default: the last answered one)")


def _threads(commands: Any) -> None:
    threads = commands.add_parser("threads", help="conversations").add_subparsers(metavar="ACTION", required=True)
    command(threads, "list", "threads:list_threads", "list the conversations")
    named(command(threads, "show", "threads:show", "show a conversation's turns"))
    search = command(threads, "search", "threads:search", "find turns by the words of their questions and answers")
    search.add_argument("words", nargs="+", metavar="WORD", help="a word, or how it begins; all have to be there")
    search.add_argument("--limit", type=positive, default=20, metavar="N", help="most turns (default: %(default)s)")
    rename = command(threads, "rename", "threads:rename", "give a conversation another title")
    named(rename)
    rename.add_argument("title", metavar="TITLE", help="the new title")
    named(command(threads, "delete", "threads:delete", "delete a conversation; for 30 days it can be restored"))
    named(command(threads, "restore", "threads:restore", "bring a deleted conversation back"))
    fork = command(threads, "fork", "threads:fork", "make a new conversation that goes the same way up to a turn")
    named(fork)
    fork.add_argument("turn", metavar="TURN", help="the turn's number, as show counts them, or its id")
    fork.add_argument("--without", action="store_true", help="leave the turn itself out, to ask something else there")
    compact = command(threads, "compact", "threads:compact", "show models only a conversation's last turns")
    named(compact)
    kept = compact.add_mutually_exclusive_group()
    kept.add_argument("--keep", type=int, default=4, metavar="N", help="how many answered turns (default: %(default)s)")
    kept.add_argument("--all", action="store_true", help="show them all turns again")
    export = command(threads, "export", "threads:export", "write a conversation as one text")
    named(export)
    export.add_argument(
        "--format",
        choices=("markdown", "json"),
        default="markdown",
        help="to be read, or with all that is known (default: %(default)s)",
    )
    export.add_argument("--output", type=Path, metavar="FILE", help="write it here (default: to stdout)")


def _judging(commands: Any) -> None:
    judge = command(commands, "judge", "judging:judge", "compare answers by how likely a model finds them")
    judge.add_argument("question", metavar="QUESTION", help="the question")
    judge.add_argument("answers", nargs="+", metavar="ANSWER", help="an answer to it")
    judge.add_argument("--context", type=Path, metavar="FILE", help="a text that the answers should rest on")
    judge.add_argument(
        "--aspect",
        action="append",
        default=[],
        metavar="NAME",
        help="what counts: relevance, fluency, factuality or one of yours "
        "(default: all of the file, or the judge's, or these three)",
    )
    judge.add_argument("--aspects", type=Path, metavar="FILE.toml", help="aspects of yours")
    judge.add_argument(
        "--node",
        metavar="NAME",
        help="the judge or the worker whose model judges (default: the graph's judge, else the master's model)",
    )


def _graphs(commands: Any) -> None:
    graph = commands.add_parser("graph", help="the model graph").add_subparsers(metavar="ACTION", required=True)
    command(graph, "show", "graphs:show", "draw the graph")
    command(graph, "check", "graphs:check", "check the graph file, its models and its functional head")
    add = command(
        graph, "add-worker", "growing:add_worker", "add a worker and fit its row; the others stay as they are"
    )
    named(add)
    runs = add.add_mutually_exclusive_group(required=True)
    runs.add_argument("--model", metavar="MODEL", help="the model of the graph that it runs on")
    runs.add_argument("--tool", metavar="TOOL", help="the tool that it is")
    add.add_argument("--describe", required=True, metavar="TEXT", help="what it is for, in a line")
    add.add_argument(
        "--examples", type=Path, metavar="FILE", help="queries that it should get, one a line; five or more"
    )
    add.add_argument("--system", default="", metavar="TEXT", help="its system prompt")
    add.add_argument("--master", metavar="NAME", help="the master that may choose it (default: the root)")
    output_option(add)
    remove = command(graph, "remove-worker", "growing:remove_worker", "remove a worker and its row")
    named(remove)
    output_option(remove)
    export = command(graph, "export", "graphs:export_graph", "write the graph in another format")
    export.add_argument(
        "--format",
        choices=("mermaid", "dot", "graphml", "json"),
        default="mermaid",
        help="what to write (default: %(default)s)",
    )


def _knowledge(commands: Any) -> None:
    index = commands.add_parser("index", help="the user's documents").add_subparsers(metavar="ACTION", required=True)
    add = command(index, "add", "knowledge:add", "read files and folders, so that they can be searched")
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    add.add_argument(
        "--max-size", type=positive, default=50, metavar="MB", help="skip larger files (default: %(default)s)"
    )
    add.add_argument("--prune", action="store_true", help="remove documents whose files are gone from the folders")
    _kind_option(add)
    command(index, "list", "knowledge:list_documents", "list the documents")
    remove = command(index, "remove", "knowledge:remove", "remove documents; the files themselves stay")
    remove.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a document, or a folder with several")
    verify = command(index, "verify", "knowledge:verify", "check the knowledge base")
    verify.add_argument("--repair", action="store_true", help="make the index anew from what was read")
    _kind_option(verify)
    _search_options(command(index, "search", "knowledge:search", "find passages"))
    _search_options(command(commands, "search", "knowledge:search", "find passages in the documents"))
    for action in index.choices.values():
        _base_option(action)
    _base_option(commands.choices["search"])


def _search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="what to look for")
    parser.add_argument("--limit", type=positive, default=5, metavar="N", help="most passages (default: %(default)s)")
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
    command(structures, "list", "structures:list_structures", "list the reasoning structures of the graph")
    show = command(structures, "show", "structures:show_structure", "show a structure and how it came to be")
    discover = command(
        structures, "discover", "structures:discover_structure", "discover a structure from queries of one kind"
    )
    discover.add_argument("worker", metavar="WORKER", help="the worker that will fill it")
    discover.add_argument("query", nargs="+", metavar="QUERY", help="an example; none of them is answered")
    export = command(structures, "export", "structures:export_structure", "write a structure to a file, to edit it")
    bring = command(structures, "import", "structures:import_structure", "take in an exported structure")
    remove = command(structures, "remove", "structures:remove_structure", "remove a structure")
    for action in (show, export, remove):
        action.add_argument("task", metavar="TASK", help="its name in the list")
    for action in (export, bring):
        action.add_argument("file", type=Path, metavar="FILE", help="JSON")
    for action in (discover, bring):
        action.add_argument("--task", metavar="TASK", help="which task it is for (default: that of worker or file)")


def _care(commands: Any) -> None:
    command(commands, "doctor", "care:doctor", "check that everything works on this machine")
    models = commands.add_parser("models", help="model weights").add_subparsers(metavar="ACTION", required=True)
    command(models, "list", "care:list_models", "list the graph's models and whether they are here")
    named(command(models, "show", "care:show_model", "show and check one model"))
    pull = command(models, "pull", "care:pull_models", "fetch models from their hub")
    pull.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a model of the graph, or a reference such as hf:user/repo:Q4_K_M (default: all of the graph)",
    )
    config = commands.add_parser("config", help="settings").add_subparsers(metavar="ACTION", required=True)
    command(config, "path", "care:config_path", "show where the configuration file is")
    command(config, "show", "care:show_config", "show the settings in force")
