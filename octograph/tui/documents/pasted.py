"""Paths that are pasted, or dragged onto the terminal, which is the same to it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from urllib.parse import unquote_to_bytes

from octograph.tui.documents.paths import existing

__all__ = ["pasted_paths"]

MOST_CHARACTERS = 32_768
"""Of a longer text nobody means that it is a list of paths."""

_FILE_URL = re.compile(r"file:(?://(?:localhost)?)?(?=/)")


def pasted_paths(text: str, folder: Path) -> tuple[Path, ...]:
    """Return the files and folders that a text consists of, each once; none if it is anything else. Blocks.

    They stand one a line, as they are, or between blanks, quoted or with the blanks in them escaped; as paths or as
    ``file://`` URLs. A name without its folder is a word, and not a path.

    Parameters
    ----------
    text
        What was pasted.
    folder
        Where relative paths begin.

    """
    if len(text) > MOST_CHARACTERS:
        return ()
    paths: dict[Path, None] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _on_line(line, folder)
        if not found:
            return ()
        paths.update(dict.fromkeys(found))
    return tuple(paths)


def _on_line(line: str, folder: Path) -> list[Path]:
    whole = _place(line, folder)
    if whole is not None:
        return [whole]
    try:
        words = shlex.split(line)
    except ValueError:  # a quotation that does not end
        return []
    found = [_place(word, folder) for word in words]
    there = [path for path in found if path is not None]
    return there if len(there) == len(found) else []


def _place(word: str, folder: Path) -> Path | None:
    url = _FILE_URL.match(word)
    if url is not None:
        word = os.fsdecode(unquote_to_bytes(word[url.end() :]))
    if "/" not in word or not word.strip("/"):
        return None
    return existing(word, folder)
