"""The graphs that come with Octograph, and the one way to name a graph: a bundled name or a path."""

from __future__ import annotations

import os
from pathlib import Path

from octograph.errors import GraphError
from octograph.graph.beside import bundled_folder
from octograph.graph.model_graph import ModelGraph
from octograph.graph.problems import did_you_mean, shown
from octograph.graph.toml_file import load

__all__ = ["bundled_folder", "bundled_names", "find", "open_graph"]


def bundled_names() -> tuple[str, ...]:
    """Return the names of the graphs that come with Octograph, sorted."""
    folder = bundled_folder()
    if not folder.is_dir():
        return ()
    graphs = (
        file.name for file in folder.glob("*.toml") if not file.name.endswith((".examples.toml", "composing.toml"))
    )
    return tuple(sorted(name.removesuffix(".toml") for name in graphs))


def find(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the graph file that a name or a path stands for.

    Parameters
    ----------
    name_or_path
        The name of a bundled graph, or a path to a TOML file. A bundled name wins over a file of that name; write
        ``./NAME`` for the file.

    Raises
    ------
    GraphError
        It is neither a bundled name nor a file.

    """
    names = bundled_names()
    if isinstance(name_or_path, str) and name_or_path in names:
        return bundled_folder() / f"{name_or_path}.toml"
    try:
        path = Path(name_or_path).expanduser()
        is_there = path.exists()
    except (RuntimeError, ValueError):  # a home that is unknown, a null character
        path, is_there = Path(name_or_path), False
    if is_there:
        return path
    hint = did_you_mean(os.fspath(name_or_path), names, what="Bundled graphs")
    raise GraphError(
        f"there is no graph {shown(os.fspath(name_or_path))}: it is neither a bundled graph nor a file",
        hint=f"{hint} A path to a TOML file works too.",
    )


def open_graph(name_or_path: str | os.PathLike[str]) -> ModelGraph:
    """Return the graph that a name or a path stands for.

    Parameters
    ----------
    name_or_path
        The name of a bundled graph, or a path to a TOML file.

    Raises
    ------
    GraphError
        There is no such graph, or its file is wrong; the message lists every problem with its mend.

    """
    return load(find(name_or_path))
