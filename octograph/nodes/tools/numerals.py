"""English number words, turned into digits.

``"five plus twenty-one"`` becomes ``"5 plus 21"``.
Words that are no numbers, and numbers in digits, stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["ORDINALS", "TENS", "Digits", "digits_for_words"]

ORDINALS: Final = {
    word: number
    for number, word in enumerate(
        (
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
            "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
        ),
        start=1,
    )
}  # fmt: skip
"""Ordinal words below twenty, in their order."""

_UNITS: Final = {
    word: value
    for value, word in enumerate(
        (
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
            "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
        )
    )
}  # fmt: skip
TENS: Final = {
    word: 10 * value
    for value, word in enumerate(
        (
            "twenty",
            "thirty",
            "forty",
            "fifty",
            "sixty",
            "seventy",
            "eighty",
            "ninety",
        ),
        start=2,
    )
}
_SCALES: Final = {
    "dozen": 12,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_WORD: Final = re.compile(r"[A-Za-z]+")
_GAP: Final = re.compile(r"\s+|-(?=[A-Za-z])")
_SCALED: Final = re.compile(
    r"(?<![\w.,])([0-9][0-9,]*(?:\.[0-9]+)?)\s+(dozen|hundred|thousand|million|billion|trillion)\b"
)
_WHOLE: Final = re.compile(r"[0-9]{1,20}|[0-9]{1,3}(?:,[0-9]{3}){1,6}")
_MAX_DECIMALS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """A text whose number words are digits.

    Parameters
    ----------
    text
        The text.
    joined
        Whether a number held an "and" ("one hundred and five"), which a list of numbers cannot tell
        from its own "and".

    """

    text: str
    joined: bool


def digits_for_words(text: str) -> Digits:
    """Write the number words of a text in digits.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    Digits
        The same text with digits.

    Examples
    --------
    >>> digits_for_words("one hundred and five times twenty-two")
    Digits(text='105 times 22', joined=True)

    """
    pieces: list[str] = []
    joined = False
    position = 0
    for match in _WORD.finditer(text):
        if match.start() < position:
            continue
        before = text[match.start() - 1] if match.start() else " "
        if before.isalnum() or before in "_'":
            continue
        read = _read_number(text, match.start())
        if read is None:
            continue
        written, end, with_and = read
        pieces += [text[position : match.start()], written]
        joined = joined or with_and
        position = end
    pieces.append(text[position:])
    return Digits(text=_spell_scales("".join(pieces)), joined=joined)


def _spell_scales(text: str) -> str:
    """Multiply out "2.5 million"."""

    def multiply(match: re.Match[str]) -> str:
        whole, _, decimals = match[1].partition(".")
        if len(decimals) > _MAX_DECIMALS or not _WHOLE.fullmatch(whole):
            return match[0]
        scale = 100 if match[2] == "hundred" else _SCALES[match[2]]
        quotient, rest = divmod(int(whole.replace(",", "") + decimals) * scale, 10 ** len(decimals))
        return match[0] if rest else str(quotient)

    return _SCALED.sub(multiply, text)


def _word_at(text: str, position: int) -> tuple[str, int] | None:
    """Return the word at a position, and where it ends."""
    match = _WORD.match(text, position)
    if match is None or (match.end() < len(text) and (text[match.end()].isalnum() or text[match.end()] in "_'")):
        return None
    return match[0].lower(), match.end()


def _next_word(text: str, position: int) -> tuple[str, int] | None:
    """Return the word after the gap at a position, and where it ends."""
    gap = _GAP.match(text, position)
    return _word_at(text, gap.end()) if gap else None


class _Numeral:
    """A number that grows word by word, as long as the words fit."""

    def __init__(self) -> None:
        self._total = 0
        self._current: int | None = None
        self._last_scale = 10**15

    @property
    def value(self) -> int:
        return self._total + (self._current or 0)

    @property
    def takes_and(self) -> bool:
        """Whether "and" may follow: after a hundred, a thousand and so on."""
        return self.value > 0 and (self._current is None or self._current % 100 == 0)

    def start_with_one(self) -> None:
        self._current = 1

    def add(self, word: str) -> bool:
        """Add a word, and return whether it fits."""
        current = self._current
        if word in _UNITS or word in TENS:
            value = _UNITS.get(word, TENS.get(word, 0))
            return self._add_small(value)
        if current is None or current == 0:
            return False
        if word == "hundred" and current < 100:
            self._current = 100 * current
            return True
        if word in _SCALES and _SCALES[word] < self._last_scale:
            self._last_scale = _SCALES[word]
            self._total += current * self._last_scale
            self._current = None
            return True
        return False

    def _add_small(self, value: int) -> bool:
        """Add a number below a hundred: at the start, after a hundred, or a digit after a ten."""
        current = self._current
        if current is None:
            self._current = value
            return True
        after_hundred = current > 0 and current % 100 == 0 and value > 0
        after_ten = 0 < value < 10 and current % 100 >= 20 and current % 10 == 0
        if after_hundred or after_ten:
            self._current = current + value
            return True
        return False


def _read_number(text: str, start: int) -> tuple[str, int, bool] | None:
    """Read the longest number at a position: its digits, where it ends, whether it held an "and"."""
    numeral = _Numeral()
    joined = False
    end = start
    word = _word_at(text, start)
    if word is not None and word[0] in {"a", "an"}:
        word = _next_word(text, word[1])
        if word is None or (word[0] not in _SCALES and word[0] != "hundred"):
            return None
        numeral.start_with_one()
    while word is not None and numeral.add(word[0]):
        end = word[1]
        word = _next_word(text, end)
        if word is not None and word[0] == "and" and numeral.takes_and:
            after = _next_word(text, word[1])
            if after is not None and (after[0] in _UNITS or after[0] in TENS):
                word, joined = after, True
    if end == start:
        return None
    decimals, end = _read_decimals(text, end)
    return f"{numeral.value}{decimals}", end, joined


def _read_decimals(text: str, end: int) -> tuple[str, int]:
    """Read "point one four" after a number."""
    point = _next_word(text, end)
    if point is None or point[0] != "point":
        return "", end
    digits = ""
    word = _next_word(text, point[1])
    while word is not None and _UNITS.get(word[0], 10) < 10:
        digits += str(_UNITS[word[0]])
        end = word[1]
        word = _next_word(text, end)
    return (f".{digits}", end) if digits else ("", end)
