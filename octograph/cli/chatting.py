"""A bare ``octograph``: the chat."""

from __future__ import annotations

import argparse
import sys

from octograph.errors import UsageError

__all__ = ["chat"]


def chat(arguments: argparse.Namespace) -> int:
    """Open the TUI."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the chat needs a terminal", hint='In a script use `octograph ask "…"`; see `octograph --help`.'
        )
    from octograph.tui import run

    return run(graph=arguments.graph, thread=arguments.thread)
