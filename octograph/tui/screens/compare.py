"""Two branches of a conversation, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from octograph.errors import OctographError
from octograph.tui.drawing.lines import one_line
from octograph.tui.threads.comparing import Shown
from octograph.tui.threads.conversations import Conversations
from octograph.tui.widgets.comparison import Comparison
from octograph.tui.widgets.failure import explain
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.status import Status

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import ThreadInfo, Turn

__all__ = ["CompareScreen"]

WIDE: Final = 100
"""Columns from which both have room beside each other."""


class CompareScreen(Screen[None]):
    """Shows a thread and another one; where there is room for one, a key shows the other in its place.

    Parameters
    ----------
    threads
        Where they are.
    thread
        The one to the left.
    others
        Those that can be to the right, one at a time.

    Raises
    ------
    ValueError
        There are no others.

    """

    AUTO_FOCUS: ClassVar[str] = "Comparison"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "switch", "Other thread", tooltip="Show the other thread in the place of this one"),
        Binding("b", "next", "Next branch", tooltip="Compare with the next branch"),
        Binding("escape,q", "dismiss", "Back", tooltip="Back to the chat"),
    ]
    DEFAULT_CSS = """
    CompareScreen > #titles { height: 1; padding: 0 2; }
    CompareScreen > #titles > Static { width: 1fr; height: 1; color: $text-accent; text-style: bold;
                                       text-wrap: nowrap; text-overflow: ellipsis; }
    CompareScreen > #titles > #right { padding-left: 1; }
    CompareScreen > Comparison { margin-top: 1; }
    """

    def __init__(self, threads: Conversations, thread: str, others: Sequence[str]) -> None:
        if not others:
            raise ValueError("there is nothing to compare with")
        super().__init__()
        self._threads = threads
        self._thread = thread
        self._others = others
        self._at = 0
        self._side: Shown = "left"
        self._titles = ("", "")

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        with Horizontal(id="titles"):
            yield Static(id="left")
            yield Static(id="right")
        yield Comparison()
        yield Status()
        yield KeyLine()

    def on_mount(self) -> None:
        """Load both."""
        self._load()

    def on_resize(self) -> None:
        """Show both if there is room, else one."""
        self._lay()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if action == "switch":
            return not self._wide
        return action != "next" or len(self._others) > 1

    def action_switch(self) -> None:
        """Show the other one."""
        self._side = "right" if self._side == "left" else "left"
        self._lay()

    def action_next(self) -> None:
        """Compare with the next branch."""
        self._at = (self._at + 1) % len(self._others)
        self._load()

    @property
    def _wide(self) -> bool:
        return self.size.width >= WIDE

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        try:
            (left, ours), (right, theirs) = await asyncio.to_thread(self._read, self._others[self._at])
        except OctographError as error:
            self.query_one(Status).notice(" ".join(part for part in explain(error) if part))
            return
        self._titles = (one_line(left.title), one_line(right.title))
        self._lay()
        self.query_one(Comparison).show(ours, theirs)

    def _read(self, other: str) -> list[tuple[ThreadInfo, list[Turn]]]:
        return [(self._threads.info(name), self._threads.turns(name)) for name in (self._thread, other)]

    def _lay(self) -> None:
        sides: tuple[Shown, Shown] = ("left", "right")
        for number, (side, title) in enumerate(zip(sides, self._titles, strict=True), start=1):
            line = self.query_one(f"#{side}", Static)
            line.display = self._wide or side == self._side
            line.update(Content(title if self._wide else f"{number} of 2  {title}"))
        self.query_one(Comparison).only("both" if self._wide else self._side)
        self.refresh_bindings()
