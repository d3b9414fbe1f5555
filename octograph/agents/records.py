"""The files that a graph keeps: conversations, feedback and reasoning structures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TypeVar

from octograph.agents.learning import FeedbackStore
from octograph.agents.self_discover import StructureStore
from octograph.agents.threads import ThreadStore
from octograph.nodes.tools import Clock, SystemClock

__all__ = ["Records"]

Store = TypeVar("Store", ThreadStore, FeedbackStore, StructureStore)


class Records:
    """SQLite files in one folder, each opened when it is first needed.

    Parameters
    ----------
    threads_file
        That of the conversations; the others stand beside it.
    clock
        Tells when a conversation is deleted, and for how long it has been.

    """

    def __init__(self, threads_file: Path, *, clock: Clock | None = None) -> None:
        self._threads_file = threads_file
        self._clock = clock or SystemClock()
        self._files = AsyncExitStack()
        self._opened: dict[type, ThreadStore | FeedbackStore | StructureStore] = {}
        self._opening = asyncio.Lock()

    async def threads(self) -> ThreadStore:
        """The conversations."""
        return await self._once(ThreadStore, lambda: ThreadStore.open(self._threads_file, clock=self._clock))

    async def feedback(self) -> FeedbackStore:
        """What users thought of answers."""
        return await self._once(FeedbackStore, lambda: FeedbackStore.open(self._beside("feedback.sqlite")))

    async def structures(self) -> StructureStore:
        """Reasoning structures by task."""
        return await self._once(StructureStore, lambda: StructureStore.open(self._beside("structures.sqlite")))

    async def close(self) -> None:
        """Close what was opened."""
        await self._files.aclose()

    def _beside(self, name: str) -> Path:
        return self._threads_file.with_name(name)

    async def _once(self, kind: type[Store], opening: Callable[[], AbstractAsyncContextManager[Store]]) -> Store:
        async with self._opening:
            found = self._opened.get(kind)
            if not isinstance(found, kind):
                found = await self._files.enter_async_context(opening())
                self._opened[kind] = found
            return found
