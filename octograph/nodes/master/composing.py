"""Queries of several steps, from which the steps of a query are learned: written whole, or composed of clauses.

Everything is written by hand and bundled. The file of material is TOML: ``first`` and ``second`` hold clauses by the
worker that would do them, ``templates``, ``reversed`` and ``triples`` hold texts with ``{A}``, ``{B}``, ``{C}``
(``{A^}`` where the clause begins a sentence), ``single`` queries of one step that look composed.
Queries that were written whole are lines of JSON, ``{"query", "steps": [...]}``: what of the query each step is, in
the order in which they are to be done, and none if it is one step.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["Clause", "ComposedQuery", "Material", "compose", "queries_to_plan", "written_queries"]

_PLACE = re.compile(r"\{([ABC])(\^?)\}")
_TRIPLES, _REVERSED = 0.15, 0.25
"""Shares of queries of three steps, and of those that ask for the later step first."""

COMPOSED = 2500
"""Composed queries among those from which steps are learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What one step asks, and who would do it."""

    text: str
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What queries are composed of.

    Attributes
    ----------
    first, second
        Clauses that stand alone, and clauses that refer to a result before them.
    templates, reversed, triples
        Texts that join two clauses; two, the later step first; three.
    single
        Queries of one step that look composed.
    apart
        Pairs of workers that never follow one another in training, so that plans can be measured on unseen pairs.

    """

    first: tuple[Clause, ...]
    second: tuple[Clause, ...]
    templates: tuple[str, ...]
    reversed: tuple[str, ...]
    triples: tuple[str, ...]
    single: tuple[Clause, ...]
    apart: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def load(cls, path: Path) -> Material:
        """Read a file of material."""
        tables: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))

        def clauses(table: Mapping[str, Sequence[str]]) -> tuple[Clause, ...]:
            return tuple(Clause(text=text, worker=worker) for worker, texts in table.items() for text in texts)

        return cls(
            first=clauses(tables["first"]),
            second=clauses(tables["second"]),
            templates=tuple(tables["templates"]),
            reversed=tuple(tables["reversed"]),
            triples=tuple(tables["triples"]),
            single=clauses(tables["single"]),
            apart=frozenset((one, other) for one, other in tables.get("apart", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedQuery:
    """A query of several steps.

    Attributes
    ----------
    text
        The query.
    spans
        Where each step stands in it, in the order in which they are to be done: ``(start, end)`` in characters.
    workers
        Who would do each, if that is known.

    """

    text: str
    spans: tuple[tuple[int, int], ...]
    workers: tuple[str, ...] = ()


def queries_to_plan(
    material: Material, written: Sequence[ComposedQuery], singles: Sequence[str], *, seed: int = 0
) -> list[ComposedQuery]:
    """Return what the steps of a query are learned from.

    Parameters
    ----------
    material
        Of which queries are composed.
    written
        Queries that were written whole; they count twice, as there is more to learn from them.
    singles
        Queries of one step, besides those of the material.
    seed
        Of the composed queries.

    """
    whole = (*(clause.text for clause in material.single), *singles)
    one_step = [ComposedQuery(text=text, spans=((0, len(text)),)) for text in whole]
    return [*compose(material, COMPOSED, seed=seed), *one_step, *written, *written]


def written_queries(path: Path) -> list[ComposedQuery]:
    """Read queries that were written whole.

    Raises
    ------
    ValueError
        A line is no such query, or a step does not stand in it.

    """
    queries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        text: str = given["query"]
        starts = [text.index(step) for step in given["steps"]]
        spans = tuple((start, start + len(step)) for start, step in zip(starts, given["steps"], strict=True))
        queries.append(ComposedQuery(text=text, spans=spans or ((0, len(text)),)))
    return queries


def compose(material: Material, count: int, *, seed: int = 0, unseen: bool = False) -> list[ComposedQuery]:
    """Compose queries at random.

    Parameters
    ----------
    material
        The clauses and templates.
    count
        How many.
    seed
        Of the choices.
    unseen
        Make queries of the pairs that are kept apart only, and not of all others.

    """
    draw = random.Random(seed)  # noqa: S311  # a choice of examples, not a secret
    queries: list[ComposedQuery] = []
    while len(queries) < count:
        kind = draw.random()
        triple = kind < _TRIPLES
        steps = [draw.choice(material.first), *(draw.choice(material.second) for _ in range(2 if triple else 1))]
        apart = [(one.worker, following.worker) in material.apart for one, following in pairwise(steps)]
        if not all(apart) if unseen else any(apart):
            continue
        joins = material.reversed if kind < _TRIPLES + _REVERSED and material.reversed else material.templates
        template = draw.choice(material.triples if triple else joins)
        queries.append(_filled(template, steps))
    return queries


def _filled(template: str, steps: Sequence[Clause]) -> ComposedQuery:
    text, spans, read = "", {}, 0
    for place in _PLACE.finditer(template):
        text += template[read : place.start()]
        index = "ABC".index(place[1])
        clause = steps[index].text
        start = len(text)
        text += clause[:1].upper() + clause[1:] if place[2] else clause
        spans[index] = (start, len(text))
        read = place.end()
    text += template[read:]
    return ComposedQuery(
        text=text, spans=tuple(spans[index] for index in sorted(spans)), workers=tuple(step.worker for step in steps)
    )
