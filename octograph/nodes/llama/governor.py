"""How many threads a decode uses, by what the machine has to spare.

llama.cpp's threads wait for each other about a thousand times a token. While every thread has a core that
costs nothing; when another process holds a core, each of those waits can last until the system's scheduler
comes round, and two threads become many times slower than one. So the threads follow the cores that are
really there: fewer as soon as the process does not get the CPU time it asks for, more when cores are idle.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

import psutil

__all__ = ["Governor"]

WINDOW = 0.04
"""Seconds of decoding that are judged together."""

STARVED = 0.75
"""Share of the CPU time asked for, below which there are too many threads."""

IDLE = 0.6
"""Idle cores (on average over a window) that are worth one more thread."""

WATCH_SECONDS = 0.1
"""How long a decode may run starved before it is aborted and begun anew with fewer threads."""


class Governor:
    """Chooses the number of threads, and watches each decode.

    Used as a context manager around a decode; read `threads` before.

    Parameters
    ----------
    most
        Threads to use on an idle machine.
    abort
        Stops a running decode; the caller must begin it anew.

    """

    def __init__(self, *, most: int, abort: Callable[[], None]) -> None:
        self.threads = most
        self._most = most
        self._abort = abort
        self._wall = self._cpu = 0.0
        self._started: tuple[float, float] | None = None
        self._idle_since = time.perf_counter()
        self._idle_before = _idle_seconds()
        self._decoding = threading.Event()
        if most > 1:
            threading.Thread(target=self._watch, name="governor", daemon=True).start()

    def __enter__(self) -> None:
        """Begin a decode."""
        self._raise_if_idle()
        self._started = time.perf_counter(), time.process_time()
        self._decoding.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End a decode and judge the time it took."""
        self._decoding.clear()
        started, self._started = self._started, None
        if started is None:
            return
        self._wall += time.perf_counter() - started[0]
        self._cpu += time.process_time() - started[1]
        if self._wall >= WINDOW:
            self._lower_if_starved(self._wall, self._cpu)
            self._wall = self._cpu = 0.0

    def _lower_if_starved(self, wall: float, cpu: float) -> bool:
        if self.threads == 1 or cpu >= STARVED * self.threads * wall:
            return False
        self.threads = max(1, min(self.threads - 1, int(cpu / wall)))
        self._mark_idle()
        return True

    def _raise_if_idle(self) -> None:
        elapsed = time.perf_counter() - self._idle_since
        if self.threads == self._most or elapsed < 2 * WINDOW:
            return
        idle = (_idle_seconds() - self._idle_before) / elapsed
        if idle >= IDLE:
            self.threads = min(self._most, self.threads + max(1, int(idle)))
        self._mark_idle()

    def _mark_idle(self) -> None:
        self._idle_since, self._idle_before = time.perf_counter(), _idle_seconds()

    def _watch(self) -> None:
        while True:
            self._decoding.wait()
            time.sleep(WATCH_SECONDS)
            started = self._started
            if started is None:
                continue
            wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
            if wall >= WATCH_SECONDS and self._lower_if_starved(wall, cpu):
                self._abort()


def _idle_seconds() -> float:
    """Seconds that the machine's cores have been idle, summed over them."""
    return float(psutil.cpu_times().idle)
