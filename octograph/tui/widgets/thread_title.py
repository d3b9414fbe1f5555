"""The line in which a thread gets another title."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from octograph.tui.widgets.line_input import LineInput

__all__ = ["ThreadTitle"]


class ThreadTitle(LineInput):
    """The title, to be changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Save", tooltip="Give the thread this title"),
    ]

    def __init__(self) -> None:
        super().__init__("The thread's title")
