"""A bare ``octograph``: the chat."""

from __future__ import annotations

import argparse
import os
import sys

from octograph.errors import UsageError

__all__ = ["chat"]

PAINTS = 240
"""The most paints a second. Textual's 60 let a letter that is typed during a layout wait up to two periods more."""


def chat(arguments: argparse.Namespace) -> int:
    """Open the TUI."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the chat needs a terminal", hint='In a script use `octograph ask "…"`; see `octograph --help`.'
        )
    os.environ.setdefault("TEXTUAL_FPS", str(PAINTS))  # read when Textual is imported
    from octograph.tui import run

    return run(graph=arguments.graph, thread=arguments.thread)
