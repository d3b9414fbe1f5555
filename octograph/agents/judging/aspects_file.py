"""A file of one's own aspects: TOML with a table ``[aspects.NAME]`` each, read with every problem told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Required

from pydantic import ConfigDict, TypeAdapter, with_config

# Pydantic cannot read typing.TypedDict before Python 3.12.
from typing_extensions import TypedDict

from octograph.agents.judging.aspects import TEMPLATE, Aspect, aspect_problems, refusal
from octograph.errors import GraphError, UsageError
from octograph.graph.problems import Problem, did_you_mean, key_path, shown
from octograph.graph.tables import TableKind, type_problem
from octograph.graph.toml_text import parse_toml, read_text

__all__ = ["read_aspects"]


@with_config(ConfigDict(strict=True, extra="forbid"))
class _AspectTable(TypedDict, total=False):
    description: Required[str]
    template: str


_ASPECT: Final = TableKind(adapter=TypeAdapter(_AspectTable), keys=("description", "template"), choices={})


def read_aspects(path: Path) -> tuple[Aspect, ...]:
    """Return the aspects of a file, in its order.

    ``description`` is needed; without a ``template``, an aspect has the one of the built-in aspects.

    Raises
    ------
    UsageError
        The file cannot be read or an aspect is wrong; the message lists every problem with its mend.

    """
    try:
        document = parse_toml(read_text(path), str(path))
    except GraphError as error:  # what reads TOML for graphs
        raise UsageError(error.message, hint=error.hint) from error
    aspects: list[Aspect] = []
    problems: list[Problem] = [*_strays(document)]
    tables = document.get("aspects", {})
    if not isinstance(tables, dict):
        problems.append(type_problem("aspects", tables, "a table"))
    elif not tables:
        mend = 'Write [aspects.NAME] and below it description = "…".'
        problems.append(Problem(key="aspects", message="there are no aspects", mend=mend))
    else:
        for name, table in tables.items():
            entries, found = _entries(name, table)
            problems += found
            if not found:
                aspects.append(Aspect(name=name, **entries))
    if problems:
        raise refusal(replace(problem, file=str(path)) for problem in problems)
    return tuple(aspects)


def _strays(document: dict[str, Any]) -> Iterator[Problem]:
    for key in document:
        if key != "aspects":
            yield Problem(
                key=key_path(key), message=f"unknown key {shown(key)}", mend=did_you_mean(key, ["aspects"], what="Keys")
            )


def _entries(name: str, table: object) -> tuple[dict[str, str], list[Problem]]:
    """The entries of one aspect, and what is wrong with them or with its name."""
    key = key_path("aspects", name)
    entries, problems, wrong = _ASPECT.check(table, key)
    # What is missing or of another type has been told; the stand-ins are right.
    told = {"description": "?", "template": TEMPLATE} | {k: v for k, v in entries.items() if k not in wrong}
    meant = aspect_problems(name, told["description"], told["template"])
    return entries, [*problems, *(problem.below(key) for problem in meant)]
