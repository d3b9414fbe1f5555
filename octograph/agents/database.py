"""SQLite files that are opened, and made if they are missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

__all__ = ["connected"]


@asynccontextmanager
async def connected(path: Path, *statements: str) -> AsyncIterator[aiosqlite.Connection]:
    """Give a connection on which every statement is a transaction of its own, after the given ones.

    Raises
    ------
    OSError
        The folder cannot be made.
    aiosqlite.Error
        The file cannot be opened or is damaged.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without isolation level calls cannot mix their transactions up.
    async with aiosqlite.connect(path, timeout=30, isolation_level=None) as connection:
        for statement in statements:
            await connection.execute(statement)
        yield connection
