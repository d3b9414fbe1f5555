"""What the app needs of a model graph, and how it gets it without making the user wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from octograph.cancellation import CancelToken
from octograph.tui.documents.store import DocumentStore
from octograph.tui.threads.conversations import Conversations

if TYPE_CHECKING:  # the agents take over a second to import, which the first paint does not wait for
    from octograph.agents import Event
    from octograph.agents.learning import Feedback
    from octograph.agents.tally import Tally
    from octograph.graph import ModelGraph
    from octograph.hosts import HostStatus, LoadPlan

__all__ = ["Backend", "BackendFactory", "Models", "Opening"]


class Models(Protocol):
    """The models in memory; `octograph.hosts.Hosts` is one. All methods block, and are called in threads."""

    def list(self) -> tuple[HostStatus, ...]:
        """How it stands with all models now."""
        ...

    def plan(self, model: str) -> LoadPlan:
        """What it takes to start a model now."""
        ...

    def load(self, model: str) -> None:
        """Start a model now."""
        ...

    def unload(self, model: str) -> None:
        """Stop a model."""
        ...

    def pin(self, model: str, pinned: bool = True) -> None:
        """Keep a model in memory when others need it, or no longer."""
        ...


class Backend(Protocol):
    """A model graph with its conversations; `octograph.Octograph` is one.

    ``feedback``, ``ratings`` and ``close`` block, and are called in threads.
    """

    @property
    def graph(self) -> ModelGraph:
        """The model graph."""
        ...

    @property
    def documents(self) -> DocumentStore:
        """The user's documents."""
        ...

    @property
    def hosts(self) -> Models:
        """The models in memory."""
        ...

    @property
    def tally(self) -> Tally:
        """What each worker did so far."""
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

    def aresume(
        self, thread: str, *, choice: str | None = None, cancel: CancelToken | None = None
    ) -> AsyncIterator[Event]:
        """Go on with the turn that a crash interrupted, or that waits for a choice."""
        ...

    def feedback(self, thread: str, *, accepted: bool, instead: str | None = None, turn: str | None = None) -> None:
        """Keep what the user thought of an answer."""
        ...

    def ratings(self, thread: str) -> Mapping[str, Feedback]:
        """Return what the user thought of the answers of a conversation, by turn."""
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
