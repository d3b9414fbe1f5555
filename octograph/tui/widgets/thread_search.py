"""The line in which threads are looked for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from octograph.tui.widgets.line_input import LineInput

__all__ = ["ThreadSearch"]


class ThreadSearch(LineInput):
    """Words of questions and answers; the list follows while they are written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "submit", "To the list", tooltip="Go to the threads that were found"),
    ]

    def __init__(self) -> None:
        super().__init__("Words of a question or an answer")
