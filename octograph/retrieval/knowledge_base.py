"""A knowledge base: a folder with documents' passages, to add to, to search and to verify."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from octograph.cancellation import CancelToken, unless_cancelled
from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.documents import Document
from octograph.retrieval.documents.reading import MOST_BYTES
from octograph.retrieval.embedding import Embedder
from octograph.retrieval.entry import Entry
from octograph.retrieval.indexing import Indexer, IndexingProgress, IndexingReport, below
from octograph.retrieval.passage import Hit
from octograph.retrieval.publishing import Publisher, publish
from octograph.retrieval.searching import Query, Searcher
from octograph.retrieval.shelf import Shelf
from octograph.retrieval.splitting import Splitter
from octograph.retrieval.vectors import IndexKind, Plan

__all__ = ["NO_DOCUMENTS", "REMEMBERED", "KnowledgeBase", "Status"]

NO_DOCUMENTS = "there are no documents yet; `octograph index add PATH` reads some"
"""What users are told of a knowledge base to which nothing was added."""

REMEMBERED = 512
"""Queries whose vectors are remembered, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a knowledge base holds.

    Attributes
    ----------
    documents, passages
        Published.
    pending
        Documents that are not published yet: added, changed or removed.
    kind
        Of the vector index.
    bytes
        Of catalogue and index on the disk.

    """

    documents: int
    passages: int
    pending: int
    kind: IndexKind
    bytes: int


class KnowledgeBase:
    """Documents that can be searched; one process may write, and any number read meanwhile.

    Parameters
    ----------
    folder
        Where it is kept; need not exist.
    embedder
        Makes the vectors.
    splitter
        Makes the passages; called when the first document is added.
    remembered
        Queries whose vectors are remembered.

    """

    def __init__(
        self, folder: Path, *, embedder: Embedder, splitter: Callable[[], Splitter], remembered: int = REMEMBERED
    ) -> None:
        self.folder = folder
        self._embedder = embedder
        self._splitter = splitter
        self._shelf = Shelf(folder)
        self._reading: tuple[Catalogue, Searcher] | None = None
        self._lock = threading.Lock()
        self._vectors: LRUCache[str, NDArray[np.float32]] = LRUCache(maxsize=remembered)

    @property
    def exists(self) -> bool:
        """Whether anything was added to it yet."""
        return self._file.is_file()

    async def add(
        self,
        paths: Sequence[Path],
        *,
        limit: int = MOST_BYTES,
        prune: bool = False,
        kind: IndexKind | None = None,
        progress: Callable[[IndexingProgress], None] = lambda progress: None,
        cancel: CancelToken,
    ) -> tuple[IndexingReport, Plan | None]:
        """Add files and folders, and publish what is in them: now and then on the way, and at the end.

        Parameters
        ----------
        paths
            Files and folders; those below a folder that did not change since it was added cost nothing.
        limit
            Most bytes of a file.
        prune
            Whether documents go whose files are gone from those folders.
        kind
            The kind of vector index that is wanted; None lets the number of passages decide.
        progress
            Is told how far it is.
        cancel
            Stops soon; what is done is published, and the next call goes on from there.

        Returns
        -------
        tuple
            What became of the files, and how they are indexed; None if nothing was published.

        Raises
        ------
        DocumentError
            A path does not exist.
        KnowledgeError
            Another process is writing, the embedder is not the one of the knowledge base, or the disk is full.

        """
        return await self._add(
            lambda indexer: indexer.add_files(paths, limit=limit, prune=prune), kind, progress, cancel
        )

    async def add_documents(
        self,
        documents: Mapping[str, Document],
        *,
        kind: IndexKind | None = None,
        progress: Callable[[IndexingProgress], None] = lambda progress: None,
        cancel: CancelToken,
    ) -> tuple[IndexingReport, Plan | None]:
        """Add texts that are in no file, by the name that stands for their source; the rest is as in `add`."""
        return await self._add(lambda indexer: indexer.add_documents(documents), kind, progress, cancel)

    async def _add(
        self,
        act: Callable[[Indexer], Awaitable[IndexingReport]],
        kind: IndexKind | None,
        progress: Callable[[IndexingProgress], None],
        cancel: CancelToken,
    ) -> tuple[IndexingReport, Plan | None]:
        with self._alone(create=await self._embedder.space()) as catalogue:
            splitter = self._splitter()
            # What a killed writer left: files that nobody reads, and documents that were finished.
            self._shelf.keep_only(catalogue.generation().number)
            publisher = Publisher(catalogue, self._shelf, kind=kind)
            await asyncio.to_thread(publisher.publish)
            report = await act(
                Indexer(
                    catalogue,
                    embedder=self._embedder,
                    splitter=splitter,
                    publish=publisher.publish_if_due,
                    progress=progress,
                    cancel=cancel,
                )
            )
            await asyncio.to_thread(publisher.publish, last=report.finished)
            return report, publisher.plan

    async def remove(self, sources: Sequence[str]) -> list[str]:
        """Remove documents, named by their files or the folders above them; return those that went."""
        with self._alone() as catalogue:
            named = [Path(source) for source in sources]
            gone = [source for source in catalogue.stamps() if below(source, named)]
            with catalogue.writing():
                for source in gone:
                    catalogue.forget(source)
            if gone:
                await asyncio.to_thread(publish, catalogue, self._shelf)
            return gone

    async def search(self, query: Query, *, cancel: CancelToken) -> list[Hit]:
        """Return the passages that fit a query best, the best first; none if it holds nothing or it was cancelled.

        Raises
        ------
        KnowledgeError
            It is damaged, or holds vectors of another embedder.

        """
        if not self.exists:
            return []
        if query.method != "bm25" and query.vector is None:
            vector = await self._vector(query.text, cancel)
            if vector is None:
                return []
            query = replace(query, vector=vector)
        return await asyncio.to_thread(self._search, query)

    def entries(self) -> list[Entry]:
        """The published documents."""
        with self._lock:
            return self._opened()[0].entries() if self.exists else []

    def status(self) -> Status:
        """What it holds."""
        with self._lock:
            catalogue, _ = self._opened()
            with catalogue.reading():
                generation, entries = catalogue.generation(), catalogue.entries()
                return Status(
                    documents=len(entries),
                    passages=sum(entry.passages for entry in entries),
                    pending=catalogue.pending(),
                    kind=self._shelf.kind(generation.files),
                    bytes=self._file.stat().st_size + self._shelf.size(generation),
                )

    def verify(self) -> list[str]:
        """Look at everything, and say what is wrong; nothing if all is well."""
        with self._lock:
            catalogue, _ = self._opened()
            while True:
                before = catalogue.generation()
                with catalogue.reading():
                    problems = self._problems(catalogue)
                # If the next one was published meanwhile, the files of this one are gone.
                if not problems or catalogue.generation() == before:
                    return problems

    def _problems(self, catalogue: Catalogue) -> list[str]:
        generation = catalogue.generation()
        problems = [*catalogue.problems(), *self._shelf.problems(generation)]
        if problems:
            return problems
        try:
            indexes = self._shelf.take(generation)
        except KnowledgeError as error:
            return [error.message]
        ids = [] if indexes is None else indexes.ids[indexes.ids >= 0].tolist()
        there = sum(entry.passages for entry in catalogue.entries())
        if len(ids) != there or (indexes is not None and len(indexes.vectors) != len(indexes.ids)):
            problems.append(f"the index holds {len(ids)} passages and the catalogue {there}")
        return problems

    async def repair(self, kind: IndexKind | None = None) -> Plan:
        """Make the index anew from the catalogue.

        Raises
        ------
        KnowledgeError
            The catalogue itself is damaged: the documents have to be added to a new knowledge base.

        """
        with self._alone() as catalogue:
            problems = list(catalogue.problems())
            if problems:
                raise KnowledgeError(
                    f"the catalogue {str(self._file)!r} is damaged: {problems[0]}",
                    hint="Move the folder away and add the documents again.",
                )
            return await asyncio.to_thread(publish, catalogue, self._shelf, kind=kind, anew=True)

    def close(self) -> None:
        """Close the files; the knowledge base opens them again when it is used."""
        with self._lock:
            if self._reading is not None:
                self._reading[0].close()
                self._reading = None

    @property
    def _file(self) -> Path:
        return self.folder / "catalogue.sqlite"

    @contextmanager
    def _alone(self, create: Mapping[str, Any] | None = None) -> Iterator[Catalogue]:
        """Be the only one who writes."""
        if create is None and not self.exists:
            raise KnowledgeError(
                f"there is no knowledge base in {str(self.folder)!r}", hint="Begin one with `octograph index add PATH`."
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "writer.lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise KnowledgeError(
                f"another process is writing to the knowledge base in {str(self.folder)!r}",
                hint="Wait until it is done; searching goes on meanwhile.",
            ) from error
        except OSError as error:
            raise KnowledgeError(
                f"the knowledge base in {str(self.folder)!r} cannot be written: {error}",
                hint="Check the folder's permissions and the room on the disk.",
            ) from error
        try:
            catalogue = Catalogue.open(self._file) if create is None else Catalogue.create(self._file, embedder=create)
            try:
                yield catalogue
            finally:
                catalogue.close()
        finally:
            lock.release()

    async def _vector(self, text: str, cancel: CancelToken) -> NDArray[np.float32] | None:
        vector = self._vectors.get(text)
        if vector is None:
            space = await unless_cancelled(self._embedder.space(), cancel)
            if space is None:
                return None
            with self._lock:
                self._opened()[0].expect(space)
            encoded = await self._embedder.encode([text], cancel=cancel)
            if encoded is None:
                return None
            vector = self._vectors[text] = encoded[0]
        return vector

    def _search(self, query: Query) -> list[Hit]:
        with self._lock:
            return self._opened()[1].search(query)

    def _opened(self) -> tuple[Catalogue, Searcher]:
        if self._reading is None:
            catalogue = Catalogue.open(self._file)
            self._reading = catalogue, Searcher(catalogue, self._shelf)
        return self._reading
