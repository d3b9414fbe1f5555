"""Which block of code is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList

from octograph.terminal import plain
from octograph.tui.widgets.choice_list import ChoiceList
from octograph.tui.widgets.code_blocks import CodeBlock

__all__ = ["ChooseCodeScreen"]


class ChooseCodeScreen(ModalScreen[CodeBlock | None]):
    """A list of blocks; returns the one that is chosen.

    Parameters
    ----------
    blocks
        The blocks, in the order of the answer.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", tooltip="Choose none"),
    ]
    DEFAULT_CSS = """
    ChooseCodeScreen { align: center middle; }
    ChooseCodeScreen > Vertical { width: 100%; max-width: 80; max-height: 100%; padding: 0 1; border: round $primary;
                                  background: $surface; border-subtitle-color: $text-muted; }
    ChooseCodeScreen ChoiceList { height: 1fr; text-wrap: nowrap; text-overflow: ellipsis;
                                  scrollbar-size-vertical: 1; scrollbar-background: $surface;
                                  scrollbar-color: $panel-lighten-2; }
    """

    def __init__(self, blocks: Sequence[CodeBlock]) -> None:
        super().__init__()
        self._blocks = tuple(blocks)

    def compose(self) -> ComposeResult:
        """Make the list."""
        with Vertical() as dialog:
            dialog.styles.height = len(self._blocks) + 2  # with the border
            dialog.border_title = "Which block?"
            dialog.border_subtitle = "enter copies, esc closes"
            yield ChoiceList([Content(plain(f"{place}. {one.title}")) for place, one in enumerate(self._blocks, 1)])

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Return the block under the cursor."""
        event.stop()
        self.dismiss(self._blocks[event.option_index])
