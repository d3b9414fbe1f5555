"""A process that answers one JSON line for each JSON line it reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["Peer", "running"]


class Peer:
    """A running peer; calling it sends a request and waits for the answer."""

    def __init__(self, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=None if environment is None else dict(environment),
        )

    def __call__(self, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def read(self) -> dict[str, Any]:
        """Return the next line that it writes."""
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def running(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[Peer]:
    """Run a peer, and end it."""
    peer = Peer(list(command), environment)
    try:
        yield peer
    finally:
        peer.process.kill()
        peer.process.communicate()
