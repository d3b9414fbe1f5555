"""A service for hosts that does everything wrong."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

from octograph.errors import HostStartError, ToolError
from octograph.nodes.host import Steps, Ticket
from octograph.nodes.host.frames import Frame

__all__ = ["FakeService"]


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
