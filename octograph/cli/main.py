"""From the arguments to a command, and from errors to exit statuses."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from octograph.cli.output import show_error, write_json
from octograph.cli.parser import make_parser
from octograph.errors import OctographError

__all__ = ["main"]

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = make_parser().parse_args(argv)
    module, _, name = arguments.command.partition(":")
    try:
        status: int = getattr(importlib.import_module(f"octograph.cli.{module}"), name)(arguments)
    except OctographError as error:
        return show_error(error, as_json=getattr(arguments, "json", False))
    except KeyboardInterrupt:
        if getattr(arguments, "json", False):
            write_json({"error": {"type": "KeyboardInterrupt", "message": "interrupted", "hint": ""}})
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
