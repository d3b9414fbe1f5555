"""A computed value, written down: exactly, as a decimal, or both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.evaluator import Value, approximate
from octograph.nodes.tools.decimals import exact_decimal, round_places, round_significant

__all__ = ["Result", "Rounding", "write", "write_fraction"]

_DIGITS: Final = 9
_MAX_DECIMALS: Final = 12
_MAX_EXACT_LENGTH: Final = 60
_GUARD_DIGITS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How precise the user wants a result.

    Parameters
    ----------
    count
        How many digits.
    places
        Whether they are counted after the point; otherwise from the first digit that is not zero.

    """

    count: int
    places: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A value in writing.

    Parameters
    ----------
    exact
        The exact form, unless it is too long or says no more than the expression.
    decimal
        The decimal, unless the exact form already is one.
    rounded
        Whether the user asked for the decimal.

    """

    exact: str | None
    decimal: str | None
    rounded: bool

    @property
    def value(self) -> str:
        """The bare result: the exact form, unless the user asked for a decimal."""
        preferred = (self.decimal, self.exact) if self.rounded else (self.exact, self.decimal)
        return preferred[0] or preferred[1] or ""

    def after(self, expression: str) -> str:
        """Return the result after its expression: ``"10 / 4 = 2.5"``."""
        exact = f" = {self.exact}" if self.exact else ""
        decimal = f" ≈ {self.decimal}" if self.decimal else ""
        return f"{expression}{exact}{decimal}"


def write(value: Value, *, rounding: Rounding | None = None, unit: str = "", expression: str = "") -> Result:
    """Write a value down.

    Parameters
    ----------
    value
        The value.
    rounding
        How precise the user wants it.
    unit
        What to put after each number.
    expression
        What was computed; an exact form that only repeats it is left out.

    Returns
    -------
    Result
        The value in writing.

    Raises
    ------
    ToolError
        The value is too long, or has no decimal.

    """
    plain = _plain(value)
    exact = plain or _exact(value)
    decimal = None if plain and rounding is None else _decimal(value, rounding)
    if decimal is not None and isinstance(value, Fraction) and Fraction(decimal) == value:
        exact, decimal = decimal, None
    if decimal is not None and exact is not None and exact.replace(" ", "") == expression.replace(" ", ""):
        exact = None
    if exact is None and decimal is None:
        raise ToolError("the result is too long to be written down", hint="Ask for something simpler.")
    return Result(
        exact=None if exact is None else exact + unit,
        decimal=None if decimal is None else decimal + unit,
        rounded=rounding is not None,
    )


def write_fraction(value: Value) -> Result:
    """Write a value as a fraction, also where a decimal would be exact.

    Raises
    ------
    ToolError
        The value is none, or one that is too long.

    """
    exact = _exact(value) if isinstance(value, Fraction) else None
    if exact is None:
        raise ToolError("the result is no fraction that can be written down", hint="Ask for a decimal.")
    return Result(exact=exact.removesuffix("/1"), decimal=None, rounded=False)


def _plain(value: Value) -> str | None:
    """Write a whole number or a short decimal."""
    if not isinstance(value, Fraction):
        return None
    return str(value.numerator) if value.denominator == 1 else exact_decimal(value, max_decimals=_MAX_DECIMALS)


def _exact(value: Value) -> str | None:
    """Write a fraction, a root or a multiple of a constant."""
    if isinstance(value, Fraction):
        text = f"{value.numerator}/{value.denominator}"
    else:
        # A function that is still there was not computed: "sin(1)" is no result.
        if value.atoms(_sympy().Function):
            return None
        text = str(value).replace("**", "^").replace("I", "i").replace("E", "e")
        text = re.sub(r"(?<=[0-9])\*i", "i", text)
    return text if len(text) <= _MAX_EXACT_LENGTH else None


def _decimal(value: Value, rounding: Rounding | None) -> str | None:
    """Round a value, or return ``None`` if it is not real."""
    size = approximate(value, _DIGITS)
    if size is None:
        return None
    if rounding is None:
        return round_significant(size, _DIGITS)
    whole = len(str(abs(size.numerator) // size.denominator))
    number = approximate(value, rounding.count + whole + _GUARD_DIGITS)
    if number is None:
        return None
    return round_places(number, rounding.count) if rounding.places else round_significant(number, rounding.count)


def _sympy() -> Any:
    import sympy

    return sympy
