"""The child side of a host: ``python -m octograph.nodes.host.child MODULE:CLASS``.

One thread reads frames, one works.
Requests go on in rounds: each takes a short step, then the service does what they all asked for together.
When the parent's end of the pipe closes, for whatever reason, the process ends at once: a host never
outlives its parent, not even one that was killed with SIGKILL.
"""

from __future__ import annotations

import importlib
import os
import queue
import sys
import threading
import traceback
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from octograph.errors import ContextOverflowError, HostBusyError, HostError, OctographError
from octograph.nodes.host.frames import Frame, read_frame, write_frame
from octograph.nodes.host.service import Service, Steps, Ticket

__all__ = ["Loop", "main"]

PATIENCE = 5
"""By how much a host gives way to whoever talks to people (`nice`)."""


class Loop:
    """Reads requests from `requests`, has `service` work on them, writes replies to `replies`."""

    def __init__(self, service: Service, requests: BinaryIO, replies: BinaryIO) -> None:
        self._service = service
        self._requests = requests
        self._replies = replies
        self._arrived: queue.SimpleQueue[tuple[int, Frame, Ticket]] = queue.SimpleQueue()
        self._active: deque[tuple[int, Steps, Ticket]] = deque()
        self._tickets: dict[int, Ticket] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def listen(self) -> None:
        """Read requests from now on, and end the process when the parent goes away."""
        threading.Thread(target=self._read, name="host-reader", daemon=True).start()

    def run(self) -> None:
        """Work until the parent goes away."""
        while True:
            self._admit()
            for _ in range(len(self._active)):
                number, steps, ticket = self._active.popleft()
                reply = self._step(number, steps)
                if reply is not None and reply["kind"] != "item":
                    # Before the reply: who hears that a request is over may send the next at once.
                    with self._lock:
                        del self._tickets[number]
                else:
                    self._active.append((number, steps, ticket))
                if reply is not None:
                    self._reply({"id": number, **reply})
            self._service.advance()

    def _admit(self) -> None:
        while len(self._active) < self._service.capacity:
            try:
                number, frame, ticket = self._arrived.get(block=not self._active)
            except queue.Empty:
                return
            self._active.append((number, self._steps(frame, ticket), ticket))

    def _steps(self, frame: Frame, ticket: Ticket) -> Steps:
        """Begin a request with its first step, so that what fails in the beginning fails as a step does."""
        yield from self._service.start(frame["op"], frame.get("args", {}), ticket)

    def _step(self, number: int, steps: Steps) -> Frame | None:
        try:
            body = next(steps)
        except StopIteration:
            return {"kind": "done"}
        except OctographError as error:
            return {"kind": "error", "error": _describe(error)}
        except Exception as error:  # the host must answer every request, whatever went wrong
            return {"kind": "error", "error": _describe(_fault(error))}
        return None if body is None else {"kind": "item", "body": body}

    def _read(self) -> None:
        try:
            while (frame := read_frame(self._requests)) is not None:
                self._accept(frame)
        finally:
            os._exit(0)

    def _accept(self, frame: Frame) -> None:
        number = frame["id"]
        if frame["op"] == "cancel":
            with self._lock:
                ticket = self._tickets.get(number)
                if ticket is None:
                    return
                ticket.cancelled = True
            self._service.abort()
            return
        ticket = Ticket()
        with self._lock:
            full = len(self._tickets) >= self._service.capacity + self._service.queue
            if not full:
                self._tickets[number] = ticket
        if full:
            self._reply({"id": number, "kind": "error", "error": _describe(_busy(self._service))})
        else:
            self._arrived.put((number, frame, ticket))

    def _reply(self, frame: Frame) -> None:
        with self._writing:
            write_frame(self._replies, frame)


def _busy(service: Service) -> HostBusyError:
    return HostBusyError(
        f"{service.capacity} requests are in progress and {service.queue} wait; one more is too many",
        hint="Try again in a moment.",
    )


def _fault(error: Exception) -> HostError:
    """An error that nobody foresaw, as the parent gets to see it; the log gets all of it."""
    traceback.print_exc()
    return HostError(f"{type(error).__name__}: {error}", hint="This is a fault of the host itself.")


def _describe(error: OctographError) -> Frame:
    detail: Frame = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
    if isinstance(error, ContextOverflowError):
        detail |= {"tokens": error.tokens, "limit": error.limit}
    return detail


def _give_way() -> None:
    """Let keys and screens have the cores first; on an idle machine that costs nothing."""
    os.nice(PATIENCE)
    # Linux may weigh sessions against each other before processes; a host has a session of its own.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(PATIENCE))


def main(argv: list[str]) -> None:
    """Serve over the standard streams; the first frame is the service's configuration."""
    _give_way()
    module, _, name = argv[1].partition(":")
    # What native code prints must not mix with the frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    first = read_frame(requests)
    if first is None:
        return
    service: Service = getattr(importlib.import_module(module), name)()
    loop = Loop(service, requests, replies)
    loop.listen()  # before the setup: it can take minutes, and the parent may go away meanwhile
    try:
        answer: Frame = {"kind": "done", "body": service.setup(first.get("args", {}))}
    except OctographError as error:
        answer = {"kind": "error", "error": _describe(error)}
    except Exception as error:  # as in a step
        answer = {"kind": "error", "error": _describe(_fault(error))}
    write_frame(replies, {"id": first["id"], **answer})
    if answer["kind"] == "error":
        os._exit(1)  # the reader holds the standard input, which a usual exit would wait for
    loop.run()


if __name__ == "__main__":
    main(sys.argv)
