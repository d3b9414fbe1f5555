"""All keys, as the classes declare them and the user changed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from octograph.tui.control.actions import Action, Place
from octograph.tui.control.keys import key_name

__all__ = ["HelpScreen"]

_WIDTH = 75
"""What 80 columns leave between the borders, beside the scrollbar."""
_KEYS = 13
_GAP = 2
_UNBROKEN = "\N{NO-BREAK SPACE}"
_FOOT = """
Tab and shift+tab go from part to part of a screen. The palette has everything that can be done, with a key or without.
`keys` in the configuration gives other keys to what stands on the right: keys = { "chat.stop" = "alt+s" }"""


class HelpScreen(ModalScreen[None]):
    """A table of keys.

    Parameters
    ----------
    places
        Where there are keys, with those that hold now.

    """

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll { width: 80; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
                                  border: round $primary; background: $surface; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss", "Close", tooltip="Close")]

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        """Make the table."""
        with VerticalScroll() as dialog:
            dialog.border_title = "Keys"
            dialog.border_subtitle = "↑ ↓ scroll · esc closes"
            yield Static(Content("\n").join(self._lines()))

    def _lines(self) -> Iterator[Content]:
        names = max(len(_name(action)) for place in self._places for action in place.actions)
        told = _WIDTH - _KEYS - names - 2 * _GAP
        for number, place in enumerate(self._places):
            title = f"{place.title:<{_KEYS + told + 2 * _GAP}}"
            yield Content.assemble("\n" if number else "", (title, "bold"), (f"{place.name}.", "$text-muted"))
            for action in place.actions:
                keys = ", ".join(key_name(key).replace(" ", _UNBROKEN) for key in action.keys) or "—"
                columns = (wrap(keys, _KEYS), wrap(action.tooltip, told), [_name(action)])
                for key, tooltip, name in zip_longest(*columns, fillvalue=""):
                    yield Content.assemble(
                        (f"{key:<{_KEYS + _GAP}}", "$text-accent"), f"{tooltip:<{told + _GAP}}", (name, "$text-muted")
                    )
        yield Content.styled(_FOOT, "$text-muted")


def _name(action: Action) -> str:
    """Return what stands behind the place in an id."""
    return action.id.rpartition(".")[2]
