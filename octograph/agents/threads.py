"""Threads: conversations in one SQLite file, durable at every step."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosqlite
from filelock import FileLock, Timeout
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from octograph.errors import ThreadError, UsageError

__all__ = ["ThreadInfo", "ThreadStore"]

_CATALOGUE = """
CREATE TABLE IF NOT EXISTS octograph_threads (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
)
"""
_NAME = re.compile(r"[\w][\w.@ -]{0,79}")
_NAME_BYTES = 240
"""A file's name holds 255 bytes, and the lock's is a little longer than the thread's."""
_TITLE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadInfo:
    """A thread as lists show it; `created` and `updated` are ISO 8601."""

    id: str
    title: str
    created: str
    updated: str


class ThreadStore:
    """Where threads are kept.

    Use `ThreadStore.open`; the checkpoints hold plain data only (strict msgpack, no pickle).
    """

    def __init__(self, connection: aiosqlite.Connection, checkpointer: AsyncSqliteSaver, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.checkpointer = checkpointer

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[ThreadStore]:
        """Open the database, made if it is missing.

        Raises
        ------
        ThreadError
            The file cannot be opened or is damaged.

        """
        locks = path.with_suffix(".locks")
        async with AsyncExitStack() as stack:
            try:
                locks.mkdir(parents=True, exist_ok=True)
                connection = await stack.enter_async_context(aiosqlite.connect(path, timeout=30))
                serializer = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
                checkpointer = AsyncSqliteSaver(connection, serde=serializer)
                await checkpointer.setup()
                await connection.execute(_CATALOGUE)
                await connection.commit()
            except (OSError, aiosqlite.Error) as error:
                raise _unusable(path, error) from error
            yield cls(connection, checkpointer, path)

    @contextmanager
    def held(self, thread: str) -> Iterator[None]:
        """Keep other processes out of a thread; freed by the system if this process dies.

        Raises
        ------
        ThreadError
            Another process, or another call in this one, works on the thread.

        """
        check_name(thread)
        lock = FileLock(self._path.with_suffix(".locks") / f"{thread}.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise ThreadError(
                f"the thread {thread!r} is busy", hint="Wait for its answer, or use another thread."
            ) from error
        except OSError as error:
            raise _unusable(self._path, error) from error
        try:
            with self.faults_told():
                yield
        finally:
            lock.release()

    @contextmanager
    def faults_told(self) -> Iterator[None]:
        """Turn what SQLite raises within the block into an error that says what to do.

        Raises
        ------
        ThreadError
            The database is damaged, full or locked.

        """
        try:
            yield
        except aiosqlite.Error as error:
            raise _unusable(self._path, error) from error

    async def note(self, thread: str, *, query: str, now: str) -> None:
        """Enter a thread in the catalogue, or its new activity; the first query becomes its title."""
        title = " ".join(query.split())[:_TITLE]
        await self._connection.execute(
            "INSERT INTO octograph_threads VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET updated = excluded.updated",
            (thread, title, now, now),
        )
        await self._connection.commit()

    async def list(self) -> list[ThreadInfo]:
        """All threads, the last used first."""
        query = "SELECT id, title, created, updated FROM octograph_threads ORDER BY updated DESC, id"
        with self.faults_told():
            cursor = await self._connection.execute(query)
            return [ThreadInfo(id=row[0], title=row[1], created=row[2], updated=row[3]) async for row in cursor]

    async def delete(self, thread: str) -> None:
        """Remove a thread with all its checkpoints.

        Raises
        ------
        ThreadError
            It is busy or does not exist.

        """
        with self.held(thread):
            await self.checkpointer.adelete_thread(thread)
            cursor = await self._connection.execute("DELETE FROM octograph_threads WHERE id = ?", (thread,))
            await self._connection.commit()
            if cursor.rowcount == 0:
                raise ThreadError(f"there is no thread {thread!r}", hint="`octograph threads list` shows them.")


def check_name(thread: str) -> None:
    """Refuse a thread's name that could not be a file's."""
    if not _NAME.fullmatch(thread) or len(thread.encode()) > _NAME_BYTES:
        raise UsageError(
            f"{thread!r} is no name for a thread",
            hint="Use up to 80 letters, digits, spaces and . _ @ -, beginning with a letter or digit.",
        )


def _unusable(path: Path, error: Exception) -> ThreadError:
    return ThreadError(
        f"the conversations in {str(path)!r} cannot be used: {error}",
        hint="Move the file away to start afresh, or point `data_dir` in the configuration elsewhere.",
    )
