"""Requests and answers as lines of JSON."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Ask", "serve", "serve_asking"]

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""Writes a line, and returns what the next one of stdin says to it."""


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each line of stdin with a line on stdout until stdin closes; what else is printed goes to stderr."""
    serve_asking(lambda request, _ask: answer(request))


def serve_asking(answer: Callable[[dict[str, Any], Ask], dict[str, Any]]) -> None:
    """Serve as `serve` does; before an answer the other side may be asked what it needs."""
    out = sys.stdout

    def write(line: dict[str, Any]) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    def ask(line: dict[str, Any]) -> dict[str, Any]:
        write(line)
        found: dict[str, Any] = json.loads(sys.stdin.readline())
        return found

    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            write(answer(json.loads(line), ask))
