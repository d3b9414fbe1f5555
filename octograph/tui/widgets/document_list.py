"""The list of documents, and of what could not be read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from octograph.terminal import plain
from octograph.tui.documents.paths import fitted, shown

if TYPE_CHECKING:  # see documents.py
    from octograph.retrieval.entry import Entry
    from octograph.retrieval.indexing import Skipped

__all__ = ["COLUMNS", "DocumentList"]

COLUMNS = f"{'modified':<10}  passages  document"
"""What stands above the lines."""

PORTION = 500
"""Lines that are made at once."""


class DocumentList(OptionList):
    """A line for each: when its file was changed last, its passages, its path."""

    DEFAULT_CSS = """
    DocumentList, DocumentList:focus { border: none; padding: 0; background: transparent;
                                       background-tint: transparent; }
    DocumentList { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; text-wrap: nowrap;
                   scrollbar-background: $surface; scrollbar-color: $panel-lighten-2; }
    DocumentList > .option-list--option { padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._entries: list[Entry] = []
        self._unread: list[Skipped] = []
        self._changes: dict[str, str] = {}

    @property
    def current(self) -> str | None:
        """The document under the cursor, by the path of its file."""
        at = self.highlighted
        return None if at is None or at >= len(self._entries) else self._entries[at].source

    def show(self, entries: Sequence[Entry], unread: Sequence[Skipped], changes: Mapping[str, str]) -> None:
        """Show documents and what could not be read; the cursor stays on its document, or near its place.

        Parameters
        ----------
        entries
            The documents.
        unread
            Files that could not be read, and why.
        changes
            What became of a document's file since, by its path.

        """
        current, before = self.current, self.highlighted or 0
        self._entries, self._unread, self._changes = list(entries), list(unread), dict(changes)
        self._draw(next((place for place, entry in enumerate(entries) if entry.source == current), before))

    def on_resize(self) -> None:
        """Show as much of the paths as there is room for now."""
        self._draw(self.highlighted or 0)

    def _draw(self, at: int) -> None:
        count = len(self._entries) + len(self._unread)
        lines = self._made(self.scrollable_content_region.width - 4)
        self.set_options(islice(lines, max(PORTION, at + 1)))
        self.highlighted = min(at, count - 1) if count else None
        self._fill(lines)

    @work(exclusive=True)
    async def _fill(self, lines: Iterator[Option]) -> None:
        """Add the rest a portion at a time, so that keys of the user come in between."""
        while portion := list(islice(lines, PORTION)):
            await asyncio.sleep(0)
            self.add_options(portion)

    def _made(self, width: int) -> Iterator[Option]:
        yield from (Option(self._document(entry, width)) for entry in self._entries)
        yield from (Option(_unreadable(skipped, width)) for skipped in self._unread)

    def _document(self, entry: Entry, width: int) -> Content:
        begin = f"{entry.stamp.changed[:10]}  {entry.passages:>8,}  "
        change = self._changes.get(entry.source)
        mark = f"{change}  " if change else ""
        path = fitted(shown(entry.source), width - len(begin) - len(mark))
        return Content.assemble((begin, "dim"), (mark, "$text-warning"), path)


def _unreadable(skipped: Skipped, width: int) -> Content:
    reason = " ".join(plain(skipped.reason).split())
    path = fitted(shown(skipped.source), max(width - len(reason) - 4, width // 2))
    return Content.assemble(("✗ ", "$text-error"), path, (f"  {reason}", "$text-muted"))
