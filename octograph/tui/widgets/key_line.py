"""The line of keys at the bottom of a screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

__all__ = ["KeyLine"]


class Shown(NamedTuple):
    """A key as it is shown."""

    key: str
    name: str
    does: str
    enabled: bool
    tooltip: str

    @property
    def width(self) -> int:
        """Cells, with a blank around the key and one behind what it does."""
        return cell_len(self.name) + cell_len(self.does) + 3


class KeyLine(Widget, can_focus=False):
    """Shows the keys that do something now; a click is as good as the key.

    Textual's own footer has a widget for each key and makes all of them anew at each change, which holds up what is
    typed for 50 ms whenever an answer begins or ends. This is one widget, and paints only what is new.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--does", "key-line--edge"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1; color: $footer-foreground; background: $footer-background; text-wrap: nowrap;
        .key-line--key { color: $footer-key-foreground; background: $footer-key-background; text-style: bold; }
        .key-line--does { color: $footer-description-foreground; background: $footer-description-background; }
        .key-line--edge { color: $foreground 20%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Shown, ...] = ()
        self._palette: Shown | None = None

    def on_mount(self) -> None:
        """Listen for changes."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def render(self) -> Content:
        """Lay the keys out, as many as there is room for, and the one of the palette at the right edge."""
        blank = Content(" ")
        keys = Content.assemble(*(part for each, _ in self._fitting() for part in (blank, *self._content(each))))
        keys = keys.pad_right(self._room - keys.cell_length)
        if self._palette is None:
            return keys
        edge = Content.styled("▏", self.get_visual_style("key-line--edge"))
        return Content.assemble(keys, edge, *self._content(self._palette))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key that was clicked."""
        shown = self._at(event.x)
        if shown is not None and shown.enabled:
            self.app.simulate_key(shown.key)
        elif shown is not None:
            self.app.bell()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say more about the key under the mouse."""
        shown = self._at(event.x)
        self.tooltip = None if shown is None else Content(shown.tooltip)

    def _look(self, screen: Screen[object]) -> None:
        """Find out what the keys do now."""
        if not (self.is_attached and screen is self.screen):
            return
        palette: Shown | None = None
        keys: dict[str, Shown] = {}
        for key, (_, binding, enabled, tooltip) in screen.active_bindings.items():
            name = self.app.get_key_display(binding)
            shown = Shown(binding.key, name, binding.description, enabled, tooltip or binding.tooltip)
            if key == self.app.COMMAND_PALETTE_BINDING:
                palette = shown
            elif binding.show:
                keys.setdefault(binding.action, shown)  # an action may have several
        if ((*keys.values(),), palette) != (self._keys, self._palette):
            self._keys, self._palette = (*keys.values(),), palette
            self.refresh()

    def _content(self, shown: Shown) -> Iterator[Content]:
        dim = "" if shown.enabled else "dim"
        for text, part in ((f"{shown.name} ", "key-line--key"), (f"{shown.does} ", "key-line--does")):
            yield Content.styled(text, self.get_visual_style(part)).stylize(dim)

    @property
    def _room(self) -> int:
        """Cells beside the key of the palette."""
        return self.size.width - (0 if self._palette is None else self._palette.width)

    def _fitting(self) -> Iterator[tuple[Shown, int]]:
        """The keys that there is room for, and the column behind each."""
        ends = zip(self._keys, accumulate(each.width for each in self._keys), strict=True)
        return ((each, end) for each, end in ends if end <= self._room)

    def _at(self, x: int) -> Shown | None:
        """The key at a column."""
        if x >= self._room:
            return self._palette
        return next((each for each, end in self._fitting() if x < end), None)
