"""Server-sent events, as servers stream a chat by them (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Lines are split here: those of httpx also end at U+2028 and its like, which may stand within a JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["EventReader"]

_LINE_END = re.compile(rb"\r\n|\n|\r")
_DATA = {b"data", b"error"}  # llama-server says `error:` where something went wrong halfway


class EventReader:
    r"""Makes events of the bytes that arrive.

    Examples
    --------
    >>> reader = EventReader()
    >>> list(reader.feed(b"data: 1\n\nda")), list(reader.feed(b"ta: 2\n\n"))
    ([b'1'], [b'2'])

    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the data of each event that is whole now."""
        text = self._rest + piece
        # A carriage return that came last may be the first half of a line's end.
        held = b"\r" if text.endswith(b"\r") else b""
        lines = _LINE_END.split(text[: len(text) - len(held)])
        self._rest = lines.pop() + held
        for line in lines:
            if line:
                self._take(line)
            elif self._data:
                yield b"\n".join(self._data)
                self._data = []

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name in _DATA:
            self._data.append(value.removeprefix(b" "))
