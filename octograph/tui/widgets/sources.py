"""Where the passages of an answer stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain

if TYPE_CHECKING:  # see backend.py
    from octograph.agents import Citation

__all__ = ["Sources"]


class Sources(Static):
    """A line for each passage, with the number by which the answer names it; hidden without any."""

    def show(self, citations: Sequence[Citation], *, whole: bool) -> None:
        """Show them, with their text if there is no answer to read instead."""
        self.display = bool(citations)
        lines = [
            part
            for one in citations
            for part in (
                Content.styled(f"[{one.number}] {plain(one.place)}", "$text-muted"),
                *([Content(plain(one.text))] if whole else []),
            )
        ]
        self.update(Content("\n").join(lines))
