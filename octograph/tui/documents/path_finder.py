"""Finds files and folders by a few letters of their paths; blocks, so it is asked in threads."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from octograph.errors import DocumentError
from octograph.tui.documents.paths import absolute, sayable

__all__ = ["MOST_SHOWN", "Completion", "PathFinder"]

MOST_SHOWN = 200
MOST_FILES = 20_000
"""How far it looks below the folder; what lies deeper is found once its folder is typed."""

STEP = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A path that may be meant.

    Attributes
    ----------
    text
        As it is written: from the folder, or from the root or the home folder; a folder ends with a slash.
    indexed
        Whether it is among the documents already.

    """

    text: str
    indexed: bool = False

    @property
    def folder(self) -> bool:
        """Whether there is more below it."""
        return self.text.endswith("/")


class PathFinder:
    """Looks below a folder, in whatever folder is typed, and among the documents.

    Hidden files are found once a name begins with a dot, and below the folder only what would be indexed is.

    Parameters
    ----------
    folder
        Where relative paths begin.
    step
        Seconds that it looks on below the folder before it says what there is so far.

    Attributes
    ----------
    ended
        Whether all has been looked at for the last query: until then, it may find more the next time.

    """

    def __init__(self, folder: Path, *, step: float = STEP) -> None:
        self._folder = folder
        self._step = step
        self._sources: frozenset[str] = frozenset()
        self._below: _Below | None = None
        self.ended = False

    def know(self, sources: Iterable[str]) -> None:
        """Find these documents too, wherever they are."""
        self._sources = frozenset(sources)

    def forget(self) -> None:
        """Look at the disk anew the next time."""
        self._below, self.ended = None, False

    def find(self, query: str) -> list[Completion]:
        """Return the paths that hold the letters of a query in their order, the likeliest first."""
        typed = f"{query}/" if query in ("..", "~") else query
        head, slash, tail = typed.rpartition("/")
        try:
            root = os.path.realpath(self._folder)
        except OSError:  # it is relative, and the current directory is gone
            root = ""
        found = dict.fromkeys(self._inside(head + slash, hidden=tail.startswith(".")))
        found.update(dict.fromkeys(_from(root, source) for source in sorted(self._sources) if sayable(source)))
        if typed.startswith("/") or head.startswith((".", "~")):
            self.ended = True
        else:
            below = self._below = self._below or _Below(root)
            below.go_on(self._step)
            found.update(dict.fromkeys(below.texts))
            self.ended = below.ended
        if typed.endswith("/"):
            found.pop(typed, None)  # it is written already
        texts = _ranked(typed, list(found))[:MOST_SHOWN]
        return [Completion(text=text, indexed=absolute(text, root) in self._sources) for text in texts]

    def _inside(self, head: str, *, hidden: bool) -> Iterator[str]:
        """What lies in the folder that is typed, by name."""
        try:
            with os.scandir(absolute(head, self._folder)) as listing:
                entries = [(entry.name, entry.is_dir()) for entry in islice(listing, MOST_FILES)]
        except (OSError, ValueError):  # there is no such folder, or none may look into it
            return
        for name, is_folder in sorted(entries):
            if sayable(name) and (hidden or not name.startswith(".")):
                yield f"{head}{name}{'/' if is_folder else ''}"


class _Below:
    """The files below a folder that would be indexed, each after the folders around it, found little by little."""

    def __init__(self, root: str) -> None:
        self.texts: dict[str, None] = {}
        self.ended = False
        self._above = root.rstrip("/")
        self._files = _files(Path(root))

    def go_on(self, seconds: float) -> None:
        """Look on for a while."""
        end = time.monotonic() + seconds
        for path in self._files:
            text = str(path)[len(self._above) + 1 :]
            if sayable(text):
                around = (text[: place + 1] for place, letter in enumerate(text) if letter == "/")
                self.texts.update(dict.fromkeys((*around, text)))
            if time.monotonic() > end:
                return
        self.ended = True


def _files(folder: Path) -> Iterator[Path]:
    from octograph.retrieval.documents import find_files  # here: the first paint does not wait for it

    with suppress(DocumentError):  # the folder is gone
        for found in islice(find_files(folder), MOST_FILES):
            if found.problem is None:
                yield found.path


def _ranked(query: str, texts: list[str]) -> list[str]:
    """Those that hold the query's letters in their order: first where a name begins with it, then the closest."""
    if not query:
        return texts
    from rapidfuzz import fuzz, process  # here: as above
    from rapidfuzz.distance import LCSseq

    wanted = query.lower()
    name = wanted.rpartition("/")[2]
    hits = process.extract(
        wanted, [text.lower() for text in texts], scorer=LCSseq.similarity, score_cutoff=len(wanted), limit=None
    )

    def rank(hit: tuple[str, float, int]) -> tuple[bool, float, int, int]:
        text, _, place = hit
        begins = text.startswith(wanted) or text.rstrip("/").rpartition("/")[2].startswith(name or wanted)
        return not begins, -fuzz.partial_ratio(wanted, text), len(text) if name else 0, place

    return [texts[place] for _, _, place in sorted(hits, key=rank)]


def _from(root: str, source: str) -> str:
    """A document's path, from the folder if it lies below."""
    home = os.path.expanduser("~")  # noqa: PTH111  # Path.home raises where there is none
    for above, short in ((root, ""), (home, "~/")):
        if source.startswith(f"{above}/"):
            return f"{short}{source[len(above) + 1 :]}"
    return source
