"""Feedback: what users thought of answers, kept in one SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import aiosqlite

from octograph.agents.database import connected
from octograph.agents.learning.posteriors import Posteriors
from octograph.errors import FeedbackError, UsageError

__all__ = ["Feedback", "FeedbackKind", "FeedbackStore"]

FeedbackKind = Literal["accepted", "rejected", "overridden"]
"""``overridden``: the user says which worker should have answered."""

_SUCCESS: Mapping[FeedbackKind, bool] = MappingProxyType({"accepted": True, "rejected": False, "overridden": False})
"""Whether a feedback of this kind is a success of the worker that answered."""

_TABLE = """
CREATE TABLE IF NOT EXISTS octograph_feedback (
    id INTEGER NOT NULL,
    moment TEXT NOT NULL,
    graph TEXT NOT NULL,
    cluster TEXT NOT NULL,
    worker TEXT NOT NULL,
    success INTEGER NOT NULL CHECK (success IN (0, 1)),
    kind TEXT NOT NULL,
    thread TEXT NOT NULL,
    turn TEXT NOT NULL,
    PRIMARY KEY (id, worker)
)
"""
"""A row for each worker that a feedback is about; the two rows of an override share its `id`."""

_INDEX = "CREATE INDEX IF NOT EXISTS octograph_feedback_turns ON octograph_feedback (graph, thread, turn, id)"

_ADD = """
INSERT INTO octograph_feedback
WITH rated (worker, success) AS (VALUES (:worker, :success) UNION ALL SELECT :instead, 1 WHERE :instead IS NOT NULL)
SELECT
    (SELECT coalesce(max(id), 0) + 1 FROM octograph_feedback),
    :moment, :graph, :cluster, worker, success, :kind, :thread, :turn
FROM rated
"""
"""One statement, so that an override is there whole or not at all, and two processes cannot take the same id."""

_COUNTS = """
SELECT cluster, worker, sum(success), sum(1 - success) FROM octograph_feedback
WHERE id IN (SELECT max(id) FROM octograph_feedback WHERE graph = :graph GROUP BY thread, turn)
GROUP BY cluster, worker
"""
"""Only the last feedback on each turn counts."""

_OF_THREAD = """
SELECT
    moment, cluster, kind, turn,
    max(CASE WHEN success = 0 OR kind <> 'overridden' THEN worker END),
    max(CASE WHEN success = 1 AND kind = 'overridden' THEN worker END)
FROM octograph_feedback
WHERE id IN (SELECT max(id) FROM octograph_feedback WHERE graph = :graph AND thread = :thread GROUP BY turn)
GROUP BY id
ORDER BY id
"""
"""The same of one thread, each feedback in one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a user thought of the answer of one turn.

    Attributes
    ----------
    graph
        Name of the graph that answered.
    cluster
        Of the query; see `cluster_of`.
    worker
        Who answered.
    kind
        ``"accepted"`` is one success of that worker, ``"rejected"`` one failure, ``"overridden"`` one failure and
        one success of the worker that should have answered.
    thread, turn
        What it is about.
    moment
        ISO 8601, with the zone.
    instead
        Who should have answered; given if and only if the kind is ``"overridden"``.

    Raises
    ------
    UsageError
        There is no such kind, an override names nobody else, or there is a worker `instead` and no override.

    """

    graph: str
    cluster: str
    worker: str
    kind: FeedbackKind
    thread: str
    turn: str
    moment: str
    instead: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in _SUCCESS:
            raise UsageError(f"{self.kind!r} is no kind of feedback", hint=f"Use one of: {', '.join(_SUCCESS)}.")
        if (self.kind == "overridden") != (self.instead is not None):
            raise UsageError(
                f"feedback of the kind {self.kind!r} names {self.instead!r} as the one who should have answered",
                hint="Name another worker in an override, and nobody otherwise.",
            )
        if self.instead == self.worker:
            raise UsageError(
                f"{self.worker!r} is to be overridden by itself",
                hint="Name another worker, or accept or reject the answer.",
            )


class FeedbackStore:
    """Where feedback is kept; nothing of a query or an answer is.

    Use `FeedbackStore.open`. Rows are only ever added: a feedback on the same turn counts instead of the earlier one,
    which stays in the file until the graph's feedback is forgotten.
    """

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[FeedbackStore]:
        """Open the database, made if it is missing.

        Raises
        ------
        FeedbackError
            The file cannot be opened or is damaged.

        """
        async with AsyncExitStack() as stack:
            with _faults_told(path):
                connection = await stack.enter_async_context(connected(path, _TABLE, _INDEX))
            yield cls(connection, path)

    async def add(self, feedback: Feedback) -> None:
        """Keep a feedback; it counts instead of an earlier one on the same turn.

        Raises
        ------
        FeedbackError
            The database is damaged, full or locked.

        """
        values = {
            "moment": feedback.moment,
            "graph": feedback.graph,
            "cluster": feedback.cluster,
            "worker": feedback.worker,
            "success": int(_SUCCESS[feedback.kind]),
            "instead": feedback.instead,
            "kind": feedback.kind,
            "thread": feedback.thread,
            "turn": feedback.turn,
        }
        with _faults_told(self._path):
            await self._connection.execute(_ADD, values)

    async def posteriors(self, graph: str) -> Posteriors:
        """What the feedback on a graph has taught.

        Raises
        ------
        FeedbackError
            The database is damaged or locked.

        """
        with _faults_told(self._path):
            rows = await self._connection.execute_fetchall(_COUNTS, {"graph": graph})
        return Posteriors(counts={(row[0], row[1]): (row[2], row[3]) for row in rows})

    async def of_thread(self, graph: str, thread: str) -> dict[str, Feedback]:
        """The feedback that counts on the turns of a thread, by turn.

        Raises
        ------
        FeedbackError
            The database is damaged or locked.

        """
        with _faults_told(self._path):
            rows = await self._connection.execute_fetchall(_OF_THREAD, {"graph": graph, "thread": thread})
        return {
            turn: Feedback(
                graph=graph,
                cluster=cluster,
                worker=worker,
                kind=kind,
                thread=thread,
                turn=turn,
                moment=moment,
                instead=instead,
            )
            for moment, cluster, kind, turn, worker, instead in rows
        }

    async def forget(self, graph: str) -> None:
        """Remove all feedback on a graph.

        Raises
        ------
        FeedbackError
            The database is damaged, full or locked.

        """
        with _faults_told(self._path):
            await self._connection.execute("DELETE FROM octograph_feedback WHERE graph = ?", (graph,))


@contextmanager
def _faults_told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises within the block into an error that says what to do."""
    try:
        yield
    except (OSError, aiosqlite.Error) as error:
        raise FeedbackError(
            f"the feedback in {str(path)!r} cannot be used: {error}",
            hint="Move the file away to start afresh, or point `data_dir` in the configuration elsewhere.",
        ) from error
