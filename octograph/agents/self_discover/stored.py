"""A reasoning structure with its provenance: for which task it is, and how it came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from octograph.agents.self_discover.discovery import Discovered
from octograph.errors import UsageError
from octograph.graph import ModelGraph, Worker
from octograph.nodes.structure import ReasoningStructure

__all__ = ["Origin", "StoredStructure"]

Origin = Literal["discovered", "edited", "imported"]
"""How a structure came to where it is; what it was before it was edited or imported, its other values say."""

_FORMAT: Final = "octograph-structure-1"
_TEXTS: Final = ("graph", "task", "model", "worker", "origin", "moment")
_LISTS: Final = ("modules", "adapted", "examples")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStructure:
    """A structure of a task of a graph.

    Attributes
    ----------
    graph, task
        Whose it is: the graph's name, and the task's within the graph. There is one structure for each task.
    structure
        What answers to queries of the task fill.
    model
        The model that discovered it, empty if none did.
    worker
        The worker that it was discovered for, empty if none.
    origin
        How it came to be.
    moment
        When: ISO 8601, with the zone.
    modules, adapted
        The reasoning modules that were selected, and what they became for the task.
    examples
        The queries that it was discovered from.

    Raises
    ------
    UsageError
        There is no such origin, the moment is none, or the graph or the task has no name.

    """

    graph: str
    task: str
    structure: ReasoningStructure
    origin: Origin
    moment: str
    model: str = ""
    worker: str = ""
    modules: tuple[str, ...] = ()
    adapted: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.origin not in get_args(Origin):
            raise UsageError(
                f"{self.origin!r} is no way in which a structure comes to be",
                hint=f"Use one of: {', '.join(get_args(Origin))}.",
            )
        for name in ("graph", "task"):
            if not getattr(self, name).strip():
                raise UsageError(f"a structure without a {name}", hint=f"Name the {name} that it belongs to.")
        if not _is_moment(self.moment):
            raise UsageError(
                f"{self.moment!r} is no moment", hint="Write ISO 8601 with the zone, as 2025-01-31T12:00:00+00:00."
            )

    @classmethod
    def of(
        cls, found: Discovered, *, graph: ModelGraph, task: str, worker: Worker, examples: tuple[str, ...], moment: str
    ) -> StoredStructure:
        """What was discovered for a task of a worker from some queries."""
        return cls(
            graph=graph.name,
            task=task,
            structure=found.structure,
            origin="discovered",
            moment=moment,
            model=worker.discoverer or worker.model or "",
            worker=worker.name,
            modules=found.modules,
            adapted=found.adapted,
            examples=examples,
        )

    def edited(self, structure: ReasoningStructure, *, moment: str) -> StoredStructure:
        """The same task with a structure that someone changed."""
        return replace(self, structure=structure, origin="edited", moment=moment)

    def given_to(self, graph: str, task: str, *, moment: str) -> StoredStructure:
        """The structure for a task of another graph; who discovered it, and from what, stays with it."""
        return replace(self, graph=graph, task=task, origin="imported", moment=moment)

    def document(self) -> dict[str, Any]:
        """It as plain data, for files that carry it to another machine."""
        return {
            "format": _FORMAT,
            **{name: getattr(self, name) for name in _TEXTS},
            "structure": self.structure.document(),
            **{name: list(getattr(self, name)) for name in _LISTS},
        }

    @classmethod
    def from_document(cls, document: Any) -> StoredStructure:
        """Read what `document` wrote, perhaps changed by someone.

        Raises
        ------
        UsageError
            It is none, or cannot be right.

        """
        if not isinstance(document, Mapping) or document.get("format") != _FORMAT:
            raise UsageError(
                f"this is no exported reasoning structure: its 'format' is not {_FORMAT!r}",
                hint="Export one to see what it looks like.",
            )
        unknown = document.keys() - {"format"} - {field.name for field in fields(cls)}
        if unknown:
            raise UsageError(
                f"a reasoning structure has no {min(map(str, unknown))!r}", hint="Remove it, or mend its spelling."
            )
        for name in _TEXTS:
            if not isinstance(document.get(name), str):
                raise UsageError(f"{document.get(name)!r} as {name!r} of a structure", hint="Write a text.")
        for name in _LISTS:
            if not _are_texts(document.get(name)):
                raise UsageError(f"{document.get(name)!r} as {name!r} of a structure", hint="Write a list of texts.")
        read: dict[str, Any] = {name: document[name] for name in _TEXTS}
        read |= {name: tuple(document[name]) for name in _LISTS}
        return cls(structure=ReasoningStructure.from_document(document.get("structure")), **read)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
