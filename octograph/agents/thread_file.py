"""The file of the conversations: opened, made if it is missing, brought up to date if it is older."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from octograph.agents.database import connected

__all__ = ["thread_file"]

_FIRST = """
CREATE TABLE IF NOT EXISTS octograph_threads (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
)
"""
"""The only one that may be there already: files of before had no version."""

_TURNS = """
CREATE TABLE octograph_turns (
    number INTEGER PRIMARY KEY,
    thread TEXT NOT NULL,
    turn TEXT NOT NULL,
    query TEXT NOT NULL,
    answer TEXT NOT NULL,
    UNIQUE (thread, turn)
)
"""
"""The texts of the closed turns, as they are looked for: `searchable`. The turns themselves are in the checkpoints."""

_WORDS = """
CREATE VIRTUAL TABLE octograph_words USING fts5(
    query, answer, content = 'octograph_turns', content_rowid = 'number',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
)
"""
"""With ``So`` emoji are words too."""

_WORDS_COME = """
CREATE TRIGGER octograph_words_come AFTER INSERT ON octograph_turns BEGIN
    INSERT INTO octograph_words (rowid, query, answer) VALUES (new.number, new.query, new.answer);
END
"""

_WORDS_GO = """
CREATE TRIGGER octograph_words_go AFTER DELETE ON octograph_turns BEGIN
    INSERT INTO octograph_words (octograph_words, rowid, query, answer)
    VALUES ('delete', old.number, old.query, old.answer);
END
"""

_ALL_GOES = """
CREATE TRIGGER octograph_threads_go AFTER DELETE ON octograph_threads BEGIN
    DELETE FROM checkpoints WHERE thread_id = old.id;
    DELETE FROM writes WHERE thread_id = old.id;
    DELETE FROM octograph_turns WHERE thread = old.id;
END
"""
"""So a thread is gone with everything or not at all, whenever the process is killed."""

_VERSIONS = (
    (_FIRST,),
    (
        "ALTER TABLE octograph_threads ADD COLUMN deleted TEXT",
        "ALTER TABLE octograph_threads ADD COLUMN parent TEXT",
        "ALTER TABLE octograph_threads ADD COLUMN parent_turn TEXT",
        "ALTER TABLE octograph_threads ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0",
        _TURNS,
        _WORDS,
        _WORDS_COME,
        _WORDS_GO,
        _ALL_GOES,
    ),
)
"""What makes each version of the file out of the one before; only ever added to."""


@asynccontextmanager
async def thread_file(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Give a connection to the tables beside LangGraph's, which are there already.

    Raises
    ------
    OSError
        The folder cannot be made.
    aiosqlite.Error
        The file cannot be opened, is damaged, or is of a later version.

    """
    async with connected(path, "BEGIN IMMEDIATE") as connection:
        ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
        if version > len(_VERSIONS):
            raise aiosqlite.DatabaseError("a later version of Octograph has written it")
        for statement in (statement for statements in _VERSIONS[version:] for statement in statements):
            await connection.execute(statement)
        await connection.execute(f"PRAGMA user_version = {len(_VERSIONS)}")
        await connection.commit()
        yield connection
