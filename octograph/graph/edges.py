"""Edges: the typed, directed connections of a model graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from octograph.errors import GraphError
from octograph.graph.problems import Problem, ProblemsError, did_you_mean, shown
from octograph.graph.vocabulary import parse_token, token_text

__all__ = ["Edge", "EdgeKind", "with_tokens"]

EdgeKind = Literal["routes_to", "escalates_to", "follows", "reads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A typed edge from one node to another.

    Parameters
    ----------
    source, target
        Names of the nodes at its ends.
    kind
        ``routes_to``: a master may choose the target. ``escalates_to``: the target takes over an answer that was
        not good enough. ``follows``: the target may do the next step of a plan. ``reads``: the target is a
        knowledge base that grounds the source.
    token
        The functional token of a ``routes_to`` edge; None until a `ModelGraph` assigns it.

    Raises
    ------
    GraphError
        The kind is unknown, the token is malformed or the kind has no token.

    Examples
    --------
    >>> Edge(source="router", target="math", kind="routes_to", token="<fn_0>").token
    '<fn_0>'

    """

    source: str
    target: str
    kind: EdgeKind
    token: str | None = None

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        if self.kind not in get_args(EdgeKind):
            problems.append(
                Problem(
                    key="kind",
                    message=f"{shown(self.kind)} is not a kind of edge",
                    mend=did_you_mean(str(self.kind), get_args(EdgeKind), what="Kinds"),
                )
            )
        elif self.token is not None and self.kind != "routes_to":
            problems.append(
                Problem(
                    key="token",
                    message=f"an edge of kind {self.kind!r} has no functional token",
                    mend="Remove the token: only 'routes_to' edges have one.",
                )
            )
        if self.token is not None:
            try:
                parse_token(self.token)
            except GraphError as error:
                problems.append(Problem(key="token", message=error.message, mend=error.hint))
        if problems:
            raise ProblemsError(problems)


def with_tokens(edges: Iterable[Edge]) -> tuple[tuple[Edge, ...], dict[str, int]]:
    """Give a token to every ``routes_to`` edge that lacks one: the next after the highest of its master.

    Not done by `FunctionalVocabulary`, which refuses the clashes that `octograph.graph.check` has yet to report.

    Returns
    -------
    tuple
        The edges in the same order, and for each master the lowest index never used.

    Raises
    ------
    GraphError
        The indices have run out.

    """
    given = tuple(edges)
    next_indices: dict[str, int] = {}
    for edge in given:
        if edge.token is not None:
            index = parse_token(edge.token) + 1
            next_indices[edge.source] = max(index, next_indices.get(edge.source, 0))
    tokened: list[Edge] = []
    for edge in given:
        if edge.kind == "routes_to" and edge.token is None:
            index = next_indices.get(edge.source, 0)
            next_indices[edge.source] = index + 1
            edge = replace(edge, token=token_text(index))
        tokened.append(edge)
    return tuple(tokened), next_indices
