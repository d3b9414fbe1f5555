"""How far the model is that an answer waits for, in a few words and a bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from octograph.tui.drawing.bars import bar, percent
from octograph.tui.drawing.lines import one_line
from octograph.tui.drawing.strokes import Strokes

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.hosts import HostStatus

__all__ = ["loading"]

BAR: Final = 16
"""Cells."""


def loading(statuses: Iterable[HostStatus], strokes: Strokes) -> str | None:
    """Say of the first model that a request waits for how far its start is; None if none is waited for."""
    awaited = next((one for one in statuses if one.awaited), None)
    if awaited is None:
        return None
    evicted = ", ".join(map(one_line, awaited.evicted))
    return _stage(awaited, strokes) + (f" · stopped {evicted} to make room" if evicted else "")


def _stage(status: HostStatus, strokes: Strokes) -> str:
    model = one_line(status.models[0])
    if status.requantising:
        return f"requantising {model}, once…"
    if not status.loaded:  # its file is checked, or nobody knows how large it is
        return f"starting {model}…"
    filled = bar(status.loaded, BAR, strokes).replace(" ", strokes.track)
    return f"loading {model} {filled} {percent(status.loaded)}"
