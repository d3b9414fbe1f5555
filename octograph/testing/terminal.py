"""A program in a pseudo-terminal, with keys to press and a screen to read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from octograph.testing.screen import Screen

__all__ = ["Terminal"]


class Terminal:
    """Runs a program as in a terminal window; leaving the block ends it.

    Parameters
    ----------
    command
        The program and its arguments.
    columns, lines
        Size of the window.
    environment
        Variables beside this process's own.

    Attributes
    ----------
    screen
        What the window shows.
    written
        All bytes that the program wrote.
    started
        When it was started, by `time.perf_counter`.

    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = Screen(columns, lines)
        self.written = bytearray()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        known = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603  # the caller says what runs
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **known, **(environment or {})},
            start_new_session=True,
            close_fds=True,
        )
        os.close(theirs)

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    def press(self, keys: str) -> float:
        """Send keys as the terminal would, and return when."""
        moment, rest = time.perf_counter(), keys.encode()
        while rest:
            rest = rest[os.write(self._ours, rest) :]
        return moment

    def read(self, seconds: float) -> float | None:
        """Take in what is written next, and return when it came; None if nothing did."""
        if not select.select([self._ours], [], [], max(0.0, seconds))[0]:
            return None
        try:
            written = os.read(self._ours, 2**16)
        except OSError:  # the program has ended
            return None
        moment = time.perf_counter()
        self.written += written
        self.screen.feed(written)
        return moment

    def wait(self, condition: Callable[[str], bool], *, seconds: float = 60.0) -> float:
        """Read until the screen's text is as it should be, and return when it was.

        Raises
        ------
        TimeoutError
            It never was; the message is the screen.

        """
        moment = time.perf_counter()
        until = moment + seconds
        while not condition(self.screen.text):
            came = self.read(until - time.perf_counter())
            ended = self._process.poll() is not None
            if came is None and (ended or time.perf_counter() >= until):
                why = "the program ended" if ended else f"it is not there after {seconds} s"
                raise TimeoutError(f"{why}; the screen is\n{self.screen.text}")
            moment = came if came is not None else moment
        return moment

    def settle(self, quiet: float = 0.5) -> None:
        """Read until nothing is written for so many seconds."""
        while self.read(quiet) is not None:
            pass

    def close(self) -> None:
        """End the program and everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._ours)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program."""
        self.close()
