"""A problem in a model graph: where it is, what it is, and how to mend it.

Every fault of a graph or of a graph file is a `Problem`, so that all of them can be gathered and told at once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from octograph.errors import GraphError

__all__ = ["Problem", "ProblemsError", "did_you_mean", "key_path", "name_problem", "shown"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a model graph.

    Parameters
    ----------
    key
        Where: a key of the graph file, such as ``nodes.math.model`` or ``edges[2].to`` (counted from 0).
    message
        What is wrong.
    mend
        What to do about it.
    file
        The file the key is in; empty for a graph that was built in Python.

    Examples
    --------
    >>> print(Problem(key="graph.name", message="is blank", mend="Give it a name.", file="g.toml"))
    g.toml: graph.name: is blank

    """

    key: str
    message: str
    mend: str
    file: str = ""

    def __str__(self) -> str:
        """Return ``file: key: message``, without the parts that are empty."""
        return ": ".join(part for part in (self.file, self.key, self.message) if part)

    def below(self, prefix: str, *, file: str = "") -> Problem:
        """Return this problem with its key moved below ``prefix``."""
        separator = "" if not self.key or self.key.startswith("[") else "."
        return replace(self, key=f"{prefix}{separator}{self.key}", file=file or self.file)


class ProblemsError(GraphError):
    """A graph that cannot be used, with every problem found.

    Parameters
    ----------
    problems
        At least one problem. The message lists each as ``file: key: message``, followed by its mend.

    Attributes
    ----------
    problems
        The same problems, for programs.

    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            super().__init__(str(self.problems[0]), hint=self.problems[0].mend)
        else:
            lines = (f"{problem}\n  {problem.mend}" for problem in self.problems)
            super().__init__("\n".join(lines), hint=f"Mend these {len(self.problems)} problems and try again.")


def shown(value: object) -> str:
    """Return ``repr(value)``, cut to a length that fits in a message."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def key_path(*parts: str) -> str:
    """Return a dotted TOML key, quoting the parts that need it.

    Examples
    --------
    >>> key_path("nodes", "my worker", "model")
    "nodes.'my worker'.model"

    """
    return ".".join(part if _BARE_KEY.fullmatch(part) else shown(part) for part in parts)


def did_you_mean(word: str, choices: Iterable[str], *, what: str = "Known") -> str:
    """Return a mend for a word that is none of ``choices``.

    Examples
    --------
    >>> did_you_mean("mth", ["math", "law"], what="Nodes")
    "Did you mean 'math'? Nodes: 'math', 'law'."

    """
    known = list(dict.fromkeys(choices))
    # Closeness is quadratic in the length of the word: an absurdly long one is no typing slip.
    close = difflib.get_close_matches(word, known, n=1) if len(word) <= 200 else []
    listed = ", ".join(shown(choice) for choice in known[:20]) + (", ..." if len(known) > 20 else "")
    question = f"Did you mean {shown(close[0])}? " if close else ""
    return f"{question}{what}: {listed or 'none'}."


def name_problem(name: str, *, key: str = "", reserved: frozenset[str] = frozenset()) -> Problem | None:
    """Return what is wrong with a name, if anything.

    A name is shown in terminals and diagrams as it stands, so it has to be printable.
    """
    if not name.strip():
        return Problem(key=key, message=f"the name {shown(name)} is blank", mend="Give it a name.")
    if name != name.strip() or not name.isprintable():
        return Problem(
            key=key,
            message=f"the name {shown(name)} has characters that cannot be seen",
            mend="Use visible characters, with no blanks at either end.",
        )
    if name in reserved:
        return Problem(
            key=key,
            message=f"the name {shown(name)} is reserved",
            mend=f"Choose another name: {shown(name)} stands for queries that no worker fits.",
        )
    return None
