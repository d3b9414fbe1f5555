"""A request to stop, from whoever watches to whoever works, across threads and event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["CancelToken", "unless_cancelled"]

T = TypeVar("T")


class CancelToken:
    """Says once, to everyone who asks, that the work is no longer wanted.

    Cancelling is a request and not an exception: the worker ends by itself and keeps what it has.

    Examples
    --------
    >>> token = CancelToken()
    >>> with token.calling(lambda: print("stopping")):
    ...     token.cancel()
    stopping
    >>> token.cancelled
    True

    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask for the end; safe from any thread, and any number of times."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` if the end is asked for within the block, or was before it."""
        with self._lock:
            late = self._cancelled
            if not late:
                self._callbacks.append(callback)
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)


async def unless_cancelled(work: Coroutine[Any, Any, T], cancel: CancelToken) -> T | None:
    """Return what some work comes to; once the end is asked for it is given up, and there is None.

    For work that does not ask by itself whether it is wanted. If the end was asked for before, it does not begin.
    """
    if cancel.cancelled:
        work.close()
        return None
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)

    def give_up() -> None:
        loop.call_soon_threadsafe(task.cancel)

    with cancel.calling(give_up):
        await asyncio.gather(task, return_exceptions=True)
    return None if task.cancelled() else task.result()
