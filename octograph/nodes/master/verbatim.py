"""What of a query stands for itself and has to be kept to the letter: quotations, addresses, names of files, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["is_quoted", "literals", "quotations", "stands", "unpaired_marks"]

_MARKS: Final = frozenset("\"'`“”„‟‘’‚‛«»‹›「」『』")  # noqa: RUF001  the marks that people use
_LONE: Final = frozenset('"`“”„«»‹›「」『』')  # noqa: RUF001  an apostrophe is seldom half of one
_QUOTATION: Final = re.compile(
    r'"([^"]+)"|`+([^`]+)`+|“([^“”]+)[”“]|„([^„“”]+)[“”]'
    r"|«([^«»]+)»|»([^«»]+)«|‹([^‹›]+)›|「([^「」]+)」|『([^『』]+)』"  # noqa: RUF001
    r"|(?<!\w)['‘‚](\S(?:.*?\S)?)['’‘](?!\w)",  # noqa: RUF001
    re.DOTALL,
)
_ADDRESS: Final = re.compile(r"\b(?:(?:https?|ftp|file)://|www\.|mailto:)\S+", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[^\s\"'“”‘’„«»`,;!?()\[\]{}<>]+")  # noqa: RUF001
_SPECIAL: Final = re.compile(r"[/\\@_#=~^|&*+$]|\w[.:]\w|\d[^\W\d_]|[^\W\d_]\d")
_LETTER: Final = re.compile(r"[^\W\d_]")
_SPELLED: Final = re.compile(r"[\d.,:]+(?:st|nd|rd|th|[ap]\.?m)|[ap]\.m", re.IGNORECASE)
_MEASURE: Final = re.compile(r"([\d.,]+)([^\W\d_]+)")


def quotations(text: str) -> list[str]:
    """Return what stands between quotation marks or backticks, in order, without the marks.

    Examples
    --------
    >>> quotations("Translate 'I don't know' and “oui”")
    ["I don't know", 'oui']

    """
    return [next(group for group in match.groups() if group is not None) for match in _QUOTATION.finditer(text)]


def is_quoted(quotation: str, text: str, *, times: int = 1) -> bool:
    """Whether a text holds these very words between marks of any kind, so many times."""
    found, place = 0, text.find(quotation)
    while place >= 0:
        end = place + len(quotation)
        found += place > 0 and end < len(text) and text[place - 1] in _MARKS and text[end] in _MARKS
        place = text.find(quotation, place + 1)
    return found >= times


def unpaired_marks(text: str) -> list[str]:
    """Return the double marks and backticks that belong to no quotation, such as the sign for inches."""
    return [character for character in _QUOTATION.sub("", text) if character in _LONE]


def literals(text: str) -> list[str]:
    """Return addresses, e-mail addresses, names of files, codes, identifiers and formulas, in order.

    Examples
    --------
    >>> literals("Mail ann@x.org about main.py, H2O and https://x.org/a(b) at 3 p.m.")
    ['https://x.org/a(b)', 'ann@x.org', 'main.py', 'H2O']

    """
    return list(_literals(text))


def stands(literal: str, text: str) -> bool:
    """Whether a text holds a literal, by itself and to the letter; ``12kg`` may be written ``12 kg``."""
    measure = _MEASURE.fullmatch(literal)
    pattern = rf"{re.escape(measure[1])}\s?{measure[2]}" if measure else re.escape(literal)
    return re.search(rf"(?<!\w){pattern}(?!\w)", text) is not None


def _literals(text: str) -> Iterator[str]:
    for match in _ADDRESS.finditer(text):
        yield match[0].rstrip(".,;:!?'\"”’»>")  # noqa: RUF001
    for token in _TOKEN.findall(_ADDRESS.sub(" ", text)):
        word = token.strip(".:…-–—")  # noqa: RUF001
        if _SPECIAL.search(word) and _LETTER.search(word) and not _SPELLED.fullmatch(word):
            yield word
