"""The names of files beside a graph file, which it shares with other graphs or keeps apart for readability."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from octograph.graph.problems import Problem, shown

__all__ = ["HEAD_ENDING", "beside_problem", "bundled_folder", "find_beside", "head_file_problem"]

HEAD_ENDING: Final = ".head.safetensors"


def bundled_folder() -> Path:
    """Where the bundled graphs are, and what belongs to them."""
    return Path(str(files("octograph.graph").joinpath("bundled")))


def find_beside(folder: Path, name: str) -> Path:
    """Return a file that a graph file in `folder` names: beside it, or else the bundled one of that name.

    So a graph with the workers of a bundled one needs no copies of what was written and fitted for those.
    """
    own, bundled = folder / name, bundled_folder() / name
    return bundled if bundled.is_file() and not own.exists() else own


def beside_problem(name: str, graph_file: str | None, *, key: str, mend: str) -> Problem | None:
    """Return what is wrong with the name of a file beside a graph file, if anything.

    The file stays in the folder of the graph file: a graph from elsewhere must not reach further.

    Parameters
    ----------
    name
        The name in the graph file.
    graph_file
        The name of the graph file itself, if it is known.
    key, mend
        Of the problem.

    """
    # Windows rules as well as POSIX ones: a graph file travels between machines.
    windows = PureWindowsPath(name)
    message = ""
    if not windows.parts or not name.isprintable():
        message = f"{shown(name)} names no file"
    elif PurePosixPath(name).is_absolute() or windows.anchor or ".." in windows.parts:
        message = f"{shown(name)} is outside the folder of the graph file"
    elif graph_file is not None and windows == PureWindowsPath(graph_file):
        message = f"{shown(name)} is the graph file itself"
    return Problem(key=key, message=message, mend=mend) if message else None


def head_file_problem(name: str, graph_file: str | None) -> Problem | None:
    """Return what is wrong with the name of a head file, if anything.

    Examples
    --------
    >>> print(head_file_problem("embedded.toml", "g.toml"))
    graph.head: 'embedded.toml' is no head file

    """
    mend = f"Write the name of a head file beside the graph file, such as 'embedded{HEAD_ENDING}'."
    problem = beside_problem(name, graph_file, key="graph.head", mend=mend)
    if problem is None and not name.endswith(HEAD_ENDING):
        return Problem(key="graph.head", message=f"{shown(name)} is no head file", mend=mend)
    return problem
