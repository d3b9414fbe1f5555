"""The text of an answer, as a model writes it."""

from __future__ import annotations

import re

from textual.timer import Timer
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownStream

from octograph.terminal import plain
from octograph.tui.widgets.markup import parser

__all__ = ["BETWEEN_LAYOUTS", "Written", "may_be_a_fence"]

BETWEEN_LAYOUTS = 0.15
"""Seconds; a layout for each token would take the cores that the model needs."""

_FENCE = re.compile(
    r"""
    (?: [ \t>] | [-*+][ \t] | \d+[.)][ \t] )*   # in quotes and lists too
    (?: `{1,2} | `{3,}[^`]* | ~{1,2} | ~{3,}.* )
    """,
    re.VERBOSE,
)


class Written(Markdown):
    """Markdown that grows at its end; hidden while there is none.

    A line that may become the beginning or the end of a block of code is held back until it is whole: it would be shown
    as text first, and the code in another language.

    Parameters
    ----------
    text
        What is there at first.

    """

    def __init__(self, text: str = "") -> None:
        super().__init__(plain(text), classes="written", parser_factory=parser, open_links=False)
        self.display = bool(text)
        self._text = text
        self._kept = ""
        self._held = ""
        self._stream: MarkdownStream | None = None
        self._next_layout: Timer | None = None

    @property
    def text(self) -> str:
        """All that was written, as it came."""
        return self._text

    async def write(self, text: str) -> None:
        """Show a further piece."""
        self._text += text
        self._held += plain(text)
        if self._stream is None:
            self._stream = Markdown.get_stream(self)
            self.display = True
            await self._lay_out()
        elif self._next_layout is None:
            self._next_layout = self.set_timer(BETWEEN_LAYOUTS, self._lay_out)

    async def end(self) -> None:
        """Show what was held back: nothing follows now."""
        if self._next_layout is not None:
            self._next_layout.stop()
            self._next_layout = None
        stream, self._stream = self._stream, None
        if stream is not None:
            held, self._held = self._held, ""
            await stream.write(held)
            await stream.stop()

    async def keep(self) -> None:
        """What is there now stays when the rest is taken back."""
        await self.write("\n\n")
        await self.end()
        self._kept = self._text

    async def take_back(self) -> None:
        """Remove what was written, down to what is kept."""
        await self.end()
        if self._text != self._kept:
            self._text = self._kept
            await self.update("")
            await self.append(plain(self._kept))  # what is streamed next is appended to it
        self.display = bool(self._kept)

    async def become(self, text: str) -> None:
        """Show this instead, and keep nothing."""
        await self.end()
        self._kept = ""
        if text != self._text.strip():
            self._text = text
            await self.update(plain(text))
        self.display = bool(text)

    async def _lay_out(self) -> None:
        """Show what was written since the last time, but for a line that may become a fence."""
        self._next_layout = None
        if self._stream is None:
            return
        line = plain(self._text.rpartition("\n")[2])
        held = min(len(line), len(self._held)) if may_be_a_fence(line) else 0
        ready = len(self._held) - held
        text, self._held = self._held[:ready], self._held[ready:]
        await self._stream.write(text)


def may_be_a_fence(line: str) -> bool:
    """Whether a line that is not whole yet may become the beginning or the end of a block of code.

    Examples
    --------
    >>> may_be_a_fence("``"), may_be_a_fence("- ```py"), may_be_a_fence("`x` is")
    (True, True, False)

    """
    return _FENCE.fullmatch(line) is not None
