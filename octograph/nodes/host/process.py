"""The parent side of a host: a child process with an explicit life cycle.

::

    absent ──ensure_ready──> starting ──> ready ──stop, retire──> draining ──> stopped
                                │           │                                    │
                                └─> failed <┘ (crash)               ensure_ready starts anew
                                     └── ensure_ready starts anew

The decisions to start and to retire live in here, under one lock each, so that callers cannot race.
Nothing is bound to an event loop: requests may come from any thread and any loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Literal

from octograph.cancellation import CancelToken
from octograph.errors import HostCrashedError, HostError, HostStartError
from octograph.nodes.host.frames import Frame, read_frame, write_frame
from octograph.nodes.host.launch import launch
from octograph.nodes.host.replies import checked_number, rebuilt_error

__all__ = ["HostProcess", "HostState"]

HostState = Literal["absent", "starting", "ready", "draining", "stopped", "failed"]

_STDERR_LINES = 40


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
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._pending: dict[int, Callable[[Frame], None]] = {}
        self._next_id = 1
        self._wanted = 0  # who waits for the start, to send a request behind it
        self._began = 0.0
        self._used: float | None = None
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)

    @property
    def state(self) -> HostState:
        """Where in its life the host stands."""
        return self._state

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        process = self._process
        return process.pid if process is not None and self._state in ("starting", "ready", "draining") else None

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
            It did not become ready, in time or at all.
        OctographError
            What the service's ``setup`` raised.

        """
        if not self._ready():
            with self._starting:
                if not self._ready():
                    self._start()

    async def prepare(self) -> None:
        """As `ensure_ready`, without blocking the event loop."""
        with self._wanting():
            if not self._ready():
                await asyncio.to_thread(self.ensure_ready)

    async def stream(self, op: str, args: Frame, *, cancel: CancelToken | None = None) -> AsyncIterator[Frame]:
        """Send a request and yield what the service gives for it, in order.

        Cancelling lets the service close the request in its own way; leaving the iterator early drops it.

        Raises
        ------
        HostCrashedError
            The host died before the request was done.
        OctographError
            What the service raised.

        """
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[Frame] = asyncio.Queue()

        def deliver(frame: Frame) -> None:
            with contextlib.suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
                loop.call_soon_threadsafe(replies.put_nowait, frame)

        with self._wanting():  # from the first moment on the host is not idle
            await self.prepare()
            number = self._send(op, args, deliver)
        try:
            with (cancel or CancelToken()).calling(lambda: self._cancel(number)):
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
        """End the child: requests in flight get `grace` seconds, then it is killed. Blocks."""
        with self._starting:
            process = self._process
            with self._idle:
                if process is None or self._state not in ("ready", "starting"):
                    return
                self._state = "draining"
                self._idle.wait_for(lambda: not self._pending, timeout=grace)
            self._end(process, grace)

    def retire(self, *, grace: float = 2.0) -> bool:
        """End the child if it runs and nobody needs it now; whether it was ended. A later request starts it anew.

        Nothing in flight is ever lost by it, and it does not wait for whoever starts or stops the host.
        """
        if not self._starting.acquire(blocking=False):
            return False
        try:
            process = self._process
            with self._lock:
                if process is None or self._state != "ready" or self.working:
                    return False
                self._state = "draining"
            self._end(process, grace)
        finally:
            self._starting.release()
        return True

    def kill(self) -> None:
        """End the child at once; requests in flight fail with `HostCrashedError`."""
        process = self._process
        if process is not None:
            process.kill()

    def _ready(self) -> bool:
        return self._state == "ready"

    def _end(self, process: subprocess.Popen[bytes], grace: float) -> None:
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._lock:
            self._state = "stopped"

    def _start(self) -> None:
        if self._reader is not None:
            # The last child's reader tells of its end; it must not tell of it in the middle of the next one's life.
            self._reader.join()
        self._process, self._state, self._began = None, "starting", time.monotonic()
        try:
            config = self._config()
        except BaseException:
            self._state = "failed"
            raise
        self._stderr.clear()
        self.starts += 1
        try:
            process = self._process = launch(self._service, environment=self._environment)
        except OSError as error:
            self._state = "failed"
            raise HostStartError(f"the host {self.name!r} could not be started: {error}") from error
        log = threading.Thread(target=self._drain, args=(process,), daemon=True, name=f"{self.name}-log")
        log.start()
        hello: Frame = {}
        answered = threading.Event()

        def deliver(frame: Frame) -> None:
            hello.update(frame)
            answered.set()

        with self._lock:
            self._pending[0] = deliver
        reader = threading.Thread(target=self._read, args=(process, log), daemon=True, name=f"{self.name}-reader")
        self._reader = reader
        reader.start()
        with contextlib.suppress(OSError, ValueError):
            self._write(process, {"id": 0, "op": "setup", "args": config})
        if not answered.wait(self._start_timeout):
            process.kill()
            raise self._failed(f"the host {self.name!r} was not ready after {self._start_timeout:g} s")
        if hello["kind"] == "error":
            process.kill()
            self._state = "failed"
            raise rebuilt_error(hello["error"])
        if hello["kind"] != "done":
            process.kill()
            raise self._failed(f"the host {self.name!r} ended while it started ({self._ending(process)})")
        self.info = hello.get("body") or {}
        with self._lock:
            # It may have died since it answered; the reader has then said so already.
            if self._state == "starting":
                self._state, self._used = "ready", time.monotonic()

    def _failed(self, message: str) -> HostStartError:
        self._state = "failed"
        return HostStartError(message, hint=self._last_words() or "Run `octograph doctor`.")

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
            process = self._process
            if self._state != "ready" or process is None:
                raise HostCrashedError(f"the host {self.name!r} is {self._state}", hint=self._last_words())
            number = self._next_id
            self._next_id += 1
            self._pending[number] = deliver
            self._used = time.monotonic()
            try:
                self._write(process, {"id": number, "op": op, "args": args})
            except OSError:
                pass  # the host is gone: the reader sees the end of the stream and tells every pending request
            except BaseException:
                del self._pending[number]
                raise
        return number

    def _cancel(self, number: int) -> None:
        with self._lock:
            if self._process is not None and self._state in ("ready", "draining"):
                with contextlib.suppress(OSError, ValueError):
                    self._write(self._process, {"id": number, "op": "cancel"})

    @staticmethod
    def _write(process: subprocess.Popen[bytes], frame: Frame) -> None:
        if process.stdin is None:
            raise BrokenPipeError
        write_frame(process.stdin, frame)  # type: ignore[arg-type]  # IO[bytes] is a BinaryIO here

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

    def _read(self, process: subprocess.Popen[bytes], log: threading.Thread) -> None:
        if process.stdout is None:
            return
        try:
            while (frame := read_frame(process.stdout)) is not None:  # type: ignore[arg-type]  # as above
                number = checked_number(frame)
                with self._idle:
                    deliver = self._pending.get(number)
                    if frame["kind"] != "item" and self._done(number) and number > 0:
                        self.served += 1
                if deliver is not None:
                    deliver(frame)
        except HostError as error:
            self._stderr.append(f"protocol error: {error}")
            process.kill()
        ending = self._ending(process)
        log.join(timeout=1.0)  # what it said last tells most
        crashed: Frame = {"kind": "crashed", "ending": ending, "hint": self._last_words()}
        with self._idle:
            if self._process is process and self._state in ("ready", "starting"):
                self._state = "failed"
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            orphans, self._pending = self._pending, {}
            self._idle.notify_all()
        for deliver in orphans.values():
            deliver(crashed)

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        if process.stderr is None:
            return
        with process.stderr as lines:
            for line in lines:
                self._stderr.append(line.decode("utf-8", errors="replace").rstrip())

    def _last_words(self) -> str:
        return "\n  ".join(list(self._stderr)[-5:])

    @staticmethod
    def _ending(process: subprocess.Popen[bytes]) -> str:
        code = process.wait()
        if code >= 0:
            return f"exit status {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
