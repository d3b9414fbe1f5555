"""Reasoning structures by task, kept in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from octograph.agents.database import connected
from octograph.agents.self_discover.stored import StoredStructure
from octograph.errors import OctographError, UsageError

__all__ = ["StructureStore"]

_TABLE = """
CREATE TABLE IF NOT EXISTS octograph_structures (
    graph TEXT NOT NULL,
    task TEXT NOT NULL,
    origin TEXT NOT NULL,
    moment TEXT NOT NULL,
    model TEXT NOT NULL,
    worker TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (graph, task)
)
"""
"""`document` is the whole as JSON; the other columns are for whoever looks into the file."""

_PUT = """
INSERT OR REPLACE INTO octograph_structures
VALUES (:graph, :task, :origin, :moment, :model, :worker, :document)
"""

_LIST = "SELECT document FROM octograph_structures WHERE :graph IS NULL OR graph = :graph ORDER BY graph, task"


class StructureStore:
    """Where structures are kept.

    Use `StructureStore.open`. A task has one structure: a new one replaces it. Nothing is counted here, as feedback is,
    that older rows would be needed for; three calls make a structure anew, and an export keeps one.
    """

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[StructureStore]:
        """Open the database, made if it is missing.

        Raises
        ------
        OctographError
            The file cannot be opened or is damaged.

        """
        async with AsyncExitStack() as stack:
            with _faults_told(path):
                connection = await stack.enter_async_context(connected(path, _TABLE))
            yield cls(connection, path)

    async def find(self, graph: str, task: str) -> StoredStructure | None:
        """Return the structure of a task, None if it has none yet.

        Raises
        ------
        OctographError
            The database is damaged or locked.

        """
        found = "SELECT document FROM octograph_structures WHERE graph = :graph AND task = :task"
        rows = await self._read(found, {"graph": graph, "task": task})
        return rows[0] if rows else None

    async def put(self, structure: StoredStructure) -> None:
        """Keep a structure, in the place of the one that its task had.

        Raises
        ------
        OctographError
            The database is damaged, full or locked.

        """
        document = structure.document()
        columns = {name: document[name] for name in ("graph", "task", "origin", "moment", "model", "worker")}
        with _faults_told(self._path):
            await self._connection.execute(_PUT, {**columns, "document": json.dumps(document)})

    async def list(self, graph: str | None = None) -> tuple[StoredStructure, ...]:
        """Return all structures of a graph, or of all graphs, in the order of their names.

        Raises
        ------
        OctographError
            The database is damaged or locked.

        """
        return await self._read(_LIST, {"graph": graph})

    async def remove(self, graph: str, task: str) -> bool:
        """Remove the structure of a task; says whether there was one.

        Raises
        ------
        OctographError
            The database is damaged, full or locked.

        """
        with _faults_told(self._path):
            removed = await self._connection.execute(
                "DELETE FROM octograph_structures WHERE graph = ? AND task = ?", (graph, task)
            )
        return removed.rowcount > 0

    async def _read(self, query: str, values: dict[str, Any]) -> tuple[StoredStructure, ...]:
        with _faults_told(self._path):
            rows = await self._connection.execute_fetchall(query, values)
            return tuple(StoredStructure.from_document(json.loads(row[0])) for row in rows)


@contextmanager
def _faults_told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises within the block, and rows that are no structures, into an error that says what to do."""
    try:
        yield
    except (OSError, aiosqlite.Error, ValueError, UsageError) as error:
        why = error.message if isinstance(error, UsageError) else error
        raise OctographError(
            f"the reasoning structures in {str(path)!r} cannot be used: {why}",
            hint="Move the file away to start afresh, or point `data_dir` in the configuration elsewhere.",
        ) from error
