"""The Python API.

Everything runs on an event loop in a thread of its own; sync and async calls are two thin edges of it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from octograph import settings as configuration
from octograph.agents import CompiledGraph, Conversation, Event, Finished, Turn, orchestrate
from octograph.agents.learning import POLICIES, Feedback, LearningRouter, Policy, Posteriors, choosable, feedback_on
from octograph.agents.limits import DEFAULT, Limits
from octograph.agents.query import checked
from octograph.agents.records import Records
from octograph.agents.self_discover import Discovery
from octograph.agents.steps import Comparison, Evaluator, Steps
from octograph.agents.tally import Tally
from octograph.background import BackgroundLoop
from octograph.cancellation import CancelToken
from octograph.composition import (
    host_pool,
    knowledge_folders,
    limits_of,
    make_discoveries,
    make_evaluators,
    make_judge,
    make_library,
    make_router,
    make_workers,
)
from octograph.documents import Documents
from octograph.errors import UsageError
from octograph.graph import ModelGraph, open_graph
from octograph.hosts import Hosts
from octograph.nodes.llama import LlamaClient
from octograph.nodes.master import Route, Router
from octograph.nodes.pool import HostPool
from octograph.nodes.tools import Clock, SystemClock
from octograph.nodes.worker import Worker
from octograph.retrieval.library import Library
from octograph.settings import Settings
from octograph.threads import Threads

__all__ = ["Octograph", "open"]


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
    return Octograph(
        graph=model_graph,
        router=make_router(model_graph, pool, price=settings.price),
        workers=make_workers(model_graph, pool, clock),
        threads_file=settings.data_dir / "threads.sqlite",
        clock=clock,
        evaluators=make_evaluators(model_graph, pool),
        discoveries=make_discoveries(model_graph, pool),
        judge=make_judge(model_graph, pool),
        pool=pool,
        library=make_library(knowledge_folders(model_graph, settings), settings, threads=settings.threads_beside),
        learning=None if settings.learning == "off" else POLICIES[settings.learning],
        limits=limits_of(settings),
    )


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
    evaluators
        Who tells how sure one may be of an answer, by worker; others' answers are not evaluated.
    discoveries
        Who discovers reasoning structures, by worker; others answer without one.
    judge
        Compares the answers that nobody was sure of before the person is asked; None leaves it to their scores.
    pool
        Hosts to end on `close`, if any.
    library
        Knowledge bases for those who read, closed on `close`.
    learning
        How feedback moves the choice of the worker; None leaves it to `router` alone. Feedback is kept either way.
    limits
        What a turn may cost, and whether the person is asked when nobody is sure.

    Attributes
    ----------
    documents
        What the workers who read have to read.
    threads
        The conversations.
    hosts
        The models in memory.
    tally
        What each worker did since the graph was opened.

    """

    def __init__(
        self,
        *,
        graph: ModelGraph,
        router: Router,
        workers: Mapping[str, Worker],
        threads_file: Path,
        clock: Clock,
        evaluators: Mapping[str, Evaluator] | None = None,
        discoveries: Mapping[str, Discovery] | None = None,
        judge: Comparison | None = None,
        pool: HostPool | None = None,
        library: Library | None = None,
        learning: Policy | None = None,
        limits: Limits = DEFAULT,
    ) -> None:
        self.graph = graph
        self.pool = pool
        self._library = library or Library({})
        self._records = Records(threads_file, clock=clock)
        self.router = (
            router if learning is None else LearningRouter(router, self._taught, learning, tokens=choosable(graph))
        )
        self._clock = clock
        self._steps = Steps.of(
            graph,
            router=self.router,
            bases=self._library.bases,
            workers=workers,
            evaluators=evaluators or {},
            discoveries=discoveries or {},
            judge=judge,
            structures=self._records.structures,
            clock=clock,
            limits=limits,
        )
        self._background = BackgroundLoop()
        self.documents = Documents(self._library, self._background)
        self.hosts = Hosts(pool)
        self.tally = Tally()
        self.threads = Threads(self._talk, self._background, graph=graph, models=self.models)
        self._conversation: Conversation | None = None

    @property
    def models(self) -> Mapping[str, LlamaClient]:
        """The graph's models by name, for branches, scores and hidden states without a worker; empty with fakes."""
        return {} if self.pool is None else self.pool.clients

    @property
    def learns(self) -> bool:
        """Whether feedback moves the choice of the worker."""
        return isinstance(self.router, LearningRouter)

    @property
    def langgraph(self) -> CompiledGraph:
        """The compiled LangGraph graph, for use inside another: ``{"query": …}`` in, ``{"answer": …}`` out."""
        return orchestrate(self._steps)

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
            The conversation no longer fits in the model's context; `threads.compact` makes room.
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

    def resume(self, thread: str, *, choice: str | None = None, cancel: CancelToken | None = None) -> Iterator[Event]:
        """Go on with the turn that a crash interrupted, or that waits for a choice.

        Raises
        ------
        ThreadError
            There is nothing to resume.
        UsageError
            The `choice` is none of `Asked.choices`, or is missing.

        """
        cancel = cancel or CancelToken()
        return self._background.stream(self._resuming(thread, choice, cancel), cancel)

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

    def aresume(
        self, thread: str, *, choice: str | None = None, cancel: CancelToken | None = None
    ) -> AsyncIterator[Event]:
        """As `resume`, without blocking the event loop."""
        cancel = cancel or CancelToken()
        return self._background.astream(self._resuming(thread, choice, cancel), cancel)

    async def aroute(self, query: str) -> Route:
        """As `route`, without blocking the event loop."""
        cancel = CancelToken()
        return await asyncio.wrap_future(self._background.call(lambda: self._route(query, cancel), cancel))

    def feedback(self, thread: str, *, accepted: bool, instead: str | None = None, turn: str | None = None) -> None:
        """Keep what the user thought of an answer; with `learning` it moves later choices.

        Parameters
        ----------
        thread
            The conversation.
        accepted
            Whether the answer was good.
        instead
            Who should have answered; then the answer was not accepted.
        turn
            Which turn; the last answered one if None. A later feedback on the same turn takes the place of this.

        Raises
        ------
        UsageError
            There is no such turn, nobody answered it, the master did not choose its worker, or `instead` is the worker
            that answered.
        GraphError
            There is no worker `instead`.
        FeedbackError
            It cannot be kept.

        """
        if instead is not None:
            self.graph.worker(instead)
        self._background.call(lambda: self._rate(thread, turn, accepted, instead)).result()

    def ratings(self, thread: str) -> Mapping[str, Feedback]:
        """Return the feedback that counts on a conversation's turns, by turn; raises `FeedbackError` as above."""
        return self._background.call(lambda: self._rated(thread)).result()

    def close(self) -> None:
        """Cancel what is in progress, end the hosts and close the files; safe to call twice.

        A closed `Octograph` stays closed: open the graph again to go on.
        """
        self._background.close(self._records.close)
        if self.pool is not None:
            self.pool.close()
        self._library.close()

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
        store = await self._records.threads()
        if self._conversation is None:  # nothing is awaited from here on: no other call makes one too
            compiled = orchestrate(self._steps, checkpointer=store.checkpointer)
            self._conversation = Conversation(compiled, store, clock=self._clock)
        return self._conversation

    async def _taught(self) -> Posteriors:
        return await (await self._records.feedback()).posteriors(self.graph.name)

    async def _rate(self, thread: str, turn: str | None, accepted: bool, instead: str | None) -> None:
        turns = await (await self._talk()).turns(thread)
        now = self._clock.now().isoformat()
        feedback = feedback_on(
            turns, turn, graph=self.graph.name, thread=thread, accepted=accepted, instead=instead, moment=now
        )
        await (await self._records.feedback()).add(feedback)

    async def _rated(self, thread: str) -> Mapping[str, Feedback]:
        return await (await self._records.feedback()).of_thread(self.graph.name, thread)

    async def _route(self, query: str, cancel: CancelToken) -> Route:
        route = await self.router.route(checked(query), cancel=cancel)
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
        async for event in talk.ask(checked(query), thread=name, worker=worker, cancel=cancel):
            self.tally = self.tally.after(event)
            yield event

    async def _resuming(self, thread: str, choice: str | None, cancel: CancelToken) -> AsyncIterator[Event]:
        async for event in (await self._talk()).resume(thread, choice=choice, cancel=cancel):
            self.tally = self.tally.after(event)
            yield event


def _turn_of(events: list[Event]) -> Turn:
    last = events[-1]
    if not isinstance(last, Finished):
        raise TypeError(last)
    return last.turn
