"""From a stream of token bytes to a stream of text: whole characters, and nothing of a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

__all__ = ["TextStream"]


class TextStream:
    """Turns pieces of UTF-8 into text that can be shown at once.

    A character that is split over tokens is held back until it is whole, and the beginning of what may become
    a stop string until it is clear that it does not.

    Examples
    --------
    >>> stream = TextStream(stop=["END"])
    >>> stream.push(b"to be E"), stream.push(b"NDless"), stream.stopped
    ('to be ', '', True)

    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stops = [text for text in stop if text]
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self.stopped = False

    def push(self, piece: bytes) -> str:
        """Add the bytes of one token and return the text that is now certain."""
        return self._release(self._decoder.decode(piece))

    def finish(self) -> str:
        """Return what was held back; the stream is over."""
        text = self._release(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        return text + ("" if self.stopped else held)

    def _release(self, text: str) -> str:
        if self.stopped:
            return ""
        self._held += text
        found = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            certain, self._held = self._held[: min(found)], ""
            return certain
        keep = max((self._overlap(stop) for stop in self._stops), default=0)
        split = len(self._held) - keep
        certain, self._held = self._held[:split], self._held[split:]
        return certain

    def _overlap(self, stop: str) -> int:
        """Length of the longest end of the held text that begins `stop`."""
        longest = min(len(stop) - 1, len(self._held))
        return next((size for size in range(longest, 0, -1) if self._held.endswith(stop[:size])), 0)
