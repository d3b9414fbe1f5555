"""Exact fractions, written as decimals.

Every rounding of the tools happens here, on exact values, half away from zero, and once.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

__all__ = ["exact_decimal", "round_places", "round_significant"]

_MAX_EXACT: Final = 15
_SMALLEST_PLAIN: Final = -7
_LARGEST_PLAIN: Final = 15


def exact_decimal(value: Fraction, *, max_decimals: int = _MAX_EXACT) -> str | None:
    """Write a fraction as a plain decimal, if it is one.

    Parameters
    ----------
    value
        The fraction.
    max_decimals
        Most digits after the point.

    Returns
    -------
    str | None
        The decimal, or ``None`` if it does not end within ``max_decimals``.

    Examples
    --------
    >>> exact_decimal(Fraction(12, 5)), exact_decimal(Fraction(1, 3))
    ('2.4', None)

    """
    if (10**max_decimals * value).denominator != 1:
        return None
    return _strip(round_places(value, max_decimals))


def round_places(value: Fraction, places: int) -> str:
    """Round to a number of digits after the point.

    Examples
    --------
    >>> round_places(Fraction(2, 3), 2)
    '0.67'

    """
    scaled = _round_half_away(abs(value) * 10**places)
    digits = str(scaled).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 and scaled else text


def round_significant(value: Fraction, digits: int) -> str:
    """Round to significant digits; very large and very small values are in scientific notation.

    Examples
    --------
    >>> round_significant(Fraction(29, 35), 9)
    '0.828571429'
    >>> round_significant(Fraction(2) ** 100, 4)
    '1.268e30'

    """
    if not value:
        return "0"
    exponent = _exponent(abs(value))
    scaled = _round_half_away(abs(value) * Fraction(10) ** (digits - 1 - exponent))
    if scaled == 10**digits:
        exponent += 1
        scaled //= 10
    sign = "-" if value < 0 else ""
    if _SMALLEST_PLAIN <= exponent < max(_LARGEST_PLAIN, digits):
        rounded = Fraction(scaled) * Fraction(10) ** (exponent - digits + 1)
        return sign + _strip(round_places(rounded, max(0, digits - 1 - exponent)))
    mantissa = _strip(round_places(Fraction(scaled, 10 ** (digits - 1)), digits - 1))
    return f"{sign}{mantissa}e{exponent}"


def _exponent(value: Fraction) -> int:
    """Return the power of ten of the first digit of a positive value."""
    guess = len(str(value.numerator)) - len(str(value.denominator))
    return guess if value >= Fraction(10) ** guess else guess - 1


def _round_half_away(value: Fraction) -> int:
    """Round a value that is not negative to a whole number, halves upwards."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _strip(text: str) -> str:
    """Drop the zeros that end a decimal."""
    return text.rstrip("0").rstrip(".") if "." in text else text
