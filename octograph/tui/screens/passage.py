"""A passage that an answer rests on, to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.drawing.lines import one_line

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Citation

__all__ = ["PassageScreen"]


class PassageScreen(ModalScreen[None]):
    """Where the passage stands, how near it is to the question, and its text; nothing is opened for it.

    Parameters
    ----------
    citation
        The passage.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", tooltip="Close"),
    ]
    DEFAULT_CSS = """
    PassageScreen { align: center middle; }
    PassageScreen > VerticalScroll { width: 100%; max-width: 96; height: auto; max-height: 100%; padding: 0 1;
                                     border: round $primary; background: $surface; scrollbar-size-vertical: 1;
                                     scrollbar-background: $surface; scrollbar-color: $panel-lighten-2;
                                     border-subtitle-color: $text-muted; }
    PassageScreen Static { height: auto; }
    """

    def __init__(self, citation: Citation) -> None:
        super().__init__()
        self._citation = citation

    def compose(self) -> ComposeResult:
        """Make the text."""
        with VerticalScroll() as dialog:
            dialog.border_title = f"Passage {self._citation.number}"
            dialog.border_subtitle = "↑ ↓ scroll, esc closes"
            yield Static(Content("\n").join(self._lines()))

    def _lines(self) -> Iterator[Content]:
        one = self._citation
        if one.title:
            yield Content.styled(one_line(one.title), "bold")
        yield Content.styled(one_line(one.place), "$text-muted")
        if one.similarity is not None:
            yield Content.styled(f"similarity to the question: {one.similarity:.2f}", "$text-muted")
        yield Content("")
        yield Content(plain(one.text))
