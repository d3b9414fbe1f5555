"""Shares and scores as text: bars, and gauges with a threshold."""

from __future__ import annotations

from octograph.tui.drawing.strokes import BLOCKS, Strokes

__all__ = ["bar", "gauge", "percent"]


def bar(share: float, width: int, strokes: Strokes = BLOCKS) -> str:
    """Return a bar of so many cells, of which a share is filled; the rest are spaces.

    Examples
    --------
    >>> bar(0.5, 3), bar(1.0, 3), bar(0.0, 3)
    ('█▌ ', '███', '   ')

    """
    steps = len(strokes.parts)
    whole, part = divmod(round(min(max(share, 0.0), 1.0) * width * steps), steps)
    filled = strokes.parts[-1] * whole + (strokes.parts[part - 1] if part else "")
    return filled.ljust(width)


def gauge(score: float, threshold: float, width: int, strokes: Strokes = BLOCKS) -> str:
    """Return a gauge that a score of 0 nats at most fills, with a mark at what it has to reach.

    The scale ends at 0 and begins at twice the threshold, or at the score if that is less.

    Examples
    --------
    >>> gauge(-0.3, -0.6, 8), gauge(-1.2, -0.6, 8)
    ('████┃█░░', '░░░░┃░░░')

    """
    least = min(2 * threshold, score) or -1.0
    filled = bar(1 - score / least, width, strokes).replace(" ", strokes.track)
    at = min(int((1 - threshold / least) * width), width - 1)
    return filled[:at] + strokes.threshold + filled[at + 1 :]


def percent(share: float) -> str:
    """Return a share for people.

    Examples
    --------
    >>> percent(0.974)
    '97 %'

    """
    return f"{share * 100:.0f} %"
