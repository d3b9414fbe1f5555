"""What the app needs of a model graph, and how it gets it without making the user wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

from octograph.cancellation import CancelToken
from octograph.tui.conversations import Conversations

if TYPE_CHECKING:  # the agents take over a second to import, which the first paint does not wait for
    from octograph.agents import Event

__all__ = ["Backend", "BackendFactory", "Named", "Opening"]


class Named(Protocol):
    """Something with a name: the model graph."""

    @property
    def name(self) -> str:
        """Name to show."""
        ...


class Backend(Protocol):
    """A model graph with its conversations; `octograph.Octograph` is one.

    ``close`` blocks, and is called in a thread.
    """

    @property
    def graph(self) -> Named:
        """The model graph."""
        ...

    @property
    def threads(self) -> Conversations:
        """The conversations."""
        ...

    def astream(
        self,
        query: str,
        *,
        thread: str | None = None,
        worker: str | None = None,
        cancel: CancelToken | None = None,
    ) -> AsyncIterator[Event]:
        """Ask, and yield what happens."""
        ...

    def aresume(self, thread: str, *, cancel: CancelToken | None = None) -> AsyncIterator[Event]:
        """Go on with the turn that a crash interrupted."""
        ...

    def close(self) -> None:
        """End the hosts."""
        ...


BackendFactory = Callable[[], Backend]


class Opening:
    """A backend that is being opened in a thread: not begun, opening, open or failed; then closed.

    Parameters
    ----------
    factory
        Opens the backend; may block and may raise.

    """

    def __init__(self, factory: BackendFactory) -> None:
        self._factory = factory
        self._task: asyncio.Task[Backend] | None = None

    @property
    def ready(self) -> Backend | None:
        """The backend if it is open."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or self.failed:
            return None
        return task.result()

    @property
    def failed(self) -> bool:
        """Whether the factory raised."""
        task = self._task
        return task is not None and task.done() and not task.cancelled() and task.exception() is not None

    async def backend(self) -> Backend:
        """Wait for the backend, which is opened on the first call.

        Raises
        ------
        Exception
            What the factory raised, on every call.

        """
        if self._task is None:
            self._task = asyncio.create_task(asyncio.to_thread(self._factory))
        return await asyncio.shield(self._task)

    async def close(self) -> None:
        """Close the backend in a thread, if it was opened; one that is still opening is waited for."""
        if self._task is not None:
            await asyncio.wait([self._task])
        backend = self.ready
        self._task = None
        if backend is not None:
            await asyncio.to_thread(backend.close)
