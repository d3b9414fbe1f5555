"""Texts in files of their own: nothing that is there is written over."""

from __future__ import annotations

import re
from itertools import chain, count
from pathlib import Path

__all__ = ["write_new"]

_LONGEST = 60
"""Characters of a file's name; four bytes each, they fit with what is added."""


def write_new(folder: Path, title: str, text: str, *, ending: str = "md") -> Path:
    """Write a text to a new file named like its title, and return the file's path.

    Raises
    ------
    OSError
        It cannot be written.

    """
    name = re.sub(r"[^\w -]+", "", " ".join(title.split()))[:_LONGEST].strip(" -") or "thread"
    for behind in chain([""], (f" {number}" for number in count(2))):
        path = folder.absolute() / f"{name}{behind}.{ending}"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise AssertionError("the numbers do not end")
