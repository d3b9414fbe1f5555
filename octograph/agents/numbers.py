"""Numbers in what models write, and where they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Number", "last_number", "numbers", "only_number"]

# A minus behind a word, a number or a bracket is a hyphen, a range or a subtraction.
_SIGN = r"(?:(?<![\w)\]}])[-\u2212])?"
_CURRENCY = r"(?:[$€£¥₹]\s?)?"
# A digit that hangs on a word belongs to it: CO2, m2, cm^2.
_DIGITS = r"(?<![\w^])(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+"
_EXPONENT = r"(?:[eE][-+]?[0-9]+(?![0-9]))?"
_NUMBER = re.compile(rf"(?P<sign>{_SIGN}){_CURRENCY}(?P<digits>(?:{_DIGITS}){_EXPONENT})")
_NOTHING_BUT = re.compile(rf"\s*[+≈=]?\s*{_NUMBER.pattern}\s*[%$€£¥₹]?\s*\.?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a text.

    Attributes
    ----------
    value
        Of commas between thousands, a currency's sign and what stands behind it nothing is left.
    start, end
        Its characters, from its sign to its last digit.

    """

    value: float
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of a text in their order; those too long for a float are left out.

    Examples
    --------
    >>> [number.value for number in numbers("12 * 100 = 1,200, so the answer is -$1,200.50.")]
    [12.0, 100.0, 1200.0, -1200.5]

    """
    for found in _NUMBER.finditer(text):
        number = _number(found)
        if number is not None:
            yield number


def last_number(text: str) -> Number | None:
    """Return the number that a text ends with, None if there is none in it.

    Examples
    --------
    >>> last_number("They have 1,000 apples.")
    Number(value=1000.0, start=10, end=15)

    """
    last = None
    for last in numbers(text):  # noqa: B007  # the last one is wanted
        pass
    return last


def only_number(text: str) -> Number | None:
    """Return the number that a text is, None if it is anything else.

    Examples
    --------
    >>> only_number(" = $5. "), only_number("5 apples")
    (Number(value=5.0, start=4, end=5), None)

    """
    found = _NOTHING_BUT.fullmatch(text)
    return None if found is None else _number(found)


def _number(found: re.Match[str]) -> Number | None:
    value = float(found["digits"].replace(",", ""))
    if math.isinf(value):  # any two numbers as long as that would be alike
        return None
    signed = bool(found["sign"])
    return Number(
        value=-value if signed else value, start=found.start("sign" if signed else "digits"), end=found.end("digits")
    )
