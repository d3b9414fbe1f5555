"""The parent side of a host: a child process with an explicit life cycle.

::

    absent ──ensure_ready──> starting ──> ready ──stop──> draining ──> stopped
                                │           │                            │
                                └─> failed <┘ (crash)       ensure_ready starts anew
                                     └── ensure_ready starts anew

The decision to start lives in here, under one lock, so that callers cannot race.
Nothing is bound to an event loop: requests may come from any thread and any loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Literal

from octograph import errors
from octograph.cancellation import CancelToken
from octograph.errors import (
    ContextOverflowError,
    HostCrashedError,
    HostError,
    HostRequestError,
    HostStartError,
    OctographError,
)
from octograph.nodes.host.frames import Frame, read_frame, write_frame

__all__ = ["HostProcess", "HostState"]

HostState = Literal["absent", "starting", "ready", "draining", "stopped", "failed"]

# A host gets what it needs to run and nothing that could be a secret: it opens files from strangers.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "LANG",
    "LC_ALL",
    "TZ",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV",
)
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
        Gives what is sent to the service's ``setup``; called at each start.
    environment
        Added to the clean environment that a host gets.
    start_timeout
        Seconds until a start counts as failed.

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
        self._service = service
        self._config = config
        self._extra_environment = dict(environment or {})
        self._start_timeout = start_timeout
        self._state: HostState = "absent"
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._pending: dict[int, Callable[[Frame], None]] = {}
        self._next_id = 1
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
        if not self._ready():
            await asyncio.to_thread(self.ensure_ready)
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[Frame] = asyncio.Queue()

        def deliver(frame: Frame) -> None:
            with contextlib.suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
                loop.call_soon_threadsafe(replies.put_nowait, frame)

        number = self._send(op, args, deliver)
        try:
            with (cancel or CancelToken()).calling(lambda: self._cancel(number)):
                while True:
                    frame = await replies.get()
                    if frame["kind"] == "item":
                        yield frame["body"]
                    elif frame["kind"] == "error":
                        raise _rebuild(frame["error"])
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

    def kill(self) -> None:
        """End the child at once; requests in flight fail with `HostCrashedError`."""
        process = self._process
        if process is not None:
            process.kill()

    def _ready(self) -> bool:
        return self._state == "ready"

    def _start(self) -> None:
        config = self._config()
        if self._reader is not None:
            # The last child's reader tells of its end; it must not tell of it in the middle of the next one's life.
            self._reader.join()
        self._state = "starting"
        self._stderr.clear()
        self.starts += 1
        try:
            process = self._process = subprocess.Popen(  # noqa: S603  # our own module, under our own interpreter
                [sys.executable, "-P", "-m", "octograph.nodes.host.child", self._service],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment(),
                # A session of its own: Ctrl-C in the terminal is the parent's to handle.
                start_new_session=True,
            )
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
            raise _rebuild(hello["error"])
        if hello["kind"] != "done":
            process.kill()
            raise self._failed(f"the host {self.name!r} ended while it started ({self._ending(process)})")
        self.info = hello.get("body") or {}
        with self._lock:
            # It may have died since it answered; the reader has then said so already.
            if self._state == "starting":
                self._state = "ready"

    def _failed(self, message: str) -> HostStartError:
        self._state = "failed"
        return HostStartError(message, hint=self._last_words() or "Run `octograph doctor`.")

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        path = os.pathsep.join(entry for entry in sys.path if entry)
        return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **self._extra_environment}

    def _send(self, op: str, args: Frame, deliver: Callable[[Frame], None]) -> int:
        with self._lock:
            process = self._process
            if self._state != "ready" or process is None:
                raise HostCrashedError(f"the host {self.name!r} is {self._state}", hint=self._last_words())
            number = self._next_id
            self._next_id += 1
            self._pending[number] = deliver
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
            known = self._pending.pop(number, None) is not None
            self._idle.notify_all()
        return known

    def _read(self, process: subprocess.Popen[bytes], log: threading.Thread) -> None:
        if process.stdout is None:
            return
        try:
            while (frame := read_frame(process.stdout)) is not None:  # type: ignore[arg-type]  # as above
                number = _checked(frame)
                with self._idle:
                    deliver = self._pending.get(number)
                    if frame["kind"] != "item":
                        self._pending.pop(number, None)
                        self._idle.notify_all()
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


def _checked(frame: Frame) -> int:
    """Return the number of the request that a frame from a host belongs to."""
    number, kind, body = frame.get("id"), frame.get("kind"), frame.get("body")
    sound = (
        (kind == "item" and isinstance(body, dict))
        or (kind == "done" and isinstance(body, dict | None))
        or (kind == "error" and isinstance(frame.get("error"), dict))
    )
    if not isinstance(number, int) or not sound:
        raise HostError(f"a frame of the kind {kind!r} for the request {number!r}")
    return number


def _rebuild(detail: Frame) -> OctographError:
    """Turn what a host said about an error into the error; an unknown type becomes a `HostRequestError`."""
    message, hint = str(detail.get("message", "")), str(detail.get("hint", ""))
    if detail.get("type") == "ContextOverflowError":
        return ContextOverflowError(message, hint=hint, tokens=detail.get("tokens", 0), limit=detail.get("limit", 0))
    kind = getattr(errors, detail.get("type", "")) if detail.get("type") in errors.__all__ else HostRequestError
    built = kind(message, hint=hint)
    if not isinstance(built, OctographError):
        raise TypeError(kind)
    return built
