"""A model graph as the tree that is drawn of it, and its nodes in the order in which they matter.

Every ``routes_to`` edge is drawn. A node that none leads to hangs from the first one that passes on to it or reads it,
or stands by itself; all other edges of these kinds are marks beside their source. What follows what in a plan is left
out: in the bundled graphs nearly everything follows everything.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # networkx takes a while to import, which the first paint does not wait for
    from octograph.graph import EdgeKind, ModelGraph, NodeKind

__all__ = ["NOBODY", "Place", "Row", "Shape"]

NOBODY: Final = ""
"""Stands for "no worker fits" where a node's name is expected; no node is called that."""

_TOKEN = re.compile(r"<[^<>]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node at the end of an edge, or of none.

    Attributes
    ----------
    name
        The node, or `NOBODY`.
    kind
        What kind of node it is; None for `NOBODY` and for one that is not in the graph.
    about
        What it is for.
    source, edge, token
        Where the edge begins, its kind, and its functional token.
    marks
        Further edges of the node: their kinds and where they lead.

    """

    name: str
    kind: NodeKind | None
    about: str = ""
    source: str | None = None
    edge: EdgeKind | None = None
    token: str | None = None
    marks: tuple[tuple[EdgeKind, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the drawing.

    Attributes
    ----------
    place
        What is drawn.
    rails
        For each level above it, whether the branches there go on below.
    last
        Whether it is the last branch of its level.

    """

    place: Place
    rails: tuple[bool, ...]
    last: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The tree of a graph.

    Attributes
    ----------
    name
        Of the graph.
    places
        All places; a node comes before what hangs from it.

    """

    name: str
    places: tuple[Place, ...]

    @classmethod
    def of(cls, graph: ModelGraph) -> Shape:
        """Return the shape of a graph."""
        return cls(graph.name, _places(graph))

    def place(self, name: str) -> Place | None:
        """Return the first place of a node."""
        return next((one for one in self.places if one.name == name), None)

    def path(self, tokens: str) -> frozenset[Place]:
        """Return the places that functional tokens, such as ``<fn_1><fn_3>``, lead through."""
        at = self.places[0].name if self.places else None
        path = []
        for token in _TOKEN.findall(tokens):
            following = next((one for one in self.places if one.source == at and one.token == token), None)
            if following is None:
                break
            path.append(following)
            at = following.name
        return frozenset(path)

    def shares(self, distribution: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of every node that the master can reach; a nested master has that of its workers."""
        root = self.places[0].name if self.places else None
        branches = [one for one in self.places if one.edge == "routes_to" and one.source != root]
        masters = {one.source for one in branches if one.source is not None}
        shares = dict(distribution)
        for _ in masters:  # at most so deep
            for master in masters:
                shares[master] = sum(shares.get(one.name, 0.0) for one in branches if one.source == master)
        return shares

    def rows(self, shares: Mapping[str, float] | None = None, asked: Sequence[str] = ()) -> list[Row]:
        """Return the lines of the drawing.

        Parameters
        ----------
        shares
            See `shares`: the likeliest nodes come first on their level, the others in the order of the graph.
        asked
            Nodes that come before them, in this order.

        """
        first: dict[str, float] = {name: order for order, name in reversed([*enumerate(asked)])}
        for one in reversed(self.places):  # what hangs from a node pulls it along
            if one.source is not None and one.name in first:
                first[one.source] = min(first.get(one.source, math.inf), first[one.name])
        below: defaultdict[str | None, list[Place]] = defaultdict(list)
        for one in self.places:
            below[one.source].append(one)
        likely = shares or {}
        for level in (level for source, level in below.items() if source is not None):
            level.sort(key=lambda one: (first.get(one.name, math.inf), -likely.get(one.name, 0.0)))
        rows: list[Row] = []
        # A stack, not recursion: a file may hold a chain deeper than Python's stack.
        waiting = [Row(place=one, rails=(), last=True) for one in reversed(below[None])]
        while waiting:
            row = waiting.pop()
            rows.append(row)
            rails = row.rails if row.place.source is None else (*row.rails, not row.last)
            level = below.pop(row.place.name, [])  # of a node that is reached twice, only once
            waiting += [Row(place=one, rails=rails, last=one is level[-1]) for one in reversed(level)]
        return rows


def _places(graph: ModelGraph) -> tuple[Place, ...]:
    from octograph.graph import NONE  # here: where there is a graph, networkx is loaded

    routed = {edge.target for edge in graph.edges if edge.kind == "routes_to"}
    outgoing: defaultdict[str, list[Place]] = defaultdict(list)
    for edge in graph.edges:
        if edge.kind != "follows":
            place = _place(graph, edge.target)
            outgoing[edge.source].append(replace(place, source=edge.source, edge=edge.kind, token=edge.token))
    judge = None if graph.judge is None else graph.judge.name
    others = [name for name in graph.nodes if name not in (graph.master_name, judge)]
    places: list[Place] = []
    drawn: set[str] = set()
    for root in (graph.master_name, *others, *([] if judge is None else [judge])):
        waiting = [] if root in drawn or root not in graph.nodes else [_place(graph, root)]
        while waiting:
            place = waiting.pop()
            # Taken out: what hangs from a node that is reached again is not drawn again.
            edges = outgoing.pop(place.name, [])
            branches = [one for one in edges if one.edge == "routes_to" or one.name not in routed | drawn]
            marks = [(one.edge, one.name) for one in edges if one.edge is not None and one not in branches]
            places.append(replace(place, marks=tuple(marks)))
            drawn |= {place.name, *(one.name for one in branches)}
            if place.name == graph.master_name and place.source is None:
                branches.append(Place(name=NOBODY, kind=None, source=place.name, edge="routes_to", token=NONE))
            waiting += reversed(branches)
    return tuple(places)


def _place(graph: ModelGraph, name: str) -> Place:
    node = graph.nodes.get(name)
    return Place(name=name, kind=None) if node is None else Place(name=name, kind=node.kind, about=node.description)
