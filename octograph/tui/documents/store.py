"""What the app needs of the user's documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from octograph.cancellation import CancelToken

if TYPE_CHECKING:  # these load numpy, which the first paint does not wait for
    from octograph.documents import Change
    from octograph.retrieval.entry import Entry
    from octograph.retrieval.indexing import IndexingProgress, IndexingReport

__all__ = ["DocumentStore"]


class DocumentStore(Protocol):
    """The documents of a model graph; `octograph.documents.Documents` is one.

    All but ``aadd`` block, and are called in threads.
    """

    async def aadd(
        self,
        paths: Sequence[str | Path],
        *,
        progress: Callable[[IndexingProgress], None] = ...,
        cancel: CancelToken | None = None,
    ) -> IndexingReport:
        """Read files and folders; `progress` is called in another thread."""
        ...

    def entries(self) -> list[Entry]:
        """Return the documents, by their files' paths."""
        ...

    def unindexed(self, paths: Sequence[Path]) -> list[Path]:
        """Return those of some files and folders that answers cannot rest on, or not as they are now."""
        ...

    def changes(self) -> list[Change]:
        """Return the documents whose files are no longer what was read."""
        ...

    def remove(self, sources: Sequence[str | Path]) -> list[str]:
        """Remove documents, named by their files or the folders above them, and return those that went."""
        ...
