"""Whether a file can be written, asked before the work whose result it is to hold."""

from __future__ import annotations

import os
from pathlib import Path

from octograph.errors import UsageError

__all__ = ["check_writable"]


def check_writable(path: Path, *, what: str) -> None:
    """Refuse before hours of work what could not be written after them.

    Raises
    ------
    UsageError
        There is no such folder, or no file can be made in it.

    """
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{what} cannot be written to {str(path)!r}", hint="Name a file in a folder of yours.")
