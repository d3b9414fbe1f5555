"""One life of a host, as its parent sees it: the child process, the pipes to it, and what it logs."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from typing import IO

from octograph.nodes.host.frames import Frame, read_frame, write_frame

__all__ = ["Life"]

_LOG_LINES = 40
_LAST_LINES = 5


class Life:
    """A child process, from its launch to its end.

    Parameters
    ----------
    process
        The child, with pipes for its standard streams.
    name
        Of the host, for the names of threads.

    """

    def __init__(self, process: subprocess.Popen[bytes], *, name: str) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the child has no pipes")
        self._process = process
        self._requests, self._replies = process.stdin, process.stdout
        # A lock for this alone: who writes to a child that does not read waits, and must be the only one who does.
        self._writing = threading.Lock()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._logging = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True, name=f"{name}-log")
        self._logging.start()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    def send(self, frame: Frame) -> None:
        """Write a frame; waits until the child has read most of it.

        Raises
        ------
        OSError
            The child is gone, or is being ended.
        HostError
            The frame is too large.

        """
        with self._writing:
            if self._requests.closed:
                raise BrokenPipeError
            write_frame(self._requests, frame)

    def frames(self) -> Iterator[Frame]:
        """Yield what the child writes, until its end; raises `HostError` when that is no frame."""
        while (frame := read_frame(self._replies)) is not None:
            yield frame

    def remark(self, text: str) -> None:
        """Add a line to the log."""
        self._log.append(text)

    def last_words(self) -> str:
        """Return the end of the log."""
        return "\n  ".join(list(self._log)[-_LAST_LINES:])

    def kill(self) -> None:
        """End the child at once, whatever it does."""
        self._process.kill()

    def end(self, grace: float) -> None:
        """Tell the child to end by closing its standard input, and kill it if it does not. Blocks."""
        if self._writing.acquire(timeout=grace):
            try:
                self._close(self._requests)
            finally:
                self._writing.release()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=grace)
                return
        # It does not end, or does not even read what somebody writes.
        self.kill()
        self._process.wait()

    def ending(self) -> str:
        """Wait for the end, and return how it came."""
        code = self._process.wait()
        self._logging.join(timeout=1.0)  # what it said last tells most
        if code >= 0:
            return f"exit status {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def close(self) -> None:
        """Close the pipes of a child that has ended."""
        with self._writing:
            self._close(self._requests)
        self._close(self._replies)

    def _listen(self, log: IO[bytes]) -> None:
        with log as lines:
            for line in lines:
                self.remark(line.decode("utf-8", errors="replace").rstrip())

    @staticmethod
    def _close(pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError):
            pipe.close()
