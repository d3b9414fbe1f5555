"""The examples file: training queries kept beside the graph file, so that the graph file stays readable.

Its top-level keys are names of workers, each with an array of queries; ``none`` holds the queries of the root master
that fit none of its targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from octograph.graph.beside import beside_problem
from octograph.graph.nodes import Master, Node, Worker
from octograph.graph.problems import Problem, did_you_mean, key_path, shown
from octograph.graph.tables import type_problem
from octograph.graph.toml_text import parse_toml

__all__ = ["NONE_KEY", "add_examples", "examples_file_problem", "read_examples"]

NONE_KEY: Final = "none"


def examples_file_problem(name: str, graph_file: str | None) -> Problem | None:
    """Return what is wrong with the name of an examples file, if anything.

    Examples
    --------
    >>> print(examples_file_problem("../secrets.toml", "g.toml"))
    graph.examples: '../secrets.toml' is outside the folder of the graph file

    """
    mend = "Write the name of a TOML file beside the graph file, such as 'embedded.examples.toml'."
    return beside_problem(name, graph_file, key="graph.examples", mend=mend)


def read_examples(text: str, *, file: str) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Return the queries in the text of an examples file, by key, and the problems of the file.

    Entries that are wrong or blank are reported and left out.

    Raises
    ------
    GraphError
        It is not TOML.

    """
    queries: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for name, entries in parse_toml(text, file).items():
        key = key_path(name)
        if not isinstance(entries, list):
            problems.append(type_problem(key, entries, "an array of strings"))
            entries = []
        for place, entry in enumerate(entries):
            if not isinstance(entry, str):
                problems.append(type_problem(f"{key}[{place}]", entry, "a string"))
            elif not entry.strip():
                mend = "Write a query, or remove the empty string."
                problems.append(Problem(key=f"{key}[{place}]", message="the example is blank", mend=mend))
        queries[name] = tuple(entry for entry in entries if isinstance(entry, str) and entry.strip())
    return queries, [replace(problem, file=file) for problem in problems]


def add_examples(
    nodes: Mapping[str, Node], queries: Mapping[str, tuple[str, ...]], root: str
) -> tuple[dict[str, Node], list[Problem]]:
    """Return the nodes with the queries of an examples file after their own, and the problems with that.

    Parameters
    ----------
    nodes
        The nodes by name.
    queries
        What `read_examples` returned.
    root
        Name of the root master, which gets the queries under ``none``.

    """
    changed = dict(nodes)
    problems: list[Problem] = []
    for key, added in queries.items():
        node = nodes.get(root if key == NONE_KEY else key)
        if isinstance(node, Worker) and key != NONE_KEY:
            changed[key] = replace(node, examples=(*node.examples, *added))
        elif isinstance(node, Master) and key == NONE_KEY:
            changed[root] = replace(node, none_examples=(*node.none_examples, *added))
        elif key != NONE_KEY:  # a root that is no master is reported as such
            workers = [worker.name for worker in nodes.values() if isinstance(worker, Worker)]
            problems.append(
                Problem(
                    key=key_path(key),
                    message=f"{shown(key)} is not a worker",
                    mend=did_you_mean(key, [*workers, NONE_KEY], what="Keys"),
                )
            )
    return changed, problems
