"""Something that can be opened and read, and what can be opened in it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Collapsible, Static
from textual.widgets.collapsible import CollapsibleTitle

from octograph.tui.drawing.sections import Part
from octograph.tui.drawing.strokes import Strokes

__all__ = ["Section"]


class Section(Collapsible):
    """A title; Enter on it shows or hides the rest.

    Parameters
    ----------
    part
        What it says.
    strokes
        What it is drawn with.

    """

    DEFAULT_CSS = """
    Section { border: none; padding: 0; background: transparent; background-tint: transparent; }
    Section:focus-within { background-tint: transparent; }
    Section > CollapsibleTitle { width: 100%; padding: 0; }
    Section > CollapsibleTitle:focus { text-style: bold underline; }
    Section > Contents { padding: 0 0 1 2; }
    Section Section > Contents { padding: 0 0 0 2; }
    Section Static.said { height: auto; }
    """

    def __init__(self, part: Part, strokes: Strokes) -> None:
        said = Static(Content("\n").join(part.lines), classes="said")
        said.display = bool(part.lines)
        super().__init__(
            said,
            *(Section(each, strokes) for each in part.parts),
            collapsed=not part.open,
            collapsed_symbol=strokes.closed,
            expanded_symbol=strokes.opened,
        )
        self._part = part

    def on_mount(self) -> None:
        """Put the title, which would be read as markup if it was given to the constructor."""
        self.query_one(CollapsibleTitle).label = self._part.title
