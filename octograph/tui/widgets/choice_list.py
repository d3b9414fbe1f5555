"""Lines to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

__all__ = ["ChoiceList"]


class ChoiceList(OptionList):
    """As high as what it holds, without a frame; the cursor is seen only where the keys go.

    Parameters
    ----------
    lines
        What can be chosen.

    """

    DEFAULT_CSS = """
    ChoiceList, ChoiceList:focus { height: auto; max-height: 1000; border: none; padding: 0; background: transparent;
                                   background-tint: transparent; }
    ChoiceList > .option-list--option { padding: 0; }
    ChoiceList > .option-list--option-highlighted { color: $foreground; background: transparent; text-style: none; }
    """

    def __init__(self, lines: Sequence[Content] = (), *, classes: str | None = None) -> None:
        super().__init__(*map(Option, lines), markup=False, classes=classes)
        self.highlighted = 0 if lines else None

    def show(self, lines: Sequence[Content]) -> None:
        """Show others, with the cursor on the first."""
        self.set_options(map(Option, lines))
        self.highlighted = 0 if lines else None
