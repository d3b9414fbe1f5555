"""Documents that play a script: for tests, snapshots and demonstrations without an embedder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from octograph.cancellation import CancelToken
from octograph.documents import Change
from octograph.retrieval.entry import Entry, Stamp
from octograph.retrieval.indexing import IndexingProgress, IndexingReport
from octograph.testing import pause
from octograph.tui.testing.beats import Pause

__all__ = ["Beat", "ScriptedDocuments", "an_entry"]

Beat = IndexingProgress | Entry | Pause | IndexingReport | Exception
"""What a script is made of: progress, a document that is published, a pause, and the report or the error with which it
ends."""


@dataclass(kw_only=True)
class ScriptedDocuments:
    """Plays what was written down for an addition's first path, by its name; documents are kept in memory.

    Attributes
    ----------
    scripts
        What happens, and no other documents come of it; without a script there is one for each path, at once.
    documents
        By the paths of their files.
    changed
        What `changes` returns, as far as the documents are there.
    added
        What was asked for, in order.

    """

    scripts: Mapping[str, Sequence[Beat]] = field(default_factory=dict)
    documents: dict[str, Entry] = field(default_factory=dict)
    changed: list[Change] = field(default_factory=list)
    added: list[list[str]] = field(default_factory=list)

    async def aadd(
        self,
        paths: Sequence[str | Path],
        *,
        progress: Callable[[IndexingProgress], None] = lambda progress: None,
        cancel: CancelToken | None = None,
    ) -> IndexingReport:
        """Play the script of the first path; cancelled, it ends with an unfinished report."""
        names, cancel = [str(path) for path in paths], cancel or CancelToken()
        self.added.append(names)
        report = IndexingReport(added=len(names), finished=True)
        script = self.scripts.get(Path(names[0]).name)
        if script is None:
            self.documents.update({name: an_entry(name) for name in names})
            self.changed = [change for change in self.changed if change.source not in names]
        for beat in script or ():
            match beat:
                case Pause(seconds=seconds):
                    await pause(seconds, cancel)
                case IndexingProgress():
                    await asyncio.to_thread(progress, beat)  # another thread, as it is with the real ones
                case Entry():
                    self.documents[beat.source] = beat
                case IndexingReport():
                    report = beat
                case Exception():
                    raise beat
            if cancel.cancelled:
                return IndexingReport(finished=False)
        return report

    def entries(self) -> list[Entry]:
        """Return the documents."""
        return [self.documents[source] for source in sorted(self.documents)]

    def unindexed(self, paths: Sequence[Path]) -> list[Path]:
        """Return those that are no documents, or are said to have changed."""
        changed = {change.source for change in self.changes()}
        return [path for path in paths if str(path) not in self.documents.keys() - changed]

    def changes(self) -> list[Change]:
        """Return what is said to have changed."""
        return [change for change in self.changed if change.source in self.documents]

    def remove(self, sources: Sequence[str | Path]) -> list[str]:
        """Remove documents, by their paths or by the folders above them."""
        gone = [name for name in self.documents if any(Path(name).is_relative_to(source) for source in sources)]
        for name in gone:
            del self.documents[name]
        return gone


def an_entry(source: str, *, passages: int = 12, modified: int = 1_767_614_400) -> Entry:
    """Return a document whose file was changed last so many seconds after the beginning of 1970."""
    stamp = Stamp(size=1000, modified=modified * 1_000_000_000, digest=b"")
    return Entry(source=source, stamp=stamp, passages=passages)
