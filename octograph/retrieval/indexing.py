"""Files become passages with vectors: read and split in a thread while the embedder works on those before."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.errors import DocumentError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.documents import Document, find_files, read_document
from octograph.retrieval.embedding import Embedder
from octograph.retrieval.entry import Stamp
from octograph.retrieval.passage import Passage
from octograph.retrieval.splitting import Splitter

__all__ = ["Indexer", "IndexingProgress", "IndexingReport", "Skipped", "below"]

PORTION = 512
"""Passages that are embedded and written together: what an interruption can cost, and enough to sort by length."""

FIRST = 64
"""Passages of the first portion; each is twice the one before, up to `PORTION`, so that something is there soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexingProgress:
    """How far it is.

    Attributes
    ----------
    files, total
        Files looked at, of how many.
    passages
        Passages embedded.
    usable
        Files that searches find already: published, or as before.
    skipped
        Files that could not be read.

    """

    files: int
    total: int
    passages: int
    usable: int = 0
    skipped: int = 0

    @property
    def pending(self) -> int:
        """Files that searches do not find yet, or not as they are now."""
        return self.total - self.usable - self.skipped


@dataclass(slots=True, kw_only=True)
class IndexingReport:
    """What became of the files.

    Attributes
    ----------
    added, changed, unchanged
        Files that are new, that were read again, and that were as before.
    missing
        Documents of the knowledge base below the given folders whose files are gone.
    pruned
        How many of those were removed.
    skipped
        Files that could not be read; what the knowledge base had of them stays.
    passages
        Passages embedded.
    usable, pending
        Files that searches find as they are now, and files that they do not, as it did not come to them.
    seconds
        From beginning to end.
    finished
        Whether it came to the end of the files.

    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: list[str] = field(default_factory=list)
    pruned: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    passages: int = 0
    usable: int = 0
    pending: int = 0
    seconds: float = 0.0
    finished: bool = False


_Split = tuple[str, Stamp, Sequence[Passage]]
"""A document that is to be written: its source, its stamp and its passages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Passages of one document that are embedded together."""

    source: str
    stamp: Stamp
    passages: Sequence[Passage]
    last: bool


class Indexer:
    """Fills a catalogue for the next generation.

    Parameters
    ----------
    catalogue
        Whose only writer this is; what is finished in it is published.
    embedder, splitter
        Of the knowledge base.
    publish
        Publishes what is finished, if it is time to, and tells whether it was; called in a thread while the embedder
        is at work.
    progress
        Is told how far it is.
    cancel
        Stops after the passages in progress; what is written stays, and the next indexer goes on from there.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        embedder: Embedder,
        splitter: Splitter,
        publish: Callable[[], bool],
        progress: Callable[[IndexingProgress], None],
        cancel: CancelToken,
    ) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._splitter = splitter
        self._publish = publish
        self._progress = progress
        self._cancel = cancel
        self._known = catalogue.stamps()
        self._touched: list[tuple[str, Stamp]] = []
        self._seen = self._unreadable = 0
        self._finished = self._published = 0

    async def add_files(self, paths: Sequence[Path], *, limit: int, prune: bool) -> IndexingReport:
        """Read what is new or changed in files and folders, and write it.

        Parameters
        ----------
        paths
            Files and folders.
        limit
            Most bytes of a file.
        prune
            Whether documents go whose files are gone from those folders.

        Raises
        ------
        DocumentError
            A path does not exist.
        KnowledgeError
            The catalogue cannot be written; what is published stays as it is.

        """
        report = IndexingReport()
        files = await asyncio.to_thread(_files, paths, report)
        await self._write(self._split_files(files, report, limit), len(files), report)
        above = [path.resolve() for path in paths]
        report.missing = await asyncio.to_thread(_missing, list(self._known), above, files)
        # Begun once, and gone or as before now.
        stale = [source for source in self._catalogue.unfinished() if below(source, above)] if report.finished else []
        with self._catalogue.writing():
            for source in stale:
                self._catalogue.abandon(source)
            for source, stamp in self._touched:
                self._catalogue.touch(source, stamp)
            if prune:
                report.pruned = sum(self._catalogue.forget(source) for source in report.missing)
        return report

    async def add_documents(self, documents: Mapping[str, Document]) -> IndexingReport:
        """Write texts that are in no file, by the name that stands for their source; raises as `add_files`."""
        report = IndexingReport()
        await self._write(self._split_documents(documents, report), len(documents), report)
        return report

    async def _write(self, documents: Iterator[_Split], total: int, report: IndexingReport) -> None:
        started = time.perf_counter()
        portions = _portions(documents, self._catalogue.unfinished())
        ahead = asyncio.create_task(asyncio.to_thread(next, portions, None))
        try:
            while (portion := await ahead) is not None and not self._cancel.cancelled:
                texts = [passage.indexed for part in portion for passage in part.passages]
                encoding = asyncio.create_task(self._embedder.encode(texts, cancel=self._cancel))
                # While the embedder is at work on this one, the next portion is read and split, and those before are
                # published.
                ahead = asyncio.create_task(asyncio.to_thread(next, portions, None))
                publishing = asyncio.create_task(self._publish_before(total, report))
                try:
                    vectors = await encoding
                finally:
                    await asyncio.wait([publishing])  # the thread ends with its generation
                await publishing
                if vectors is None:
                    break
                self._append(portion, vectors)
                report.passages += len(texts)
                self._progress(self._far(total, report))
            else:
                report.finished = not self._cancel.cancelled
        finally:
            await asyncio.wait([ahead])  # the thread ends with its portion
        report.seconds = time.perf_counter() - started
        # However it ended: all that is finished is published before this is told.
        self._published = self._finished
        end = self._far(total, report)
        report.usable, report.pending = end.usable, end.pending

    async def _publish_before(self, total: int, report: IndexingReport) -> None:
        if await asyncio.to_thread(self._publish):
            self._published = self._finished
            self._progress(self._far(total, report))

    def _far(self, total: int, report: IndexingReport) -> IndexingProgress:
        return IndexingProgress(
            files=self._seen,
            total=total,
            passages=report.passages,
            usable=report.unchanged + self._published,
            skipped=self._unreadable,
        )

    def _append(self, portion: Sequence[_Part], vectors: NDArray[np.float32]) -> None:
        first = 0
        with self._catalogue.writing():
            for part in portion:
                document = self._catalogue.begin(part.source, part.stamp)
                end = first + len(part.passages)
                self._catalogue.append(document, part.passages, vectors[first:end])
                first = end
                if part.last:
                    self._catalogue.finish(document, part.source)
                    self._finished += 1

    # --- in the thread that reads, which leaves the catalogue alone ------------------------------------------

    def _split_files(self, files: Sequence[Path], report: IndexingReport, limit: int) -> Iterator[_Split]:
        for path in files:
            self._seen += 1
            source = str(path)
            try:
                stamp = self._file_stamp(path, source, limit)
                if stamp is None:
                    report.unchanged += 1
                    continue
                passages = self._splitter.split(read_document(path, limit=limit))
            except DocumentError as error:
                report.skipped.append(Skipped(source=source, reason=error.message))
                self._unreadable += 1
            else:
                self._count(source, report)
                yield source, stamp, passages

    def _split_documents(self, documents: Mapping[str, Document], report: IndexingReport) -> Iterator[_Split]:
        for source, document in documents.items():
            self._seen += 1
            content = f"{document.title}\0{document.text}".encode()
            stamp = Stamp(size=len(content), modified=time.time_ns(), digest=hashlib.sha256(content).digest())
            before = self._known.get(source)
            if before is not None and before.digest == stamp.digest:
                report.unchanged += 1
            else:
                self._count(source, report)
                yield source, stamp, self._splitter.split(document)

    def _count(self, source: str, report: IndexingReport) -> None:
        if source in self._known:
            report.changed += 1
        else:
            report.added += 1

    def _file_stamp(self, path: Path, source: str, limit: int) -> Stamp | None:
        """The stamp of a file that is new or has another content; None for one that is as before."""
        before = self._known.get(source)
        try:
            state = path.stat()
            if before is not None and (before.size, before.modified) == (state.st_size, state.st_mtime_ns):
                return None
            digest = _digest(path) if state.st_size <= limit else b""  # too large a file is refused when it is read
        except OSError as error:
            raise DocumentError(f"cannot be read: {error.strerror}") from error
        stamp = Stamp(size=state.st_size, modified=state.st_mtime_ns, digest=digest)
        if before is not None and before.digest == digest:
            self._touched.append((source, stamp))
            return None
        return stamp


def _portions(documents: Iterator[_Split], unfinished: Mapping[str, tuple[bytes, int]]) -> Iterator[list[_Part]]:
    """Give parts of documents, as many at a time as are embedded together, without what is written already."""
    portion: list[_Part] = []
    size = room = FIRST
    for source, stamp, passages in documents:
        digest, there = unfinished.get(source, (b"", 0))
        first = there if digest == stamp.digest else 0
        last = False
        while not last:
            some = passages[first : first + room]
            first += len(some)
            room -= len(some)
            last = first >= len(passages)
            portion.append(_Part(source=source, stamp=stamp, passages=some, last=last))
            if room == 0:
                yield portion
                size = min(2 * size, PORTION)
                portion, room = [], size
    if portion:
        yield portion


def _files(paths: Sequence[Path], report: IndexingReport) -> list[Path]:
    """All files below the paths, each once; those that cannot be taken are in the report."""
    files: dict[Path, None] = {}
    for path in paths:
        try:
            there = find_files(path)
        except DocumentError as error:
            raise DocumentError(f"{str(path)!r}: {error.message}", hint=error.hint) from error
        for found in there:
            if found.problem is None:
                files[found.path] = None
            else:
                report.skipped.append(Skipped(source=str(found.path), reason=found.problem))
    return list(files)


def _missing(known: Sequence[str], above: Sequence[Path], files: Sequence[Path]) -> list[str]:
    """The documents below some paths whose files are gone."""
    found = {str(path) for path in files}
    return [source for source in known if source not in found and below(source, above) and not Path(source).exists()]


def below(source: str, above: Sequence[Path]) -> bool:
    """Whether a document is one of some paths, or in a folder of theirs."""
    return any(Path(source).is_relative_to(path) for path in above)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
