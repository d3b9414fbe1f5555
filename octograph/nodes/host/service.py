"""What runs inside a host: the contract between the child's loop and the work it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from octograph.nodes.host.frames import Frame

__all__ = ["Service", "Steps", "Ticket"]

Steps = Iterator[Frame | None]
"""One request being worked on: each `next` is a step short enough to take turns with other requests.
A step gives a frame to send or None."""


class Ticket:
    """A request's standing: whether it is still wanted."""

    def __init__(self) -> None:
        self.cancelled = False


class Service(Protocol):
    """The work of a host. The loop calls every method from one thread, `abort` excepted."""

    capacity: int
    """Most requests that may be in progress at once; the rest wait in order of arrival."""
    queue: int
    """Most requests that may wait; a further one is refused at once."""

    def setup(self, config: Frame) -> Frame:
        """Load what is needed, and tell about it."""
        ...

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:
        """Begin a request; the frame yielded last closes it."""
        ...

    def advance(self) -> None:
        """Do what the requests in progress asked for in their last steps; called when each had its turn."""
        ...

    def abort(self) -> None:
        """Cut short what runs now, as one of its tickets was cancelled; called from another thread."""
        ...
