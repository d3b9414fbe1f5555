"""Threads: conversations in one SQLite file, durable at every step."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
from filelock import FileLock, Timeout
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from octograph.agents.finding import MARKS, FoundTurn, expression, fragments, searchable
from octograph.agents.thread_file import thread_file
from octograph.errors import ThreadError, UsageError
from octograph.nodes.tools import Clock

__all__ = ["ThreadInfo", "ThreadStore"]

_NAME = re.compile(r"[\w][\w.@ -]{0,79}")
_NAME_BYTES = 240
"""A file's name holds 255 bytes, and the lock's is a little longer than the thread's."""
_TITLE = 80
_KEPT = timedelta(days=30)
"""How long a deleted thread can be restored."""
_SNIPPET = 16
"""Words of a snippet."""
_FORKED = " (fork)"

_INFO = "SELECT id, title, created, updated, parent, parent_turn FROM octograph_threads WHERE deleted IS NULL"

_BEGIN = """
INSERT INTO octograph_threads (id, title, created, updated) VALUES (:id, :title, :now, :now)
ON CONFLICT (id) DO UPDATE SET updated = :now, indexed = 0
"""

_FORK = """
INSERT INTO octograph_threads (id, title, created, updated, parent, parent_turn, deleted)
VALUES (:id, :title, :now, :now, :parent, :parent_turn, :deleted)
"""

_INDEX = """
INSERT OR IGNORE INTO octograph_turns (thread, turn, query, answer)
SELECT :thread, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
FROM json_each(:texts)
"""

_SEARCH = f"""
SELECT octograph_threads.id, title, turn, snippet(octograph_words, -1, :before, :behind, '…', {_SNIPPET})
FROM octograph_words
JOIN octograph_turns ON number = octograph_words.rowid
JOIN octograph_threads ON octograph_threads.id = thread
WHERE octograph_words MATCH :wanted AND deleted IS NULL
ORDER BY octograph_words.rank, number DESC
LIMIT :limit
"""  # noqa: S608  # no text of a user's is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadInfo:
    """A thread as lists show it; `created` and `updated` are ISO 8601.

    A fork has a `parent`, the thread that it was made of, and knows at which turn of it, `parent_turn`.
    """

    id: str
    title: str
    created: str
    updated: str
    parent: str | None = None
    parent_turn: str | None = None


class ThreadStore:
    """Where threads are kept.

    Use `ThreadStore.open`; the checkpoints hold plain data only (strict msgpack, no pickle). A deleted thread stays in
    the file for 30 days. Each change is one statement, so that a killed process leaves none half done.
    """

    def __init__(
        self, connection: aiosqlite.Connection, checkpointer: AsyncSqliteSaver, path: Path, *, clock: Clock
    ) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self.checkpointer = checkpointer

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, clock: Clock) -> AsyncIterator[ThreadStore]:
        """Open the database, made if it is missing; what was deleted long ago is gone from then on.

        Raises
        ------
        ThreadError
            The file cannot be opened or is damaged.

        """
        locks = path.with_suffix(".locks")
        async with AsyncExitStack() as stack:
            try:
                locks.mkdir(parents=True, exist_ok=True)
                checkpoints = await stack.enter_async_context(aiosqlite.connect(path, timeout=30))
                serializer = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
                checkpointer = AsyncSqliteSaver(checkpoints, serde=serializer)
                await checkpointer.setup()
                connection = await stack.enter_async_context(thread_file(path))
            except (OSError, aiosqlite.Error) as error:
                raise _unusable(path, error) from error
            store = cls(connection, checkpointer, path, clock=clock)
            await store._purge()
            yield store

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

    # --- within `held` ---------------------------------------------------------------------------------------

    async def begin(self, thread: str, *, query: str, now: str) -> None:
        """Enter a thread, or its new activity; the first query becomes its title, and a deleted one is gone."""
        await self._connection.execute("DELETE FROM octograph_threads WHERE id = ? AND deleted IS NOT NULL", (thread,))
        await self._connection.execute(_BEGIN, {"id": thread, "title": _titled(query), "now": now})

    async def go_on(self, thread: str, *, now: str) -> None:
        """Enter that an unfinished turn goes on."""
        await self._connection.execute(
            "UPDATE octograph_threads SET updated = ?, indexed = 0 WHERE id = ?", (now, thread)
        )

    async def index(self, thread: str, turns: Sequence[Mapping[str, Any]]) -> None:
        """Make the closed turns of a thread, oldest first as `Turn.document`, such that a search finds them."""
        count = "SELECT count(*) FROM octograph_turns WHERE thread = ?"
        ((there,),) = await self._connection.execute_fetchall(count, (thread,))
        texts = [[turn["id"], searchable(turn["query"]), searchable(turn["text"])] for turn in turns[there:]]
        if texts:
            await self._connection.execute(_INDEX, {"thread": thread, "texts": json.dumps(texts)})
        await self._connection.execute("UPDATE octograph_threads SET indexed = 1 WHERE id = ?", (thread,))

    # --- from outside ----------------------------------------------------------------------------------------

    async def rename(self, thread: str, title: str) -> None:
        """Give a thread another title.

        Raises
        ------
        ThreadError
            It is busy or does not exist.
        UsageError
            The title is empty, or no valid Unicode.

        """
        words = _titled(title)
        if not words or not _is_unicode(words):
            raise UsageError(f"{title!r} is no title", hint="Write a few words, in UTF-8.")
        renaming = "UPDATE octograph_threads SET title = ? WHERE id = ? AND deleted IS NULL"
        with self.held(thread):
            if not await self._changed(renaming, (words, thread)):
                raise _missing(thread)

    async def delete(self, thread: str) -> None:
        """Delete a thread, such that it can be restored for 30 days.

        Raises
        ------
        ThreadError
            It is busy or does not exist.

        """
        deleting = "UPDATE octograph_threads SET deleted = ? WHERE id = ? AND deleted IS NULL"
        with self.held(thread):
            if not await self._changed(deleting, (_moment(self._clock.now()), thread)):
                raise _missing(thread)

    async def restore(self, thread: str) -> None:
        """Bring a deleted thread back.

        Raises
        ------
        ThreadError
            It is busy, or no such thread was deleted, or too long ago.

        """
        with self.held(thread):
            if not await self._restored(thread):
                raise ThreadError(
                    f"there is no deleted thread {thread!r}",
                    hint="One stays for 30 days, unless a new thread takes its name.",
                )

    @asynccontextmanager
    async def forking(self, parent: ThreadInfo, turn: str, name: str) -> AsyncIterator[None]:
        """Hold a new thread, which is there from the end of the block on.

        Until then it counts as deleted: if the process is killed meanwhile, nobody sees it, and it is purged.
        """
        now = self._clock.now()
        values = {
            "id": name,
            "title": parent.title.removesuffix(_FORKED)[: _TITLE - len(_FORKED)] + _FORKED,
            "now": now.isoformat(),
            "parent": parent.id,
            "parent_turn": turn,
            "deleted": _moment(now),
        }
        with self.held(name):
            await self._connection.execute(_FORK, values)
            yield
            await self._restored(name)

    async def info(self, thread: str) -> ThreadInfo:
        """What lists show of a thread.

        Raises
        ------
        ThreadError
            It does not exist.

        """
        found = await self._infos(f"{_INFO} AND id = ?", thread)
        if not found:
            raise _missing(thread)
        return found[0]

    async def has(self, thread: str) -> bool:
        """Whether there is a thread of that name, and it is not deleted."""
        return bool(await self._infos(f"{_INFO} AND id = ?", thread))

    async def unindexed(self) -> tuple[str, ...]:
        """Threads with turns that a search may miss: of an older file, in use, or their process was killed."""
        query = "SELECT id FROM octograph_threads WHERE indexed = 0 AND deleted IS NULL"
        with self.faults_told():
            return tuple(row[0] for row in await self._connection.execute_fetchall(query))

    async def search(self, text: str, *, limit: int) -> tuple[FoundTurn, ...]:
        """Indexed turns with all words of the text, the best first.

        Raises
        ------
        UsageError
            There is nothing to look for.

        """
        if not text.strip() or limit < 1:
            raise UsageError("there is nothing to look for", hint="Write a few words, and a limit of 1 or more.")
        values = {"wanted": expression(text), "limit": min(limit, sys.maxsize), "before": MARKS[0], "behind": MARKS[1]}
        with self.faults_told():
            rows = await self._connection.execute_fetchall(_SEARCH, values)
        return tuple(FoundTurn(thread=row[0], title=row[1], turn=row[2], snippet=fragments(row[3])) for row in rows)

    async def list(self) -> list[ThreadInfo]:
        """All threads, the last used first."""
        return [*await self._infos(f"{_INFO} ORDER BY updated DESC, id")]

    async def _infos(self, query: str, *values: str) -> tuple[ThreadInfo, ...]:
        with self.faults_told():
            rows = await self._connection.execute_fetchall(query, values)
        return tuple(
            ThreadInfo(id=row[0], title=row[1], created=row[2], updated=row[3], parent=row[4], parent_turn=row[5])
            for row in rows
        )

    async def _changed(self, statement: str, values: tuple[str, ...]) -> bool:
        """Whether the statement changed a thread."""
        return (await self._connection.execute(statement, values)).rowcount > 0

    async def _restored(self, thread: str) -> bool:
        restoring = "UPDATE octograph_threads SET deleted = NULL WHERE id = ? AND deleted IS NOT NULL"
        return await self._changed(restoring, (thread,))

    async def _purge(self) -> None:
        """Remove what was deleted too long ago to be restored."""
        before = _moment(self._clock.now() - _KEPT)
        with self.faults_told():
            rows = await self._connection.execute_fetchall(
                "SELECT id FROM octograph_threads WHERE deleted < ?", (before,)
            )
        for (thread,) in rows:
            with suppress(ThreadError), self.held(thread):  # busy: somebody restores it, or begins it anew
                await self._connection.execute(
                    "DELETE FROM octograph_threads WHERE id = ? AND deleted < ?", (thread, before)
                )


def check_name(thread: str) -> None:
    """Refuse a thread's name that could not be a file's."""
    if not _NAME.fullmatch(thread) or len(thread.encode()) > _NAME_BYTES:
        raise UsageError(
            f"{thread!r} is no name for a thread",
            hint="Use up to 80 letters, digits, spaces and . _ @ -, beginning with a letter or digit.",
        )


def _titled(text: str) -> str:
    return " ".join(text.split())[:_TITLE]


def _is_unicode(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:  # lone surrogates, which Python makes of bytes that are not UTF-8
        return False


def _moment(time: datetime) -> str:
    """A time such that later ones sort behind it, wherever the machine was then."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _missing(thread: str) -> ThreadError:
    return ThreadError(f"there is no thread {thread!r}", hint="`octograph threads list` shows them.")


def _unusable(path: Path, error: Exception) -> ThreadError:
    return ThreadError(
        f"the conversations in {str(path)!r} cannot be used: {error}",
        hint="Move the file away to start afresh, or point `data_dir` in the configuration elsewhere.",
    )
