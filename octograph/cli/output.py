"""What the command line writes: answers and documents to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from octograph.errors import OctographError
from octograph.terminal import plain

__all__ = ["note", "progress", "say", "shortened", "show_error", "write_json"]

SHOWN = 400
"""Characters of a passage that a terminal is shown."""

_ESCAPED = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}


def say(text: str, *, end: str = "\n") -> None:
    """Write text to stdout."""
    sys.stdout.write(plain(text) + end)
    sys.stdout.flush()


def shortened(text: str) -> str:
    """A passage as far as a terminal is shown it."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN].rstrip()} …"


def note(text: str) -> None:
    """Write a remark to stderr."""
    sys.stderr.write(plain(text) + "\n")
    sys.stderr.flush()


def write_json(document: Any) -> None:
    """Write one JSON document to stdout, with every control character escaped."""
    # JSON itself escapes C0 but neither DEL nor C1, which terminals obey too.
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=not sys.stdout.isatty()).translate(_ESCAPED) + "\n")
    sys.stdout.flush()


def show_error(error: OctographError, *, as_json: bool) -> int:
    """Report an error and return the exit status for it."""
    if as_json:
        detail = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
        write_json({"error": detail})
    else:
        note(f"error: {error}")
    return error.exit_code


@contextmanager
def progress(label: str) -> Iterator[Callable[..., None]]:
    """Show a progress bar on stderr, if that is a terminal.

    What it gives is called with how much is done, of how much, and if need be a remark to show behind the bar.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    remark = TextColumn("{task.fields[remark]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), remark)
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None, remark="")

        def tell(done: int, total: int, remark: str = "") -> None:
            bar.update(task, completed=done, total=total, remark=remark)

        yield tell
