"""Requests and answers as lines of JSON."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["serve"]


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each line of stdin with a line on stdout until stdin closes; what else is printed goes to stderr."""
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            out.write(json.dumps(answer(json.loads(line))) + "\n")
            out.flush()
