"""Questions about whole numbers: their prime factors, and divisions with a remainder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from octograph.errors import ToolError

__all__ = ["Statement", "read_integers"]

_LARGEST: Final = 10**15  # above, factors may take long to find

_WHOLE: Final = r"[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,20}"
_FACTORS: Final = re.compile(
    rf"(?:the )?(?:prime factors|prime factori[sz]ation) of (?P<a>{_WHOLE})"
    rf"|factori[sz]e (?P<b>{_WHOLE})(?: into (?:its )?prime(?:s| factors))?"
    rf"|(?:factor|split|decompose|break(?: down)?) (?P<c>{_WHOLE}) (?:in)?to (?:its )?prime(?:s| factors)"
)
_PRIME: Final = re.compile(rf"(?P<n>{_WHOLE}) (?:is )?(?:a )?prime(?: number)?")
_DIVISION: Final = re.compile(
    rf"times (?:does|will|can|do) (?P<d>{_WHOLE}) (?:go|fit) into (?P<n>{_WHOLE}),? "
    r"(?:and )?(?:what(?:'s| is) (?:the remainder|left(?: over)?)|with what remainder)"
    rf"|quotient and (?:the )?remainder of (?P<n3>{_WHOLE}) (?:divided by|/) (?P<d3>{_WHOLE})"
    rf"|(?:divide )?(?P<n2>{_WHOLE}) (?:divided )?by (?P<d2>{_WHOLE}),? with (?:a |the )?remainder"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is true of a number.

    Parameters
    ----------
    text
        The whole of it.
    value
        The bare result.

    """

    text: str
    value: str


def read_integers(text: str) -> Statement | None:
    """Answer a question about whole numbers.

    Parameters
    ----------
    text
        A query in digits, without the words that only ask.

    Returns
    -------
    Statement | None
        The answer, or ``None`` if the text is no such question.

    Raises
    ------
    ToolError
        The number is too large or has no such property.

    Examples
    --------
    >>> read_integers("prime factors of 360")
    Statement(text='360 = 2^3 * 3^2 * 5', value='2^3 * 3^2 * 5')

    """
    if found := _FACTORS.fullmatch(text):
        return _factored(_number(found["a"] or found["b"] or found["c"]))
    if found := _PRIME.fullmatch(text):
        return _primality(_number(found["n"]))
    if found := _DIVISION.fullmatch(text):
        return _divided(
            _number(found["n"] or found["n2"] or found["n3"]), _number(found["d"] or found["d2"] or found["d3"])
        )
    return None


def _number(text: str) -> int:
    number = int(text.replace(",", ""))
    if number > _LARGEST:
        raise ToolError(f"the number {text} is too large", hint=f"Ask for one up to {_LARGEST}.")
    return number


def _sympy() -> Any:
    import sympy

    return sympy


def _product(number: int) -> str:
    factors: dict[int, int] = _sympy().factorint(number)
    return " * ".join(f"{prime}^{power}" if power > 1 else f"{prime}" for prime, power in sorted(factors.items()))


def _factored(number: int) -> Statement:
    if number < 2:
        raise ToolError(f"{number} has no prime factors", hint="Ask for a number above 1.")
    product = _product(number)
    return Statement(
        text=f"{number} is a prime number" if product == f"{number}" else f"{number} = {product}", value=product
    )


def _primality(number: int) -> Statement:
    if number < 2:
        return Statement(text=f"{number} is no prime number", value="no")
    product = _product(number)
    if product == f"{number}":
        return Statement(text=f"{number} is a prime number", value="yes")
    return Statement(text=f"{number} is no prime number: {number} = {product}", value="no")


def _divided(number: int, divisor: int) -> Statement:
    if not divisor:
        raise ToolError("a division by zero is not defined", hint="Divide by another number.")
    quotient, remainder = divmod(number, divisor)
    value = f"{quotient} remainder {remainder}"
    return Statement(text=f"{number} / {divisor} = {value}", value=value)
