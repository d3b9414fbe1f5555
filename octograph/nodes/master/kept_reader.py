"""Hidden states of queries that were read before, kept in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from octograph.cancellation import CancelToken
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest
from octograph.nodes.models.store import file_identity

__all__ = ["KeptReader"]

MOST = 50_000
"""Queries that are kept, the newest: about 5 kB each."""

_TABLE = "CREATE TABLE IF NOT EXISTS states (key BLOB PRIMARY KEY, tokens INTEGER NOT NULL, vector BLOB NOT NULL)"
_FIND = "SELECT tokens, vector FROM states WHERE key = ?"
_KEEP = "INSERT OR REPLACE INTO states VALUES (?, ?, ?)"
_FORGET = "DELETE FROM states WHERE rowid <= (SELECT max(rowid) FROM states) - ?"


class KeptReader:
    """A `QueryReader` that reads each query once: fitting a head anew takes seconds then.

    A file that cannot be read or written costs the reading and nothing else. States of single tokens are not kept.

    Parameters
    ----------
    reader
        Reads what is not kept.
    path
        The SQLite file.
    identity
        What changes if the reader's model does.

    """

    def __init__(self, reader: QueryReader, *, path: Path, identity: str) -> None:
        self._reader = reader
        self._identity = identity
        self._file: sqlite3.Connection | None = None
        with suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = sqlite3.connect(path, isolation_level=None)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = OFF")  # it is a cache
            file.execute(_TABLE)
            file.execute(_FORGET, (MOST,))
            self._file = file

    async def prepare(self) -> None:
        """See `QueryReader`."""
        await self._reader.prepare()

    async def layers(self) -> int:
        """See `QueryReader`."""
        return await self._reader.layers()

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        """See `QueryReader`."""
        if request.each or self._file is None:
            return await self._reader.read(request, cancel=cancel)
        key = self._key(request)
        with suppress(sqlite3.Error):
            if found := self._file.execute(_FIND, (key,)).fetchone():
                last, mean = np.split(np.frombuffer(found[1], dtype=np.float32), 2)
                return HiddenStates(last=last, mean=mean, tokens=found[0])
        states = await self._reader.read(request, cancel=cancel)
        if states is not None:
            with suppress(sqlite3.Error):
                self._file.execute(_KEEP, (key, states.tokens, states.vector().astype(np.float32).tobytes()))
        return states

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _key(self, request: ReadRequest) -> bytes:
        adapter = None if request.adapter is None else file_identity(request.adapter)
        told = json.dumps([self._identity, asdict(request) | {"adapter": adapter}])
        return hashlib.sha256(told.encode()).digest()
