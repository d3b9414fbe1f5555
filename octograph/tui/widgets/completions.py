"""The list of paths that may be meant by what is being written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from octograph.tui.documents.path_finder import Completion, PathFinder

if TYPE_CHECKING:
    from textual.geometry import Size

__all__ = ["Completions"]


class Completions(OptionList, can_focus=False):
    """Stands above the widget that is written in, which keeps the focus and passes keys on with `press`.

    Parameters
    ----------
    finder
        Finds the paths, in a thread.
    take
        Is told the path that the user takes, and whether to go on below it.

    """

    DEFAULT_CSS = """
    Completions { overlay: screen; offset: 0 -100%; display: none; height: auto; max-height: 10; max-width: 110;
                  margin: 0 1; padding: 0 1; border: round $primary; background: $surface;
                  border-subtitle-color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
                  scrollbar-size-vertical: 1; scrollbar-background: $surface; }
    Completions > .option-list--option { padding: 0; }
    Completions > .option-list--option-highlighted { background: $block-cursor-background; text-style: bold;
                                                     color: $block-cursor-foreground; }
    """

    def __init__(self, finder: PathFinder, *, take: Callable[[str, bool], None]) -> None:
        super().__init__(markup=False)
        self._finder = finder
        self._take = take
        self._found: list[Completion] = []
        self._wanted: str | None = None
        self._looking = False
        self._refused = False
        self.border_subtitle = "↑ ↓   tab takes   esc closes"

    @property
    def current(self) -> Completion | None:
        """The path under the cursor."""
        return None if self.highlighted is None else self._found[self.highlighted]

    def look_for(self, path: str) -> None:
        """Show what may be meant by the beginning of a path, unless the user closed the list."""
        self._wanted = path
        if not (self._refused or self._looking):
            self._looking = True
            self._look()

    def close(self) -> None:
        """Nothing is being written that could be a path."""
        self._refused = False
        if self._wanted is not None:
            self._hide()

    def press(self, key: str) -> bool:
        """Act on a key, and return whether it was meant for the list."""
        if not (self.is_attached and self.display):  # before it is mounted, no style hides it
            return False
        current = self.current
        match key:
            case "up":
                self.action_cursor_up()
            case "down":
                self.action_cursor_down()
            case "escape":
                self._hide()
                self._refused = True
            case "enter" if current is None or current.text == self._wanted:  # it is written already
                self.close()
                return False
            case "enter" | "tab":
                taken = current or self._found[0]
                self._take(taken.text, key == "tab" and taken.folder)
            case _:
                return False
        return True

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Take the path that was clicked."""
        event.stop()
        self._take(self._found[event.option_index].text, False)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the whole width, so that the list does not jump while it is narrowed down."""
        return container.width

    @work
    async def _look(self) -> None:
        """Look, one query after another, until all is found for the latest."""
        shown: str | None = None
        try:
            while (wanted := self._wanted) is not None:
                found = await asyncio.to_thread(self._finder.find, wanted)
                if wanted == self._wanted:
                    self._show(found, kept=self.current if wanted == shown else None)
                    shown = wanted
                    if self._finder.ended:
                        return
        finally:
            self._looking = False

    def _show(self, found: list[Completion], *, kept: Completion | None = None) -> None:
        """Show paths, with the cursor on the one that is kept, or on the first unless a folder is written already."""
        self._found = found
        self.set_options(Option(_line(completion)) for completion in found)
        chosen = not (self._wanted or "").endswith("/")
        self.highlighted = found.index(kept) if kept in found else 0 if found and chosen else None
        self.display = bool(found)

    def _hide(self) -> None:
        self._wanted = None
        self._finder.forget()
        self._show([])


def _line(completion: Completion) -> Content:
    return Content.assemble(completion.text, ("   indexed", "dim") if completion.indexed else "")
