"""The Python API, and the one place where all parts are put together.

Everything runs on an event loop in a thread of its own; sync and async calls are two thin edges of it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from octograph import settings as configuration
from octograph.agents import CompiledGraph, Conversation, Event, Finished, ThreadInfo, ThreadStore, Turn, orchestrate
from octograph.agents.steps import DecideStep, GenerateStep, RouteStep
from octograph.background import BackgroundLoop
from octograph.errors import GraphError, UsageError
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.llama import LlamaClient
from octograph.nodes.master import HeadFile, Master, Route, Router
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.pool import HostPool
from octograph.nodes.tools import Clock, SystemClock, make_tool
from octograph.nodes.worker import ModelWorker, ToolWorker, Worker
from octograph.settings import Settings

__all__ = ["Octograph", "head_path", "host_pool", "model_store", "open"]

T = TypeVar("T")


def open(graph: str | Path = "embedded", *, settings: Settings | None = None) -> Octograph:  # noqa: A001  # octograph.open reads as it should
    """Open a model graph.

    Parameters
    ----------
    graph
        Name of a bundled graph or path of a graph file.
    settings
        Defaults to the user's configuration.

    Raises
    ------
    GraphError
        The graph file is wrong.
    HeadError
        The graph's functional head is missing or does not fit it.

    Examples
    --------
    >>> import octograph
    >>> with octograph.open() as octo:
    ...     print(octo.ask("What is 48 * 17?").text)
    48 * 17 = 816

    """
    settings = settings if settings is not None else configuration.load()
    model_graph = open_graph(graph)
    clock = SystemClock()
    pool = host_pool(model_graph, settings)
    heads = HeadFile.load(head_path(model_graph)).heads
    return Octograph(
        graph=model_graph,
        router=Master(model_graph, readers=pool.clients, heads=heads),
        workers=_workers(model_graph, pool, clock),
        threads_file=settings.data_dir / "threads.sqlite",
        clock=clock,
        pool=pool,
    )


def model_store(settings: Settings) -> ModelStore:
    """Return the models of this machine as the settings want them."""
    return ModelStore(settings.cache_dir, hub=Hub(), requantise=settings.requantise)


def host_pool(graph: ModelGraph, settings: Settings) -> HostPool:
    """Return the hosts of a graph's models; none is started."""
    return HostPool(graph, store=model_store(settings), threads=settings.cpu_threads)


def head_path(graph: ModelGraph) -> Path:
    """Where a graph's functional heads are kept: beside the graph file."""
    if graph.path is None:
        raise GraphError("a graph that is in no file has no functional head", hint="Save it first.")
    return graph.path.with_suffix(".head.safetensors")


def _workers(graph: ModelGraph, pool: HostPool, clock: Clock) -> Mapping[str, Worker]:
    workers: dict[str, Worker] = {}
    for node in graph.workers():
        if node.tool is not None:
            workers[node.name] = ToolWorker(make_tool(node.tool, clock=clock))
        elif node.model is not None:
            workers[node.name] = ModelWorker(node, pool.clients[node.model])
    return workers


class Octograph:
    """A model graph that answers.

    Use `open` for graphs that run on this machine. The constructor takes the parts themselves, such as the
    fakes of `octograph.testing`.

    Parameters
    ----------
    graph
        The model graph.
    router
        Chooses the worker.
    workers
        Who answers, by name.
    threads_file
        SQLite file of the conversations.
    clock
        Dates the turns.
    pool
        Hosts to end on `close`, if any.

    """

    def __init__(
        self,
        *,
        graph: ModelGraph,
        router: Router,
        workers: Mapping[str, Worker],
        threads_file: Path,
        clock: Clock,
        pool: HostPool | None = None,
    ) -> None:
        self.graph = graph
        self.pool = pool
        self.router = router
        self._threads_file = threads_file
        self._clock = clock
        self._steps: dict[str, Any] = {
            "route": RouteStep(router, clock=clock),
            "answer": (GenerateStep(workers),),
            "decide": DecideStep(graph, clock=clock),
        }
        self._background = BackgroundLoop()
        self._open_files = AsyncExitStack()
        self._conversation: Conversation | None = None
        self._reading = asyncio.Lock()

    @property
    def models(self) -> Mapping[str, LlamaClient]:
        """The graph's models by name, for branches, scores and hidden states without a worker; empty with fakes."""
        return {} if self.pool is None else self.pool.clients

    @property
    def langgraph(self) -> CompiledGraph:
        """The compiled LangGraph graph, for use inside another: ``{"query": …}`` in, ``{"answer": …}`` out."""
        return orchestrate(**self._steps)

    def ask(
        self, query: str, *, thread: str | None = None, worker: str | None = None, cancel: CancelToken | None = None
    ) -> Turn:
        """Ask, and return the closed turn: answered, abstained or cancelled.

        Parameters
        ----------
        query
            The question.
        thread
            Conversation to go on with; a new one if it does not exist, one with a random name if None.
        worker
            Asks this worker and not the master.
        cancel
            Stops the work from another thread; what was written is kept.

        Raises
        ------
        UsageError
            The query is empty or the worker unknown.
        ContextOverflowError
            The conversation no longer fits in the model's context.
        ModelMissingError
            A model is not on this machine.
        ThreadError
            The thread is busy or damaged.

        """
        return _turn_of(list(self.stream(query, thread=thread, worker=worker, cancel=cancel)))

    def stream(
        self, query: str, *, thread: str | None = None, worker: str | None = None, cancel: CancelToken | None = None
    ) -> Iterator[Event]:
        """As `ask`, and yield what happens; leaving the iterator early cancels."""
        cancel = cancel or CancelToken()
        return self._background.stream(self._asking(query, thread, worker, cancel), cancel)

    def resume(self, thread: str, *, cancel: CancelToken | None = None) -> Iterator[Event]:
        """Go on with the turn that a crash interrupted.

        Raises
        ------
        ThreadError
            There is nothing to resume.

        """
        cancel = cancel or CancelToken()
        return self._background.stream(self._resuming(thread, cancel), cancel)

    def route(self, query: str) -> Route:
        """Return the master's decision and do nothing about it."""
        cancel = CancelToken()
        return self._background.call(lambda: self._route(query, cancel), cancel).result()

    async def aask(
        self, query: str, *, thread: str | None = None, worker: str | None = None, cancel: CancelToken | None = None
    ) -> Turn:
        """As `ask`, without blocking the event loop."""
        return _turn_of([event async for event in self.astream(query, thread=thread, worker=worker, cancel=cancel)])

    def astream(
        self, query: str, *, thread: str | None = None, worker: str | None = None, cancel: CancelToken | None = None
    ) -> AsyncIterator[Event]:
        """As `stream`, without blocking the event loop."""
        cancel = cancel or CancelToken()
        return self._background.astream(self._asking(query, thread, worker, cancel), cancel)

    def aresume(self, thread: str, *, cancel: CancelToken | None = None) -> AsyncIterator[Event]:
        """As `resume`, without blocking the event loop."""
        cancel = cancel or CancelToken()
        return self._background.astream(self._resuming(thread, cancel), cancel)

    async def aroute(self, query: str) -> Route:
        """As `route`, without blocking the event loop."""
        cancel = CancelToken()
        return await asyncio.wrap_future(self._background.call(lambda: self._route(query, cancel), cancel))

    def threads(self) -> list[ThreadInfo]:
        """All conversations, the last used first."""
        return self._background.call(lambda: self._with(lambda talk: talk.threads())).result()

    def turns(self, thread: str) -> list[Turn]:
        """The turns of a conversation, oldest first; empty if there is none of that name."""
        return self._background.call(lambda: self._with(lambda talk: talk.turns(thread))).result()

    def delete(self, thread: str) -> None:
        """Remove a conversation.

        Raises
        ------
        ThreadError
            It is busy or does not exist.

        """
        self._background.call(lambda: self._with(lambda talk: talk.delete(thread))).result()

    def close(self) -> None:
        """Cancel what is in progress, end the hosts and close the files; safe to call twice.

        A closed `Octograph` stays closed: open the graph again to go on.
        """
        self._background.close(self._open_files.aclose)
        if self.pool is not None:
            self.pool.close()

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return itself; leaving the block closes it."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, without blocking the event loop."""
        await asyncio.to_thread(self.close)

    # --- on the private loop ---------------------------------------------------------------------------------

    async def _talk(self) -> Conversation:
        async with self._reading:
            if self._conversation is None:
                store = await self._open_files.enter_async_context(ThreadStore.open(self._threads_file))
                compiled = orchestrate(**self._steps, checkpointer=store.checkpointer)
                self._conversation = Conversation(compiled, store, clock=self._clock)
            return self._conversation

    async def _with(self, act: Callable[[Conversation], Awaitable[T]]) -> T:
        return await act(await self._talk())

    async def _route(self, query: str, cancel: CancelToken) -> Route:
        route = await self.router.route(_checked(query), cancel=cancel)
        if route is None:
            raise UsageError("the route was cancelled")
        return route

    async def _asking(
        self, query: str, thread: str | None, worker: str | None, cancel: CancelToken
    ) -> AsyncIterator[Event]:
        if worker is not None:
            self.graph.worker(worker)
        talk = await self._talk()
        name = thread if thread is not None else uuid.uuid4().hex[:12]
        async for event in talk.ask(_checked(query), thread=name, worker=worker, cancel=cancel):
            yield event

    async def _resuming(self, thread: str, cancel: CancelToken) -> AsyncIterator[Event]:
        async for event in (await self._talk()).resume(thread, cancel=cancel):
            yield event


def _checked(query: str) -> str:
    if not query.strip():
        raise UsageError("the query is empty", hint='Ask something, such as `octograph ask "What is 48 * 17?"`.')
    try:
        query.encode()
    except UnicodeEncodeError as error:  # lone surrogates, which Python makes of bytes that are not UTF-8
        raise UsageError("the query is not valid Unicode", hint="Give it in UTF-8.") from error
    return query.strip()


def _turn_of(events: list[Event]) -> Turn:
    last = events[-1]
    if not isinstance(last, Finished):
        raise TypeError(last)
    return last.turn
