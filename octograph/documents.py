"""The user's documents, from Python: added, searched, compared with their files, removed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from octograph.background import BackgroundLoop
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.retrieval.documents import find_files
from octograph.retrieval.entry import Entry
from octograph.retrieval.indexing import IndexingProgress, IndexingReport
from octograph.retrieval.library import Library
from octograph.retrieval.passage import Hit
from octograph.retrieval.searching import Query

__all__ = ["Change", "Documents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A document whose file is no longer what was read.

    Attributes
    ----------
    source
        Path of the file.
    kind
        Whether it has another content, is gone, or cannot be read any more.

    """

    source: str
    kind: Literal["changed", "gone", "unreadable"]


class Documents:
    """The knowledge bases of an `Octograph`; `base` names one of them and may be left out if there is but one.

    All methods raise `UsageError` if there is no such knowledge base, and `KnowledgeError` if it is damaged.

    Parameters
    ----------
    library
        The knowledge bases.
    loop
        Where everything runs.

    """

    def __init__(self, library: Library, loop: BackgroundLoop) -> None:
        self._library = library
        self._loop = loop

    def add(
        self,
        paths: Sequence[str | Path],
        *,
        base: str | None = None,
        progress: Callable[[IndexingProgress], None] = lambda progress: None,
        cancel: CancelToken | None = None,
    ) -> IndexingReport:
        """Read files and folders, see `KnowledgeBase.add`, and say what became of them.

        Raises
        ------
        DocumentError
            A path does not exist.
        KnowledgeError
            Another process is writing, or the disk is full; what was there stays as it is.

        """
        token = cancel or CancelToken()
        return self._loop.call(lambda: self._add(paths, base, progress, token), token).result()

    async def aadd(
        self,
        paths: Sequence[str | Path],
        *,
        base: str | None = None,
        progress: Callable[[IndexingProgress], None] = lambda progress: None,
        cancel: CancelToken | None = None,
    ) -> IndexingReport:
        """As `add`, without blocking the event loop; `progress` is called in another thread."""
        token = cancel or CancelToken()
        return await asyncio.wrap_future(self._loop.call(lambda: self._add(paths, base, progress, token), token))

    def search(self, query: str | Query, *, base: str | None = None) -> list[Hit]:
        """Return the passages that fit best, the best first; a `Query` has filters, a method and a number of hits."""
        token = CancelToken()
        return self._loop.call(lambda: self._search(query, base, token), token).result()

    async def asearch(self, query: str | Query, *, base: str | None = None) -> list[Hit]:
        """As `search`, without blocking the event loop."""
        token = CancelToken()
        return await asyncio.wrap_future(self._loop.call(lambda: self._search(query, base, token), token))

    def remove(self, sources: Sequence[str | Path], *, base: str | None = None) -> list[str]:
        """Remove documents, named by their files or the folders above them; the files stay. Return those that went."""
        names = [str(Path(source).absolute()) for source in sources]
        return self._loop.call(lambda: self._library.base(base).remove(names)).result()

    def entries(self, *, base: str | None = None) -> list[Entry]:
        """Return the documents, by their files' paths."""
        return self._library.base(base).entries()

    def changes(self, *, base: str | None = None) -> list[Change]:
        """Compare the documents with their files, and return those that differ; `add` reads them again."""
        found = ((entry.source, _change(entry)) for entry in self.entries(base=base))
        return [Change(source=source, kind=kind) for source, kind in found if kind is not None]

    def unindexed(self, paths: Sequence[Path], *, base: str | None = None) -> list[Path]:
        """Return those of some files and folders that searches do not find whole, and as they are now.

        Raises
        ------
        DocumentError
            A path does not exist.

        """
        known = {entry.source: entry for entry in self.entries(base=base)}

        def current(file: Path) -> bool:
            entry = known.get(str(file))
            return entry is not None and _change(entry) is None

        return [
            path
            for path in paths
            if not all(current(found.path) for found in find_files(path) if found.problem is None)
        ]

    async def _add(
        self,
        paths: Sequence[str | Path],
        base: str | None,
        progress: Callable[[IndexingProgress], None],
        cancel: CancelToken,
    ) -> IndexingReport:
        files = [Path(path) for path in paths]
        report, _ = await self._library.base(base).add(files, progress=progress, cancel=cancel)
        return report

    async def _search(self, query: str | Query, base: str | None, cancel: CancelToken) -> list[Hit]:
        wanted = Query(text=query) if isinstance(query, str) else query
        if not wanted.text.strip():
            raise UsageError("there is nothing to look for", hint="Write a few words.")
        return await self._library.base(base).search(wanted, cancel=cancel)


def _change(entry: Entry) -> Literal["changed", "gone", "unreadable"] | None:
    path, stamp = Path(entry.source), entry.stamp
    try:
        state = path.stat()
        if (state.st_size, state.st_mtime_ns) == (stamp.size, stamp.modified):
            return None
        if state.st_size != stamp.size:
            return "changed"
        with path.open("rb") as file:  # written again, perhaps with the same content
            return None if hashlib.file_digest(file, "sha256").digest() == stamp.digest else "changed"
    except (FileNotFoundError, NotADirectoryError):
        return "gone"
    except OSError:
        return "unreadable"
