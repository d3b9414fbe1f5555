"""The list of conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from octograph.terminal import plain

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import ThreadInfo
    from octograph.agents.finding import FoundTurn

__all__ = ["ThreadList"]

_TIME = 16
"""Characters of a time."""


class ThreadList(OptionList):
    """Time and title of each, a line each; below it, if it was looked for, where the words stand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", tooltip="Open the thread"),
    ]

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._threads: list[ThreadInfo] = []

    @property
    def current(self) -> ThreadInfo | None:
        """The thread under the cursor."""
        return None if self.highlighted is None else self._threads[self.highlighted]

    def show(self, threads: Sequence[ThreadInfo], found: Mapping[str, FoundTurn] | None = None) -> None:
        """Show these, with what was found of each by its name; the cursor stays as near as it can."""
        at, found = self.highlighted or 0, found or {}
        self._threads = list(threads)
        self.set_options(Option(_lines(thread, found.get(thread.id))) for thread in threads)
        self.highlighted = min(at, len(threads) - 1) if threads else None


def _lines(thread: ThreadInfo, found: FoundTurn | None) -> Content:
    title = " ".join(plain(thread.title).split()) or plain(thread.id)
    line = Content.assemble((f"{_time(thread.updated):{_TIME}}  ", "dim"), title)
    if found is None:
        return line
    pieces = ((plain(one.text), "bold $text-accent" if one.matched else "$text-muted") for one in found.snippet)
    return Content.assemble(line, f"\n{' ' * _TIME}  ", *pieces)


def _time(iso: str) -> str:
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M}"
    except ValueError:
        return ""
