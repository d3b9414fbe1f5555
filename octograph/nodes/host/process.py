"""The parent side of a host: a child process with an explicit life cycle.

::

    absent ──ensure_ready──> starting ──> ready ──stop, retire──> draining ──> stopped
                              │ │           │                                   ^ │
                              │ └─> failed <┘ (crash)                           │ ensure_ready starts anew
                              │      └── ensure_ready starts anew               │
                              └──────────────────── stop ───────────────────────┘

The decisions to start and to retire live in here, under one lock each, so that callers cannot race.
Nothing is bound to an event loop: requests may come from any thread and any loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Literal

from octograph.cancellation import CancelToken, unless_cancelled
from octograph.errors import HostCrashedError, HostError, HostStartError
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.launch import launch
from octograph.nodes.host.life import Life
from octograph.nodes.host.replies import checked_number, rebuilt_error

__all__ = ["HostProcess", "HostState"]

HostState = Literal["absent", "starting", "ready", "draining", "stopped", "failed"]


class HostProcess:
    """One child process that serves requests.

    Parameters
    ----------
    name
        For messages and process lists.
    service
        ``module:Class`` of the `Service` to run.
    config
        Gives what is sent to the service's ``setup``; called at each start, and may refuse it.
    environment
        Added to the clean environment that a host gets.
    start_timeout
        Seconds until a start counts as failed.

    Attributes
    ----------
    info
        What the service's ``setup`` told.
    starts
        How often a child was started.
    served
        Requests that were answered, of all its lives.

    """

    def __init__(
        self,
        *,
        name: str,
        service: str,
        config: Callable[[], Frame],
        environment: Mapping[str, str] | None = None,
        start_timeout: float = 300.0,
    ) -> None:
        self.name = name
        self.info: Frame = {}
        self.starts = 0
        self.served = 0
        self._service = service
        self._config = config
        self._environment = dict(environment or {})
        self._start_timeout = start_timeout
        self._state: HostState = "absent"
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._life: Life | None = None
        self._reader: threading.Thread | None = None
        self._pending: dict[int, Callable[[Frame], None]] = {}
        self._next_id = 1
        self._wanted = 0  # who waits for the start, to send a request behind it
        self._began = 0.0
        self._used: float | None = None
        self._stops = 0  # how often it was stopped: a start that was asked for before is off

    @property
    def state(self) -> HostState:
        """Where in its life the host stands."""
        return self._state

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        life = self._life
        return life.pid if life is not None and self._state in ("starting", "ready", "draining") else None

    @property
    def working(self) -> bool:
        """Whether a request is in flight or waits for the start."""
        return bool(self._pending) or self._wanted > 0

    @property
    def awaited(self) -> bool:
        """Whether a request waits for the start."""
        return self._wanted > 0

    @property
    def idle_seconds(self) -> float | None:
        """Seconds since it was last used: became ready, was sent a request or answered one; None if it never was."""
        return None if self._used is None else time.monotonic() - self._used

    @property
    def starting_seconds(self) -> float | None:
        """Seconds since the start in progress began, None if there is none."""
        return time.monotonic() - self._began if self._state == "starting" else None

    def ensure_ready(self) -> None:
        """Start the child unless it runs; returns when it is ready. Blocks.

        Raises
        ------
        HostStartError
            It did not become ready, in time or at all, or was stopped before.
        OctographError
            What the service's ``setup`` raised.

        """
        self._make_ready(self._stops)

    async def prepare(self) -> None:
        """As `ensure_ready`, without blocking the event loop. A start goes on when nobody waits for it any more."""
        with self._wanting():
            if self._ready():
                return
            started: Future[None] = Future()
            started.set_running_or_notify_cancel()  # it goes on when who waits for it is cancelled
            stops = self._stops

            def start() -> None:
                try:
                    self._make_ready(stops)
                except BaseException as error:  # whatever it is, it is for those who wait
                    started.set_exception(error)
                else:
                    started.set_result(None)

            # Not one of the event loop's own threads: a loop that ends waits for those.
            threading.Thread(target=start, daemon=True, name=f"{self.name}-start").start()
            await asyncio.wrap_future(started)

    async def stream(self, op: str, args: Frame, *, cancel: CancelToken | None = None) -> AsyncIterator[Frame]:
        """Send a request and yield what the service gives for it, in order.

        Cancelling lets the service close the request in its own way; leaving the iterator early drops it.
        What is cancelled while the host is not ready ends with nothing, at once.

        Raises
        ------
        HostCrashedError
            The host died before the request was done.
        OctographError
            What the service raised.

        """
        cancel = cancel or CancelToken()
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[Frame] = asyncio.Queue()

        def deliver(frame: Frame) -> None:
            with contextlib.suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
                loop.call_soon_threadsafe(replies.put_nowait, frame)

        with self._wanting():  # from the first moment on the host is not idle
            await unless_cancelled(self.prepare(), cancel)
            if cancel.cancelled and not self._ready():
                return
            number = self._send(op, args, deliver)
        try:
            with cancel.calling(lambda: self._cancel(number)):
                while True:
                    frame = await replies.get()
                    if frame["kind"] == "item":
                        yield frame["body"]
                    elif frame["kind"] == "error":
                        raise rebuilt_error(frame["error"])
                    elif frame["kind"] == "crashed":
                        raise HostCrashedError(f"the host {self.name!r} died ({frame['ending']})", hint=frame["hint"])
                    else:
                        return
        finally:
            if self._forget(number):
                self._cancel(number)

    async def call(self, op: str, args: Frame, *, cancel: CancelToken | None = None) -> Frame:
        """Send a request and return the last frame that the service gives for it."""
        last: Frame = {}
        async for frame in self.stream(op, args, cancel=cancel):
            last = frame
        return last

    def stop(self, *, grace: float = 2.0) -> None:
        """End the child: requests in flight get `grace` seconds, then it is killed. Blocks.

        A start is not waited for: its child is killed at once, and who waits for it gets a `HostStartError`.
        """
        with self._lock:
            self._stops += 1
            if self._state == "starting":
                if self._life is None:
                    return  # it finds out before it launches a child
                self._life.kill()
        with self._starting:
            life = self._life
            with self._idle:
                if life is None or self._state != "ready":
                    return
                self._state = "draining"
                self._idle.wait_for(lambda: not self._pending, timeout=grace)
            self._end(life, grace)

    def retire(self, *, grace: float = 2.0) -> bool:
        """End the child if it runs and nobody needs it now; whether it was ended. A later request starts it anew.

        Nothing in flight is ever lost by it, and it does not wait for whoever starts or stops the host.
        """
        if not self._starting.acquire(blocking=False):
            return False
        try:
            life = self._life
            with self._lock:
                if life is None or self._state != "ready" or self.working:
                    return False
                self._state = "draining"
            self._end(life, grace)
        finally:
            self._starting.release()
        return True

    def kill(self) -> None:
        """End the child at once; requests in flight fail with `HostCrashedError`."""
        life = self._life
        if life is not None:
            life.kill()

    def _ready(self) -> bool:
        return self._state == "ready"

    def _end(self, life: Life, grace: float) -> None:
        life.end(grace)
        with self._lock:
            self._state = "stopped"

    def _make_ready(self, stops: int) -> None:
        """Start the child unless it runs, if `stops` is still how often it was stopped."""
        if not self._ready():
            with self._starting:
                if not self._ready():
                    self._start(stops)

    def _start(self, stops: int) -> None:
        if self._reader is not None:
            # The last child's reader tells of its end; it must not tell of it in the middle of the next one's life.
            self._reader.join()
        with self._lock:
            self._life, self._state, self._began = None, "starting", time.monotonic()
        try:
            self.info = self._introduced(self._config(), stops)
        except BaseException as error:
            self.kill()
            if self._stops == stops:
                self._state = "failed"
                raise
            self._state = "stopped"
            raise HostStartError(f"the host {self.name!r} was stopped while it started") from error
        with self._lock:
            # It may have died since it answered; the reader has then said so already.
            if self._state == "starting":
                self._state, self._used = "ready", time.monotonic()

    def _introduced(self, config: Frame, stops: int) -> Frame:
        """Launch a child, and return what it tells about itself when it is ready."""
        hello: Frame = {}
        answered = threading.Event()

        def deliver(frame: Frame) -> None:
            hello.update(frame)
            answered.set()

        with self._lock:  # a stop comes before the launch, or finds the child
            if self._stops != stops:
                raise HostStartError("nobody wants it any more")
            life = self._life = self._launched()
            self._pending[0] = deliver
        self._reader = threading.Thread(target=self._read, args=(life,), daemon=True, name=f"{self.name}-reader")
        self._reader.start()
        with contextlib.suppress(OSError):
            life.send({"id": 0, "op": "setup", "args": config})
        if not answered.wait(self._start_timeout):
            raise self._unready(f"was not ready after {self._start_timeout:g} s")
        if hello["kind"] == "error":
            raise rebuilt_error(hello["error"])
        if hello["kind"] != "done":
            life.kill()
            raise self._unready(f"ended while it started ({life.ending()})")
        return hello.get("body") or {}

    def _launched(self) -> Life:
        self.starts += 1
        try:
            return Life(launch(self._service, environment=self._environment), name=self.name)
        except OSError as error:
            raise HostStartError(f"the host {self.name!r} could not be started: {error}") from error

    def _unready(self, what: str) -> HostStartError:
        return HostStartError(f"the host {self.name!r} {what}", hint=self._last_words() or "Run `octograph doctor`.")

    @contextlib.contextmanager
    def _wanting(self) -> Iterator[None]:
        with self._lock:
            self._wanted += 1
        try:
            yield
        finally:
            with self._lock:
                self._wanted -= 1

    def _send(self, op: str, args: Frame, deliver: Callable[[Frame], None]) -> int:
        with self._lock:
            life = self._life
            if self._state != "ready" or life is None:
                raise HostCrashedError(f"the host {self.name!r} is {self._state}", hint=self._last_words())
            number = self._next_id
            self._next_id += 1
            self._pending[number] = deliver
            self._used = time.monotonic()
        # Without the lock: a child that does not read must not keep others from ending it.
        try:
            life.send({"id": number, "op": op, "args": args})
        except OSError:
            pass  # the host is gone: the reader sees the end of the stream and tells every pending request
        except BaseException:
            self._forget(number)
            raise
        return number

    def _cancel(self, number: int) -> None:
        life = self._life
        if life is not None and self._state in ("ready", "draining"):
            with contextlib.suppress(OSError):
                life.send({"id": number, "op": "cancel"})

    def _forget(self, number: int) -> bool:
        with self._idle:
            return self._done(number)

    def _done(self, number: int) -> bool:
        """Count a request as over; whether it was known. Called under the lock."""
        known = self._pending.pop(number, None) is not None
        if known and number > 0:  # 0 is the setup
            self._used = time.monotonic()
        self._idle.notify_all()
        return known

    def _read(self, life: Life) -> None:
        try:
            for frame in life.frames():
                number = checked_number(frame)
                with self._idle:
                    deliver = self._pending.get(number)
                    if frame["kind"] != "item" and self._done(number) and number > 0:
                        self.served += 1
                if deliver is not None:
                    deliver(frame)
        except HostError as error:
            life.remark(f"protocol error: {error}")
            life.kill()
        crashed: Frame = {"kind": "crashed", "ending": life.ending(), "hint": life.last_words()}
        life.close()
        with self._idle:
            if self._life is life and self._state in ("ready", "starting"):
                self._state = "failed"
            orphans, self._pending = self._pending, {}
            self._idle.notify_all()
        for deliver in orphans.values():
            deliver(crashed)

    def _last_words(self) -> str:
        return "" if self._life is None else self._life.last_words()
