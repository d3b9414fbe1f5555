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
        self._left: tuple[Shown, ...] = ()
        self._right: tuple[Shown, ...] = ()

    def on_mount(self) -> None:
        """Listen for changes."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def render(self) -> Content:
        """Lay the keys out, as many as there is room for, and the one of the palette at the right edge."""
        edge = Content.styled("▏", self.get_visual_style("key-line--edge"))
        right = Content.assemble(*(part for each in self._right for part in (edge, *self._content(each))))
        room = self.size.width - right.cell_length
        fitting = [each for each, end in zip(self._left, accumulate(self._widths), strict=True) if end <= room]
        left = Content.assemble(*(part for each in fitting for part in (Content(" "), *self._content(each))))
        return Content.assemble(left.pad_right(room - left.cell_length), right)

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
        palette = self.app.COMMAND_PALETTE_BINDING
        left: dict[str, Shown] = {}
        right: dict[str, Shown] = {}
        for key, (_, binding, enabled, tooltip) in screen.active_bindings.items():
            name = self.app.get_key_display(binding)
            shown = Shown(binding.key, name, binding.description, enabled, tooltip or binding.tooltip)
            if key == palette:
                right[key] = shown
            elif binding.show:
                left.setdefault(binding.action, shown)
        found = (*left.values(),), (*right.values(),)
        if found != (self._left, self._right):
            self._left, self._right = found
            self.refresh()

    def _content(self, shown: Shown) -> Iterator[Content]:
        dim = "" if shown.enabled else "dim"
        for text, part in ((f"{shown.name} ", "key-line--key"), (f"{shown.does} ", "key-line--does")):
            yield Content.styled(text, self.get_visual_style(part)).stylize(dim)

    @property
    def _widths(self) -> list[int]:
        return [each.width for each in self._left]

    def _at(self, x: int) -> Shown | None:
        """The key at a column."""
        room = self.size.width - sum(each.width for each in self._right)
        if x >= room:
            return next(iter(self._right), None)
        ends = zip(self._left, accumulate(self._widths), strict=True)
        return next((each for each, end in ends if x < end <= room), None)
