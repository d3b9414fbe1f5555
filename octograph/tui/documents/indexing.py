"""Documents are added one addition after another, in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from octograph.cancellation import CancelToken
from octograph.errors import DocumentError

if TYPE_CHECKING:  # see documents.py
    from octograph.retrieval.indexing import IndexingProgress, IndexingReport, Skipped

__all__ = ["Add", "Indexing", "IndexingState", "Outcome", "count_files"]


class Add(Protocol):
    """Reads files and folders, such as `Documents.aadd`; calls `progress` from any thread."""

    def __call__(
        self,
        paths: Sequence[Path],
        *,
        progress: Callable[[IndexingProgress], None],
        cancel: CancelToken,
    ) -> Coroutine[Any, Any, IndexingReport]:
        """Return what became of the files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an addition ended: with a report, with an error, or before it was begun (neither).

    Attributes
    ----------
    paths
        What was to be added.
    report
        What became of the files; not finished if it was cancelled.
    error
        Why nothing came of it.

    """

    paths: tuple[Path, ...]
    report: IndexingReport | None = None
    error: Exception | None = None

    @property
    def finished(self) -> bool:
        """Whether all is indexed that can be read."""
        return self.report is not None and self.report.finished


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexingState:
    """How far it is.

    Attributes
    ----------
    current
        What is being added; nothing if it is empty.
    files, total, passages
        Files looked at, of how many (None: they are being counted), and passages embedded, of the current addition.
    usable
        Files of the current addition that answers can rest on already.
    waiting
        Additions after it.
    pending
        Files of all these additions that answers cannot rest on yet.
    unread
        Files that could not be read since the app was started, and why.
    last
        How the last addition ended.

    """

    current: tuple[Path, ...] = ()
    files: int = 0
    total: int | None = None
    passages: int = 0
    usable: int = 0
    waiting: int = 0
    pending: int = 0
    unread: tuple[Skipped, ...] = ()
    last: Outcome | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Addition:
    """What is added together."""

    paths: tuple[Path, ...]
    ended: asyncio.Future[Outcome]
    ahead: bool
    files: int | None = None
    progress: IndexingProgress | None = None
    cancel: CancelToken = field(default_factory=CancelToken)
    overtaken: bool = False

    @property
    def pending(self) -> int:
        return (self.files or 0) if self.progress is None else self.progress.pending


class Indexing:
    """Adds documents for whoever asks, and tells its followers how far it is.

    All methods belong to one event loop.

    Parameters
    ----------
    add
        Does the work.
    count
        Counts the files below paths, in a thread; see `count_files`.

    """

    def __init__(self, add: Add, *, count: Callable[[Sequence[Path]], int] | None = None) -> None:
        self._add = add
        self._count = count or count_files
        self._waiting: list[_Addition] = []
        self._current: _Addition | None = None
        self._last: Outcome | None = None
        self._unread: dict[str, Skipped] = {}
        self._followers: list[Callable[[IndexingState], None]] = []
        self._work: asyncio.Task[None] | None = None
        self._counts: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether anything is being added."""
        return self._work is not None and not self._work.done()

    @property
    def state(self) -> IndexingState:
        """How far it is."""
        waiting = len(self._waiting)
        pending = sum(addition.pending for addition in self._waiting)
        unread = tuple(self._unread.values())
        current = self._current
        if current is None:
            return IndexingState(waiting=waiting, pending=pending, unread=unread, last=self._last)
        progress = current.progress
        total = current.files if progress is None else progress.total
        return IndexingState(
            current=current.paths,
            files=0 if progress is None else progress.files,
            total=total,
            passages=0 if progress is None else progress.passages,
            usable=0 if progress is None else progress.usable,
            waiting=waiting,
            pending=pending + current.pending,
            unread=unread,
            last=self._last,
        )

    def follow(self, follower: Callable[[IndexingState], None]) -> Callable[[], None]:
        """Tell a follower the state, now and whenever it changes; what is returned ends that."""
        self._followers.append(follower)
        follower(self.state)
        return lambda: self._followers.remove(follower)

    def add(self, paths: Sequence[Path], *, ahead: bool = False) -> asyncio.Future[Outcome]:
        """Add files and folders after those that wait; what is returned never has an exception.

        Parameters
        ----------
        paths
            Files and folders.
        ahead
            Whether a question waits for them: then they come first, and what is being added goes on afterwards.

        """
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        addition = _Addition(paths=tuple(paths), ended=ended, ahead=ahead)
        self._enqueue(addition)
        if ahead and self._current is not None and not self._current.ahead:
            self._current.overtaken = True
            self._current.cancel.cancel()
        counting = asyncio.create_task(self._count_files(addition))
        self._counts.add(counting)
        counting.add_done_callback(self._counts.discard)
        if not self.busy:
            self._work = asyncio.create_task(self._go_on())
        self._tell()
        return ended

    def cancel(self) -> None:
        """End what is being added soon, and forget what waits; what is finished can be used."""
        if self._current is not None:
            self._current.overtaken = False
            self._current.cancel.cancel()
        dropped, self._waiting = self._waiting, []
        for addition in dropped:
            self._end(addition, Outcome(paths=addition.paths))

    async def close(self) -> None:
        """Cancel everything and wait for its end."""
        self.cancel()
        if self._work is not None:
            await asyncio.wait([self._work, *self._counts])

    # --- the work --------------------------------------------------------------------------------------------

    def _enqueue(self, addition: _Addition) -> None:
        """Put an addition at the end, or at the end of those that questions wait for."""
        place = sum(one.ahead for one in self._waiting) if addition.ahead or addition.overtaken else len(self._waiting)
        self._waiting.insert(place, addition)

    async def _go_on(self) -> None:
        while self._waiting:
            addition = self._current = self._waiting.pop(0)
            addition.cancel, addition.overtaken = CancelToken(), False
            self._tell()
            outcome = await self._index(addition)
            self._current = None
            if addition.overtaken and outcome.error is None and not outcome.finished:
                self._enqueue(addition)
            else:
                self._end(addition, outcome)

    async def _index(self, addition: _Addition) -> Outcome:
        loop = asyncio.get_running_loop()

        def progress(progress: IndexingProgress) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody looks any more
                loop.call_soon_threadsafe(self._note, addition, progress)

        try:
            report = await self._add(addition.paths, progress=progress, cancel=addition.cancel)
        except Exception as error:  # of any kind: the others are still to be added, and the outcome says it
            return Outcome(paths=addition.paths, error=error)
        above = await asyncio.to_thread(lambda: [path.resolve() for path in addition.paths])
        kept = {
            source: skipped
            for source, skipped in self._unread.items()
            if not any(Path(source).is_relative_to(path) for path in above)
        }
        self._unread = kept | {skipped.source: skipped for skipped in report.skipped}
        return Outcome(paths=addition.paths, report=report)

    async def _count_files(self, addition: _Addition) -> None:
        addition.files = await asyncio.to_thread(self._count, addition.paths)
        self._tell()

    def _note(self, addition: _Addition, progress: IndexingProgress) -> None:
        addition.progress = progress
        self._tell()

    def _end(self, addition: _Addition, outcome: Outcome) -> None:
        self._last = outcome
        if not addition.ended.done():  # whoever waited for it may have gone
            addition.ended.set_result(outcome)
        self._tell()

    def _tell(self) -> None:
        state = self.state
        for follower in list(self._followers):
            follower(state)


def count_files(paths: Sequence[Path]) -> int:
    """Return how many files of paths would be read; blocks."""
    from octograph.retrieval.documents import find_files  # here: the first paint does not wait for it

    count = 0
    for path in paths:
        with suppress(DocumentError):  # told when it is its turn
            count += sum(found.problem is None for found in find_files(path))
    return count
