"""The file of a catalogue: its tables, how it is made, and what its faults are called."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from octograph.errors import KnowledgeError

__all__ = ["FORMAT", "connect", "faults_told", "make_file"]

FORMAT = 1

_TABLES = """
CREATE TABLE base (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL,
    embedder TEXT NOT NULL,
    generation INTEGER NOT NULL,
    files TEXT NOT NULL
);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source BLOB NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    digest BLOB NOT NULL,
    born INTEGER,
    died INTEGER
);
CREATE INDEX documents_source ON documents (source);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    heading TEXT NOT NULL,
    page INTEGER,
    text TEXT NOT NULL
);
CREATE INDEX passages_document ON passages (document);
CREATE TABLE vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);
CREATE VIEW published AS
    SELECT documents.* FROM documents, base
    WHERE born <= generation AND (died IS NULL OR died > generation);
CREATE VIEW coming AS
    SELECT * FROM documents WHERE born IS NOT NULL AND died IS NULL;
"""
"""``born`` and ``died`` are generations: a document whose passages are not all there yet is not born. The
views are the documents of the published generation and of the one to come. A source is the path as the file system has
it, which need not be text."""


_FULL = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
"""What SQLite says of a full disk: the second when the 32 KB that reading takes beside the file do not fit."""


@contextmanager
def faults_told(path: Path) -> Iterator[None]:
    """Turn what SQLite reports into a `KnowledgeError`."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorname", "") in _FULL
        raise KnowledgeError(
            f"the knowledge base in {str(path.parent)!r} "
            + ("cannot grow: the disk is full" if full else f"is damaged or in use: {error}"),
            hint="Make room and run the command again: what was done is kept."
            if full
            else "`octograph index verify` tells what is wrong.",
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """Open the file; transactions are begun by hand."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # Durable at each commit: the files of the generation before are deleted on the strength of it.
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def make_file(path: Path, embedder: Mapping[str, Any]) -> None:
    """Make the file beside and rename it: a file without its tables is never found."""
    beside = path.with_name(f".{path.name}.partial")
    for rest in path.parent.glob(f"{beside.name}*"):  # of a process that was killed
        rest.unlink()
    try:
        with closing(connect(beside)) as connection:
            connection.executescript(_TABLES)
            row = (FORMAT, json.dumps(dict(embedder)), 0, "{}")
            connection.execute("INSERT INTO base VALUES (1, ?, ?, ?, ?)", row)
            connection.execute("PRAGMA journal_mode = WAL")
        beside.replace(path)
    except sqlite3.Error as error:
        raise OSError(str(error)) from error
    finally:
        for rest in path.parent.glob(f"{beside.name}*"):
            rest.unlink()
