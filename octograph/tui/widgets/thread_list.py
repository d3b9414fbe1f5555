"""The list of conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from octograph.terminal import plain

if TYPE_CHECKING:  # see backend.py
    from octograph.agents import ThreadInfo

__all__ = ["ThreadList"]


class ThreadList(OptionList):
    """Time and title of each, a line each."""

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

    def show(self, threads: Sequence[ThreadInfo]) -> None:
        """Show these; the cursor stays as near as it can."""
        at = self.highlighted or 0
        self._threads = list(threads)
        self.set_options(Option(_line(thread)) for thread in threads)
        self.highlighted = min(at, len(threads) - 1) if threads else None


def _line(thread: ThreadInfo) -> Content:
    title = " ".join(plain(thread.title).split()) or plain(thread.id)
    return Content.assemble((f"{_time(thread.updated)}  ", "dim"), title)


def _time(iso: str) -> str:
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M}"
    except ValueError:
        return " " * 16
