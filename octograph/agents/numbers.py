"""Numbers as people and models write them in a text: 1,200, -$3.50, 2e6."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Number", "numbers_in", "only_number"]

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
    start, end
        Its characters, a sign and a currency included.
    value
        None if it is larger than a float holds: any two such would be alike.

    """

    start: int
    end: int
    value: float | None


def numbers_in(text: str) -> Iterator[Number]:
    """Give the numbers of a text, from its beginning.

    Commas between thousands, a currency's sign and what stands behind the number are left aside.

    Examples
    --------
    >>> [number.value for number in numbers_in("12 * 100 = 1,200, so the answer is -$1,200.50.")]
    [12.0, 100.0, 1200.0, -1200.5]

    """
    for found in _NUMBER.finditer(text):
        yield Number(start=found.start(), end=found.end(), value=_value(found))


def only_number(text: str) -> Number | None:
    """Return the number that a text is, None if it is more or less than one.

    Examples
    --------
    >>> only_number("$5.00").value, only_number("5 apples")
    (5.0, None)

    """
    found = _NOTHING_BUT.fullmatch(text)
    return None if found is None else Number(start=0, end=len(text), value=_value(found))


def _value(found: re.Match[str]) -> float | None:
    value = float(found["digits"].replace(",", ""))
    if math.isinf(value):
        return None
    return -value if found["sign"] else value
