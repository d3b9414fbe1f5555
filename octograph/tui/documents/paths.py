"""Paths for people: on one line, short, and with nothing that a terminal would obey."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from octograph.terminal import plain

__all__ = ["absolute", "existing", "fitted", "listed", "sayable", "shown"]

LISTED = 5
_BREAKS = str.maketrans("\n\t", "\N{REPLACEMENT CHARACTER}" * 2)


def absolute(written: str, folder: str | Path) -> str:
    """Return the place that a path means: from `folder` unless it begins at the root or, with ``~``, at home."""
    # Not by pathlib, which raises for the home of an unknown user.
    return os.path.normpath(os.path.join(folder, os.path.expanduser(written)))  # noqa: PTH111, PTH118


def existing(written: str, folder: Path) -> Path | None:
    """Return the file or folder that a path means, None if there is none; blocks."""
    place = absolute(written, folder)
    if not os.path.exists(place):  # noqa: PTH110  # pathlib raises for a name that is too long
        return None
    return Path(place).absolute()


def listed(paths: Sequence[str | Path]) -> str:
    """Return paths as in a question, a line each; of many, the first ones."""
    return "\n".join(map(shown, paths[:LISTED])) + ("\n…" if len(paths) > LISTED else "")


def shown(path: str | Path) -> str:
    r"""Return a path with ``~`` for the home folder; marks stand for line breaks and for bytes that are no text.

    Examples
    --------
    >>> shown("/srv/notes\x1b[2J/a\nb.txt")
    '/srv/notes[2J/a�b.txt'

    """
    text, home = str(path), os.path.expanduser("~")  # noqa: PTH111  # Path.home raises where there is none
    if text == home or text.startswith(f"{home}/"):
        text = f"~{text[len(home) :]}"
    return plain(os.fsencode(text).decode(errors="replace")).translate(_BREAKS)


def sayable(name: str) -> bool:
    """Return whether a name can be shown, and written, as it is."""
    return name == plain(os.fsencode(name).decode(errors="replace")).translate(_BREAKS)


def fitted(path: str, cells: int) -> str:
    """Return a path that takes at most so many cells: of a longer one its end, which tells most.

    Examples
    --------
    >>> fitted("~/documents/flat/lease.pdf", 16)
    '…/flat/lease.pdf'

    """
    if cell_len(path) <= cells:
        return path
    end = path[-max(cells - 1, 1) :]
    while cell_len(end) >= cells > 1:
        end = end[1:]
    return f"…{end}"
