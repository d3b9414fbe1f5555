"""A process that answers one JSON line for each JSON line it reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Peer", "peer_command", "running"]

PYTHON = Path(__file__).parent.parent / ".venv-peers" / "bin" / "python"
"""Of the peers' own environment, see `benchmarks/peers`."""


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


def peer_command(script: str, *arguments: str) -> tuple[str, ...]:
    """How a script of `benchmarks.peers` is started in the peers' environment."""
    return str(PYTHON), "-m", f"benchmarks.peers.{script}", *arguments


@contextmanager
def running(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[Peer]:
    """Run a peer, and end it."""
    peer = Peer(list(command), environment)
    try:
        yield peer
    finally:
        peer.process.kill()
        peer.process.communicate()
