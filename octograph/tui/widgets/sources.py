"""Where the passages of an answer stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from octograph.terminal import plain
from octograph.tui.drawing.lines import one_line
from octograph.tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Citation

__all__ = ["Sources"]


class Sources(ChoiceList):
    """A line for each passage, with the number by which the answer names it.

    Parameters
    ----------
    citations
        The passages.
    whole
        Whether to show their text, as there is no answer to read instead.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Read", tooltip="Read the passage"),
    ]

    @dataclass
    class Opened(Message):
        """The user wants to read a passage."""

        citation: Citation

    def __init__(self, citations: Sequence[Citation], *, whole: bool = False) -> None:
        super().__init__([_line(one, whole=whole) for one in citations], classes="sources")
        self._citations = tuple(citations)

    @on(OptionList.OptionSelected)
    def open(self, event: OptionList.OptionSelected) -> None:
        """Offer the passage under the cursor."""
        event.stop()
        self.post_message(self.Opened(self._citations[event.option_index]))


def _line(citation: Citation, *, whole: bool) -> Content:
    text = f"\n{plain(citation.text)}" if whole else ""
    return Content.assemble((f"[{citation.number}] {one_line(citation.place)}", "$text-muted"), text)
