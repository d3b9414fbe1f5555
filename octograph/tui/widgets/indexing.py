"""The line that tells what is being indexed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.documents.indexing import IndexingState, Outcome
from octograph.tui.documents.paths import fitted, shown
from octograph.tui.widgets.failure import explain

__all__ = ["IndexingLine"]

STANDS = 10.0
LONGEST_NAME = 32


class IndexingLine(Static):
    """What is being indexed, how far, and what answers cannot rest on yet; hidden if there is nothing to tell.

    Parameters
    ----------
    stands
        Seconds that the end of an addition is told if all went well; a problem stands until something is added.

    """

    DEFAULT_CSS = """
    IndexingLine { display: none; height: 1; max-width: 112; padding: 0 2; color: $text-muted;
                   text-wrap: nowrap; text-overflow: ellipsis; }
    IndexingLine.-problem { color: $text-warning; }
    """

    @dataclass
    class Selected(Message):
        """The user clicked the line, to see more."""

    def __init__(self, *, stands: float = STANDS) -> None:
        super().__init__()
        self._stands = stands
        self._state = IndexingState()
        self._told: Outcome | None = None
        self._timer: Timer | None = None

    def show(self, state: IndexingState) -> None:
        """Show how far it is."""
        self._state = state
        if state.last is not self._told and not state.current:
            self._told = state.last
            if self._timer is not None:
                self._timer.stop()
            self._timer = None if _problem(state.last) else self.set_timer(self._stands, self._hide)
            self.display = True
        elif state.current:
            self.display = True
        self._draw()

    def on_resize(self) -> None:
        """Tell as much as there is room for now."""
        self._draw()

    def on_click(self) -> None:
        """Say that the user wants to see more."""
        self.post_message(self.Selected())

    def _hide(self) -> None:
        if not self._state.current:
            self.display = False

    def _draw(self) -> None:
        state = self._state
        self.set_class(not state.current and _problem(state.last), "-problem")
        if state.current:
            self.update(Content(_progress(state, self.content_size.width)))
        elif state.last is not None:
            self.update(Content(_end(state.last)))


def _progress(state: IndexingState, width: int) -> str:
    """The progress in so many cells: where they are few, without what matters least."""
    files = f"{state.files:,} of {state.total:,} files" if state.total is not None else "counting its files"
    passages = f"{state.passages:,} passages"
    known = f"in answers: {state.usable:,}, not yet: " if state.usable else "not in answers yet: "
    pending = f"{known}{state.pending:,}"
    waiting = f"{state.waiting} more to add" if state.waiting else ""
    unread = f"{len(state.unread)} unreadable" if state.unread else ""
    begin = f"indexing {_names(state.current)}"
    variants: list[Sequence[str]] = [
        (begin, files, pending, unread, passages, waiting),
        (begin, files, pending, unread, passages),
        (begin, files, pending, unread),
        (begin, files, pending),
    ]
    lines = [" · ".join(filter(None, parts)) for parts in variants]
    return next((line for line in lines if cell_len(line) <= width), lines[-1])


def _end(outcome: Outcome) -> str:
    """How an addition ended."""
    name = _names(outcome.paths)
    if outcome.error is not None:
        return plain(" ".join(("✗", f"{name} was not indexed:", *filter(None, explain(outcome.error)))))
    report = outcome.report
    if report is None or not report.finished:
        known = "" if report is None else f"answers know {_files(report.usable)} of it, and "
        return f"■ stopped indexing {name}; {known}adding it again goes on from there"
    return " · ".join(_counts(name, report.added + report.changed, report.unchanged, len(report.skipped)))


def _counts(name: str, read: int, unchanged: int, unread: int) -> Iterator[str]:
    yield f"indexed {name}: {_files(read)}" if read or not unchanged else f"{name}: nothing is new"
    if unchanged:
        yield f"{unchanged:,} as before"
    if unread:
        yield f"{unread:,} unreadable"


def _problem(outcome: Outcome | None) -> bool:
    return outcome is not None and (
        outcome.error is not None or (outcome.report is not None and bool(outcome.report.skipped))
    )


def _names(paths: Sequence[Path]) -> str:
    """The first of some paths, by its name, and how many there are besides."""
    first, others = paths[0], len(paths) - 1
    name = fitted(shown(first.name or str(first)), LONGEST_NAME)
    return f"{name} and {others} more" if others else name


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"
