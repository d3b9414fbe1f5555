"""All keys, from the tables that bind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

__all__ = ["HelpScreen"]


class HelpScreen(ModalScreen[None]):
    """A table of keys.

    Parameters
    ----------
    tables
        Binding tables, by where they hold.

    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss", "Close", tooltip="Close")]

    def __init__(self, tables: Mapping[str, Sequence[BindingType]]) -> None:
        super().__init__()
        self._tables = tables

    def compose(self) -> ComposeResult:
        """Make the table."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = "Keys"
            dialog.border_subtitle = "esc closes"
            yield Static(Content("\n").join(self._lines()))

    def _lines(self) -> Iterable[Content]:
        tables = {place: [b for b in table if isinstance(b, Binding)] for place, table in self._tables.items()}
        width = max(len(_keys(binding)) for table in tables.values() for binding in table)
        for number, (place, table) in enumerate(tables.items()):
            yield Content.styled(f"\n{place}" if number else place, "bold")
            for binding in table:
                yield Content.assemble(
                    (f"  {_keys(binding):<{width}}  ", "$text-accent"), binding.tooltip or binding.description
                )


def _keys(binding: Binding) -> str:
    names = {"escape": "esc", "pageup": "page up", "pagedown": "page down"}
    return ", ".join(names.get(key, key) for key in binding.key.split(","))
