"""The numbers of an English query, in one spelling: digits, whatever they were written in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from octograph.nodes.tools.numerals import ORDINALS, TENS, digits_for_words

__all__ = ["Quantity", "in_digits", "quantities"]

_TENTHS: Final = {f"{word.removesuffix('y')}ieth": value for word, value in TENS.items()}
_ORDINAL_WORD: Final = re.compile(
    rf"\b(?:(?:({'|'.join(TENS)})[-\s])?({'|'.join(ORDINALS)})|({'|'.join(_TENTHS)}))\b", re.IGNORECASE
)
_ORDINAL: Final = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_PERCENT: Final = re.compile(r"(?:(?<=\S)\s+)?(?:%|\bper\s?cent(?:age)?\b)", re.IGNORECASE)
_DAYTIME: Final = re.compile(r"(?<=\d)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"(?:(?<![\w)\].])[-−])?(?:\d+(?:[.,:]\d+)*|(?<!\d)\.\d+)(?:th\b|%|[ap]m\b)?|%"  # noqa: RUF001  both minus signs
)
_THOUSANDS: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?![\d,:]).*")
_COUNTED: Final = re.compile(r"[\s-]*([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text.

    Attributes
    ----------
    number
        In one spelling: ``"1200"``, ``"-0.5"``, ``"12%"``, ``"3th"`` (the ordinal), ``"3:30pm"``; ``"%"`` is a percent
        without a number.
    counted
        The lower-case word behind it; empty if there is none.

    """

    number: str
    counted: str


def in_digits(text: str) -> str:
    """Write number words, ordinals, percent and times of day one way.

    Examples
    --------
    >>> in_digits("the twenty-first of two hundred, 5 per cent, at 3 p.m.")
    'the 21th of 200, 5%, at 3pm'

    """
    text = _ORDINAL_WORD.sub(_ordinal, text)
    text = digits_for_words(text).text
    text = _PERCENT.sub("%", text)
    text = _ORDINAL.sub("th", text)
    return _DAYTIME.sub(lambda match: f"{match[1].lower()}m", text)


def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of a text that `in_digits` has spelled, in order.

    Digits are compared as they stand, but for separators of thousands: ``1.50`` is not ``1.5``, which may be a version.
    Signs such as ``½`` and ``²`` and numerals of other scripts come last, each by itself.

    Examples
    --------
    >>> [one.number for one in quantities("-5 and 1,200.50 and 1,2,3 and 40%")]
    ['-5', '1200.50', '1', '2', '3', '40%']

    """
    return tuple(_read(text))


def _read(text: str) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(text):
        written = match[0].replace("−", "-")  # noqa: RUF001
        parts = [written.replace(",", "")] if _THOUSANDS.fullmatch(written) else written.split(",")
        behind = _COUNTED.match(text, match.end())
        counted = behind[1].lower() if behind else ""
        for place, part in enumerate(parts, start=1):
            number = re.sub(r"^(-?)\.", r"\g<1>0.", part)
            yield Quantity(number, counted if place == len(parts) else "")
    if not text.isascii():
        for character in text:
            if character.isnumeric() and not character.isdecimal():
                yield Quantity(character, "")


def _ordinal(match: re.Match[str]) -> str:
    if match[3] is not None:
        return f"{_TENTHS[match[3].lower()]}th"
    tens = 0 if match[1] is None else TENS[match[1].lower()]
    return f"{tens + ORDINALS[match[2].lower()]}th"
