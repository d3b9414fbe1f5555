"""Taking from a source for as long as somebody wants what it gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from octograph.cancellation import CancelToken

__all__ = ["while_wanted"]

T = TypeVar("T")


async def while_wanted(source: AsyncIterator[T], *, cancel: CancelToken) -> AsyncIterator[T]:
    """Yield what a source gives, and not a moment longer once it is cancelled, wherever it waits.

    The source runs in a task of its own, so that what it holds open is closed where it was opened.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[tuple[T] | None] = asyncio.Queue()

    async def take() -> None:
        try:
            async for one in source:
                arrived.put_nowait((one,))
        finally:
            arrived.put_nowait(None)

    task = loop.create_task(take())

    def stop() -> None:
        loop.call_soon_threadsafe(task.cancel)

    with cancel.calling(stop):
        try:
            while (one := await arrived.get()) is not None:
                yield one[0]
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})
