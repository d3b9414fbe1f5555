"""An event loop in a thread of its own, and the ways onto it from blocking and from async code."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from octograph.cancellation import CancelToken
from octograph.errors import UsageError

__all__ = ["BackgroundLoop"]

T = TypeVar("T")
_END = object()

_PATIENCE = 10.0
"""Seconds that a stream left early waits for its work to end."""


class BackgroundLoop:
    """Runs calls from any thread and any event loop on one event loop, which starts with the first call."""

    def __init__(self) -> None:
        self._manager = start_blocking_portal(name="octograph")
        self._portal: BlockingPortal | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._calls: dict[Future[Any], CancelToken] = {}

    def call(self, act: Callable[[], Awaitable[T]], cancel: CancelToken | None = None) -> Future[T]:
        """Begin a call; `close` cancels it by its token.

        Raises
        ------
        UsageError
            It is closed.

        """
        with self._lock:
            if self._closed:
                raise UsageError("this Octograph is closed", hint="Open the graph again with `octograph.open`.")
            if self._portal is None:
                self._portal = self._manager.__enter__()
            call: Future[T] = self._portal.start_task_soon(act)
            self._calls[call] = cancel or CancelToken()
        call.add_done_callback(lambda done: self._calls.pop(done, None))
        return call

    def stream(self, items: AsyncIterator[T], cancel: CancelToken) -> Iterator[T]:
        """Yield items as they come; leaving early cancels, and returns when the work has ended."""
        arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        done = self._pump(items, arrived.put, cancel)
        item: Any = None
        try:
            while (item := arrived.get()) is not _END:
                yield item
            done.result()
        finally:
            cancel.cancel()
            while item is not _END:
                item = arrived.get(timeout=_PATIENCE)

    async def astream(self, items: AsyncIterator[T], cancel: CancelToken) -> AsyncIterator[T]:
        """As `stream`, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Any] = asyncio.Queue()

        def put(item: object) -> None:
            with suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
                loop.call_soon_threadsafe(arrived.put_nowait, item)

        done = self._pump(items, put, cancel)
        item: Any = None
        try:
            while (item := await arrived.get()) is not _END:
                yield item
            await asyncio.wrap_future(done)
        finally:
            cancel.cancel()
            while item is not _END:
                item = await arrived.get()

    def close(self, last: Callable[[], Awaitable[None]]) -> None:
        """Cancel what is in progress, wait for its end, make a `last` call and end the loop; safe to call twice."""
        with self._lock:
            portal, self._portal, self._closed = self._portal, None, True
        if portal is None:
            return
        calls = dict(self._calls)
        for cancel in calls.values():
            cancel.cancel()
        wait(calls)
        portal.call(last)
        self._manager.__exit__(None, None, None)

    def _pump(self, items: AsyncIterator[Any], put: Callable[[object], None], cancel: CancelToken) -> Future[None]:
        """Move items to a queue of the caller's; ends with a mark, and the future holds the error if any."""

        async def pump() -> None:
            try:
                async for item in items:
                    put(item)
            finally:
                put(_END)

        return self.call(pump, cancel)
