r"""Numbers in what models write, and where they stand.

Read are ``1,000.5`` and other thousands in groups of three (``1 000`` with a no-break or thin space, ``1'000``, LaTeX's
``1{,}000``), ``1e5`` and ``3 x 10^8``, and fractions of whole numbers: ``1/4`` and ``\frac{1}{4}``. Of times and dates
each part is a number, and a decimal comma is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Number", "last_number", "numbers", "only_number"]

# A minus, also one that was set as an en dash; behind a word, a number or a bracket it is a hyphen, a range or a
# subtraction.
_SIGN = r"(?:(?<![\w)\]}])[-\u2212\u2013])?"
_CURRENCY = r"(?:[$€£¥₹]\s?)?"
_BETWEEN_THOUSANDS = r"(?:,|\{,\}|[\u00a0\u2009\u202f'\u2019])"
# A digit that hangs on a word belongs to it: CO2, m2, cm^2.
_DIGITS = (
    rf"(?<![\w^])(?:[0-9]{{1,3}}(?:{_BETWEEN_THOUSANDS}[0-9]{{3}})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+"
)
_EXPONENT = (
    r"(?:[eE](?P<exponent>[-+]?[0-9]+)(?![0-9])"
    r"|\s?(?:[x\u00d7*·]|\\times|\\cdot)\s?10\^\{?(?P<power>[-\u2212]?[0-9]+)\}?)?"
)
# Not by 0, not a date (5/12/2024), not with a part of another number (1.5/2), and short enough to be exact.
_BELOW = r"(?!0+(?![0-9]))[0-9]{1,15}"
_FRACTION = (
    rf"(?<![\w^/.,])(?P<above>[0-9]{{1,15}})/(?P<below>{_BELOW})(?![\w/]|\.[0-9])"
    rf"|(?<!\w)\\[dt]?frac\{{(?P<top>[0-9]{{1,15}})\}}\{{(?P<bottom>{_BELOW})\}}"
)
_NUMBER = re.compile(rf"(?P<sign>{_SIGN}){_CURRENCY}(?P<body>{_FRACTION}|(?P<digits>{_DIGITS}){_EXPONENT})")
_NOTHING_BUT = re.compile(rf"\s*[+≈=]?\s*{_NUMBER.pattern}\s*[%$€£¥₹]?\s*\.?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a text.

    Attributes
    ----------
    value
        Of marks between thousands, a currency's sign and what stands behind it nothing is left.
    start, end
        Its characters, from its sign to its end.

    """

    value: float
    start: int
    end: int

    @property
    def spelling(self) -> str:
        """The same for the same values, however they are written; digits that binary fractions round are left out."""
        return f"{self.value + 0.0:.15g}"  # -0 is 0


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of a text in their order; those too long for a float are left out.

    Examples
    --------
    >>> [number.value for number in numbers("12 * 100 = 1,200, so the answer is -$1,200.50.")]
    [12.0, 100.0, 1200.0, -1200.5]
    >>> [number.value for number in numbers("1/4 of 3 x 10^8, on 5/12/2024")]
    [0.25, 300000000.0, 5.0, 12.0, 2024.0]

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
    value = _value(found)
    if math.isinf(value):  # any two numbers as long as that would be alike
        return None
    signed = bool(found["sign"])
    return Number(
        value=-value if signed else value, start=found.start("sign" if signed else "body"), end=found.end("body")
    )


def _value(found: re.Match[str]) -> float:
    above, below = found["above"] or found["top"], found["below"] or found["bottom"]
    if above is not None:
        return int(above) / int(below)
    digits = re.sub(r"[^0-9.]", "", found["digits"])
    power = (found["exponent"] or found["power"] or "0").replace("\u2212", "-")
    return float(f"{digits}e{power}")
