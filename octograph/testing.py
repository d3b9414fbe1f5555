"""Fakes for fast tests, ours and yours: a graph that answers without a model.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder, make_octograph(Path(folder), {"math": ScriptedWorker(["42"])}) as octo:
...     print(octo.ask("What is 6 * 7?", worker="math").text)
42
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.errors import HostStartError, OctographError, ToolError
from octograph.graph import NONE, Edge, Knowledge, Master, Model, ModelGraph, token_text
from octograph.graph import Worker as WorkerNode
from octograph.nodes.generation import Generation, GenerationRequest, TextDelta
from octograph.nodes.host import Steps, Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.master.route import NO_WORKER, PlannedStep, Route, Router
from octograph.nodes.worker import Outcome, Task, Worker

if TYPE_CHECKING:  # the agents take over a second to import, and the fakes of hosts do not need them
    from octograph.agents.learning import Policy
    from octograph.api import Octograph
    from octograph.retrieval.library import Library

__all__ = [
    "FakeEmbedder",
    "FakeGenerator",
    "FakeService",
    "FixedClock",
    "FixedRouter",
    "ScriptedWorker",
    "make_graph",
    "make_octograph",
    "pause",
]

_SURE = 0.9


class FixedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, moment: datetime = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """Return the same moment."""
        return self._moment

    def advance(self, **amount: float) -> None:
        """Go on by an amount, such as ``seconds=5``, as `datetime.timedelta` takes it."""
        self._moment += timedelta(**amount)


class FixedRouter:
    """A `Router` that looks queries up.

    Parameters
    ----------
    workers
        All that can be reached.
    choices
        For a query, the worker that gets it, or the probabilities of several; the rest is shared out evenly.
    plans
        For a query, the steps of its plan: worker and what it is asked.
    otherwise
        Who gets every other query.
    delay
        Seconds that a decision takes.
    errors
        Raised first, one a call.

    Attributes
    ----------
    asked
        The queries, in order.

    """

    def __init__(
        self,
        workers: Sequence[str],
        choices: Mapping[str, str | Mapping[str, float]] | None = None,
        *,
        plans: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        otherwise: str = NO_WORKER,
        delay: float = 0.0,
        errors: Sequence[OctographError] = (),
    ) -> None:
        self.asked: list[str] = []
        self._targets = (*workers, NO_WORKER)
        self._choices = dict(choices or {})
        self._plans = dict(plans or {})
        self._otherwise = otherwise
        self._delay = delay
        self._errors = list(errors)

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        self.asked.append(query)
        await pause(self._delay, cancel)
        if cancel.cancelled:
            return None
        if self._errors:
            raise self._errors.pop(0)
        plan = tuple(self._step(worker, asked) for worker, asked in self._plans.get(query, ()))
        chosen = plan[0].worker if plan else self._choices.get(query, self._otherwise)
        given = {chosen: _SURE} if isinstance(chosen, str) else dict(chosen)
        others = [name for name in self._targets if name not in given]
        rest = (1.0 - sum(given.values())) / len(others) if others else 0.0
        distribution = {name: given.get(name, rest) for name in self._targets}
        worker = max(distribution, key=lambda name: distribution[name])
        return Route(
            worker=worker,
            token=NONE if worker == NO_WORKER else token_text(self._targets.index(worker)),
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=self._delay * 1000,
            plan=plan,
        )

    def _step(self, worker: str, query: str) -> PlannedStep:
        rest = (1.0 - _SURE) / (len(self._targets) - 1)
        return PlannedStep(
            worker=worker,
            token=token_text(self._targets.index(worker)),
            probability=_SURE,
            distribution={name: _SURE if name == worker else rest for name in self._targets if name != NO_WORKER},
            query=query,
        )


class ScriptedWorker:
    """A `Worker` that always writes the same pieces of text.

    Parameters
    ----------
    pieces
        What it writes; no pieces are an empty answer.
    delay
        Seconds before each piece.
    errors
        Raised after the first piece, one a run; runs after that are whole.
    source
        What it claims to be.

    Attributes
    ----------
    tasks
        What it was given, in order.

    """

    def __init__(
        self,
        pieces: Sequence[str] = (),
        *,
        delay: float = 0.0,
        errors: Sequence[OctographError] = (),
        source: Literal["model", "tool"] = "model",
    ) -> None:
        self.tasks: list[Task] = []
        self._pieces = tuple(pieces)
        self._delay = delay
        self._errors = list(errors)
        self._source = source

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        self.tasks.append(task)
        error = self._errors.pop(0) if self._errors else None
        async for text in _written(self._pieces, self._delay, cancel):
            yield TextDelta(text=text)
            if error is not None:
                raise error
        if error is not None:
            raise error
        yield Outcome(finish="cancelled" if cancel.cancelled else "stop", source=self._source)


class FakeGenerator:
    """A `Generator` that always writes the same pieces of text.

    Parameters
    ----------
    pieces
        What it writes.
    delay
        Seconds before each piece.

    Attributes
    ----------
    requests
        What it was asked for, in order.

    """

    def __init__(self, pieces: Sequence[str], *, delay: float = 0.0) -> None:
        self.requests: list[GenerationRequest] = []
        self._pieces = tuple(pieces)
        self._delay = delay

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        """See `Generator`; a piece counts as a token."""
        self.requests.append(request)
        written = 0
        async for text in _written(self._pieces[: request.max_tokens], self._delay, cancel):
            written += 1
            yield TextDelta(text=text)
        yield Generation(
            finish="cancelled" if cancel.cancelled else "stop" if written == len(self._pieces) else "length",
            prompt_tokens=sum(len(message.content.split()) for message in request.messages),
            cached_tokens=0,
            completion_tokens=written,
            prefill_seconds=0.0,
            decode_seconds=written * self._delay,
        )


def make_graph(
    workers: Sequence[str],
    *,
    escalations: Mapping[str, str] | None = None,
    reads: Mapping[str, str] | None = None,
) -> ModelGraph:
    """Make a graph with one master that routes to each worker.

    `escalations` lead from worker to worker, `reads` from worker to knowledge base.
    """
    reads = reads or {}
    nodes = [WorkerNode(name=name, description=name, model="fake", examples=(name,)) for name in workers]
    routes = [Edge(source="router", target=name, kind="routes_to") for name in workers]
    passed_on = [Edge(source=a, target=b, kind="escalates_to") for a, b in (escalations or {}).items()]
    read = [Edge(source=a, target=b, kind="reads") for a, b in reads.items()]
    bases = [Knowledge(name=name) for name in dict.fromkeys(reads.values())]
    model = Model(name="fake", source="path:fake.gguf")
    master = Master(name="router", model="fake")
    return ModelGraph("fakes", "router", [model], [master, *nodes, *bases], [*routes, *passed_on, *read])


def make_octograph(
    folder: Path,
    workers: Mapping[str, Worker],
    *,
    router: Router | None = None,
    escalations: Mapping[str, str] | None = None,
    reads: Mapping[str, str] | None = None,
    library: Library | None = None,
    clock: FixedClock | None = None,
    learning: Policy | None = None,
) -> Octograph:
    """Put an `Octograph` together from fakes.

    Parameters
    ----------
    folder
        Where the conversations are kept.
    workers
        Who answers, by name.
    router
        Who chooses; the first worker gets everything if None.
    escalations
        ``escalates_to`` edges of the graph.
    reads, library
        ``reads`` edges of the graph, and the knowledge bases that they lead to.
    clock
        Dates the turns.
    learning
        How feedback moves the choice.

    """
    from octograph.api import Octograph

    names = tuple(workers)
    return Octograph(
        graph=make_graph(names, escalations=escalations, reads=reads),
        router=router or FixedRouter(names, otherwise=names[0]),
        workers=workers,
        threads_file=folder / "threads.sqlite",
        clock=clock or FixedClock(),
        library=library,
        learning=learning,
    )


async def _written(pieces: Sequence[str], delay: float, cancel: CancelToken) -> AsyncIterator[str]:
    for text in pieces:
        await pause(delay, cancel)
        if cancel.cancelled:
            return
        yield text


async def pause(seconds: float | None, cancel: CancelToken) -> None:
    """Wait (for ever if None), and not a moment longer once it is cancelled."""
    if seconds == 0:
        return
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)

    with cancel.calling(stop):
        try:
            await asyncio.wait_for(stopped.wait(), seconds)
        except TimeoutError:
            return


class FakeEmbedder:
    """An embedder for which texts are alike that share words: each word is a direction of its own.

    Parameters
    ----------
    dimension
        Length of the vectors.
    model
        Its name; knowledge bases keep the vectors of models of two names apart.

    """

    def __init__(self, dimension: int = 96, *, model: str = "fake") -> None:
        self._dimension = dimension
        self._model = model
        self.encoded = 0

    async def space(self) -> Mapping[str, Any]:
        """See `Embedder`."""
        return {"model": self._model, "dimension": self._dimension, "metric": "cosine"}

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        """See `Embedder`."""
        if cancel.cancelled:
            return None
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                direction = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self._dimension)
                vector += direction.astype(np.float32)
            vector /= max(float(np.linalg.norm(vector)), 1e-6)
        return vectors


class FakeService:
    """A `Service` for a real host that can be slow, fail, crash, freeze and talk nonsense.

    Operations: ``echo`` (gives its arguments back), ``environment``, ``slow`` (``steps`` of ``seconds``, numbered),
    ``flood`` (``count`` frames), ``fail``, ``bug``, ``crash``, ``freeze`` (stops its own process), ``garbage``
    (writes ``bytes`` among the replies).
    The configuration may ask for a slow (``seconds``), failing (``fail``) or crashing (``crash``) start.
    """

    capacity = 4
    queue = 64
    NAME = "octograph.testing:FakeService"

    def setup(self, config: Frame) -> Frame:
        """Start as the configuration says."""
        time.sleep(config.get("seconds", 0))
        if config.get("crash"):
            sys.stderr.write("the fake ends while it starts\n")
            os._exit(7)
        if config.get("fail"):
            raise HostStartError("the fake does not want to start", hint="Ask it nicely.")
        return {"pid": os.getpid()}

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:  # noqa: C901  # a branch for each operation
        """Begin a request."""
        if op == "echo":
            yield args
        elif op == "environment":
            yield dict(os.environ)
        elif op == "slow":
            for number in range(args["steps"]):
                if ticket.cancelled:
                    yield {"cancelled_at": number}
                    return
                time.sleep(args["seconds"])
                yield {"number": number}
        elif op == "flood":
            for number in range(args["count"]):
                yield {"number": number}
        elif op == "fail":
            raise ToolError("the fake cannot do that", hint="Ask for something else.")
        elif op == "bug":
            raise ZeroDivisionError("a fault of the fake")
        elif op == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        elif op == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif op == "garbage":
            for descriptor in range(3, 16):  # the replies go out over one of these
                with suppress(OSError):
                    os.write(descriptor, args["bytes"])

    def advance(self) -> None:
        """Nothing to do: the steps do all the work."""

    def abort(self) -> None:
        """Nothing to do: the steps are short."""
