"""What a terminal would show of the bytes that a program writes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rich.cells import cell_len

__all__ = ["Control", "Screen"]

_TOKEN = re.compile(
    r"""
      \x1b\[ (?P<parameters>[0-?]*) (?P<between>[\ -/]*) (?P<final>[@-~])         # CSI
    | \x1b (?P<opener>[\]P_^X]) (?P<body>[^\x07\x1b]*) (?:\x07|\x1b\\)             # OSC, DCS, APC, PM, SOS
    | \x1b (?P<escape>[\ -/]*[0-OQ-WYZ\\`-~])
    | \x1b (?P<cut>\[[0-?]*+[\ -/]*+(?=[^@-~]) | [\]P_^X][^\x07\x1b]*(?=\x1b[^\\]) | [\ -/]*+(?=[^\ -~]))  # by the next
    | (?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])
    | (?P<text>[^\x00-\x1f\x7f-\x9f]+)
    """,
    re.VERBOSE,
)
_OPENERS = {"]": "OSC", "P": "DCS", "_": "APC", "^": "PM", "X": "SOS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that a terminal obeys instead of showing it.

    Attributes
    ----------
    kind
        ``CSI``, ``OSC``, ``DCS``, ``APC``, ``PM``, ``SOS``, ``ESC``, ``cut`` for what is cut short, or ``C0``
        and ``C1`` for single characters.
    name
        What tells it from others of its kind: the last character, of a mode with its number.
    body
        All of it behind its introducer.

    """

    kind: str
    name: str
    body: str


class Screen:
    r"""A grid of characters, and everything that came beside them.

    Knows how to move the cursor and how to clear, which is all that a full screen app does to text.

    Parameters
    ----------
    columns, lines
        How large it is.

    Attributes
    ----------
    controls
        Everything beside the text, in order.
    unfinished
        The beginning of a sequence that waits for its end.

    Examples
    --------
    >>> screen = Screen(20, 2)
    >>> screen.feed(b"\x1b[2;3Hhere\x1b[?25l")
    >>> screen.text.splitlines()
    ['', '  here']
    >>> [each.name for each in screen.controls]
    ['H', '?25l']

    """

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.controls: list[Control] = []
        self.unfinished = ""
        self._grid = [[" "] * columns for _ in range(lines)]
        self._x = self._y = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """What is shown, line by line."""
        return "\n".join("".join(line).rstrip() for line in self._grid)

    def feed(self, written: bytes) -> None:
        """Take what was written; a sequence that is not complete waits for its end."""
        text = self.unfinished + self._decoder.decode(written)
        place = 0
        while place < len(text):
            token = _TOKEN.match(text, place)
            if token is None:
                break
            place = token.end()
            if (shown := token["text"]) is not None:
                self._write(shown)
            else:
                self._obey(_control(token))
        self.unfinished = text[place:]

    def _write(self, text: str) -> None:
        if text.isascii():
            self._put(list(text))
            return
        cells: list[str] = []
        for character in text:
            width = cell_len(character)
            if width == 0 and cells:
                cells[-1] += character
            else:
                cells += [character, *[""] * (width - 1)]
        self._put(cells)

    def _put(self, cells: list[str]) -> None:
        if self._y < self.lines:
            fitting = cells[: self.columns - self._x]
            self._grid[self._y][self._x : self._x + len(fitting)] = fitting
        self._x = min(self.columns, self._x + len(cells))

    def _obey(self, control: Control) -> None:
        self.controls.append(control)
        numbers = [int(number) if number.isdigit() else 0 for number in control.body[:-1].split(";")]
        match control.kind, control.name:
            case "CSI", "H":
                row, column = (*numbers, 0)[:2]
                self._y, self._x = max(0, row - 1), max(0, column - 1)
            case "CSI", "J":
                self._grid = [[" "] * self.columns for _ in range(self.lines)]
            case "C0", "\n":
                self._y += 1
            case "C0", "\r":
                self._x = 0
            case "C0", "\b":
                self._x = max(0, self._x - 1)
            case _:
                pass


def _control(token: re.Match[str]) -> Control:
    if (final := token["final"]) is not None:
        parameters, between = token["parameters"], token["between"]
        private = parameters[:1] if parameters[:1] in "<=>?" else ""
        name = f"{parameters}{between}{final}" if final in "hl" else f"{private}{between}{final}"
        return Control(kind="CSI", name=name, body=f"{parameters}{between}{final}")
    if (opener := token["opener"]) is not None:
        return Control(kind=_OPENERS[opener], name=token["body"].partition(";")[0], body=token["body"])
    if (escape := token["escape"]) is not None:
        return Control(kind="ESC", name=escape, body=escape)
    if (cut := token["cut"]) is not None:
        return Control(kind="cut", name=cut[:1], body=cut)
    control = token["control"]
    return Control(kind="C0" if control < "\x80" else "C1", name=control, body=control)
