"""Computing an expression exactly.

A value is a :class:`~fractions.Fraction` as long as it can be, and a sympy expression where it cannot: roots,
pi, logarithms.
Sympy's expressions are built node by node, never from text, and the size of a result is estimated before it
is computed.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.expression import (
    Angle,
    Binary,
    Call,
    Constant,
    Group,
    Negative,
    Node,
    Number,
    Percent,
    Variable,
)

__all__ = ["MAX_DIGITS", "Value", "approximate", "evaluate"]

MAX_DIGITS: Final = 3000
_MAX_FACTORIAL: Final = 1000
_MAX_CHOOSE: Final = 5000
_MAX_RADICAND_DIGITS: Final = 100
_MAX_ROOT: Final = 1000
_WORKING_DIGITS: Final = 15
_GUARD_DIGITS: Final = 10
_TRIGONOMETRIC: Final = frozenset({"sin", "cos", "tan"})

Value = Fraction | Any
"""A fraction, or a sympy expression that is no fraction (sympy has no types of its own)."""


def evaluate(node: Node) -> Value:
    """Compute an expression.

    Parameters
    ----------
    node
        An expression without variables.

    Returns
    -------
    Value
        Its exact value.

    Raises
    ------
    ToolError
        It has no value, or one too large to be written down.

    """
    match node:
        case Number():
            return node.value
        case Constant():
            return _sympy().pi if node.name == "pi" else _sympy().E
        case Variable():
            raise ToolError(f"{node.name!r} has no value", hint="Write an equation, such as 3x + 5 = 20.")
        case Negative():
            return -evaluate(node.operand)
        case Percent():
            return _divide(evaluate(node.operand), Fraction(100))
        case Group():
            return evaluate(node.inner)
        case Angle():
            # The functions that take an angle look inside it before it gets here.
            raise ToolError(f"{node.unit} are understood inside sin, cos and tan only", hint="Write sin(30 degrees).")
        case Binary():
            return _binary(node)
        case Call():
            return _call(node.name, node.arguments)


def approximate(value: Value, digits: int) -> Fraction | None:
    """Return a real value to a number of significant digits and some more, or ``None`` if it is not real.

    Raises
    ------
    ToolError
        The value cannot be told from zero.

    """
    if isinstance(value, Fraction):
        return value
    if not value.is_real:
        return None
    return Fraction(str(_numeric(value, digits + _GUARD_DIGITS)))


def _sympy() -> Any:
    import sympy

    return sympy


def _lift(value: Value) -> Any:
    """Return a value as a sympy expression."""
    return _sympy().Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value


def _settle(value: Any) -> Value:
    """Check a result of sympy, and return it as a fraction if it is one."""
    sympy = _sympy()
    if value.is_Rational:
        return _sized(Fraction(int(value.p), int(value.q)))
    if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise ToolError("the result is not defined", hint="Look for a division by zero.")
    _numeric(value, _WORKING_DIGITS)
    return value


def _sized(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_DIGITS * math.log2(10):
        raise _too_large()
    return value


def _too_large() -> ToolError:
    return ToolError(f"the result has more than {MAX_DIGITS} digits", hint="Ask for something smaller.")


def _numeric(value: Any, digits: int) -> Any:
    """Compute an expression numerically, with all of its digits right."""
    sympy = _sympy()
    try:
        number = value.evalf(digits, maxn=digits + 200, strict=True)
    except (ArithmeticError, ValueError, NotImplementedError) as error:
        raise ToolError("the result cannot be told from zero", hint="Simplify the calculation first.") from error
    if not number.is_number or number.has(sympy.nan, sympy.zoo, sympy.oo):
        raise ToolError("the result is not defined", hint="Look for a division by zero.")
    if number.is_real and abs(_log10(number)) > MAX_DIGITS:
        raise _too_large()
    return number


def _log10(value: Value) -> float:
    """Estimate the decimal logarithm of the size of a value that is not zero."""
    if isinstance(value, Fraction):
        return (_log2(value.numerator) - _log2(value.denominator)) * math.log10(2)
    if value.is_Float:
        _, mantissa, exponent, _ = value._mpf_
        return (_log2(int(mantissa)) + int(exponent)) * math.log10(2)
    return _log10(_numeric(abs(value), _WORKING_DIGITS))


def _log2(value: int) -> float:
    value = abs(value)
    shift = max(0, value.bit_length() - 60)
    return math.log2(value >> shift) + shift if value else 0.0


def _real(value: Value, name: str) -> Value:
    if not isinstance(value, Fraction) and not value.is_real:
        raise ToolError(f"{name} of a complex number is not known here", hint="Stay with real numbers.")
    return value


def _rational(value: Value, name: str) -> Fraction:
    if not isinstance(value, Fraction):
        raise ToolError(f"{name} needs whole numbers or fractions", hint="Compute the numbers first.")
    return value


def _integer(value: Value, name: str) -> int:
    if not isinstance(value, Fraction) or value.denominator != 1:
        raise ToolError(f"{name} needs whole numbers", hint="Use whole numbers.")
    return value.numerator


def _binary(node: Binary) -> Value:
    left, right = evaluate(node.left), evaluate(node.right)
    match node.operator:
        case "+":
            return _exact(left, right) if _both(left, right) else _settle(_lift(left) + _lift(right))
        case "-":
            return _exact(left, -right) if _both(left, right) else _settle(_lift(left) - _lift(right))
        case "*" | "of" | "implicit":
            return _sized(left * right) if _both(left, right) else _settle(_lift(left) * _lift(right))
        case "/":
            return _divide(left, right)
        case "^":
            return _power(left, right)
        case "mod":
            dividend, divisor = _rational(left, "a remainder"), _rational(right, "a remainder")
            if not divisor:
                raise ToolError("a remainder of a division by zero is not defined", hint="Divide by another number.")
            return dividend % divisor
        case "choose":
            return _choose(_integer(left, "'choose'"), _integer(right, "'choose'"))


def _both(left: Value, right: Value) -> bool:
    return isinstance(left, Fraction) and isinstance(right, Fraction)


def _exact(left: Fraction, right: Fraction) -> Fraction:
    return _sized(left + right)


def _divide(left: Value, right: Value) -> Value:
    if right == 0:
        raise ToolError("a division by zero is not defined", hint="Divide by another number.")
    return _sized(left / right) if _both(left, right) else _settle(_lift(left) / _lift(right))


def _power(base: Value, exponent: Value) -> Value:
    if base == 0:
        if not isinstance(exponent, Fraction) or exponent <= 0:
            raise ToolError("zero to this power is not defined", hint="Use another base or a positive exponent.")
        return Fraction(0)
    if not isinstance(exponent, Fraction) and not exponent.is_real:
        raise ToolError("a complex exponent is not known here", hint="Stay with real numbers.")
    whole = isinstance(exponent, Fraction) and exponent.denominator == 1
    if not whole and not (isinstance(base, Fraction) or base.is_real):
        raise ToolError("a root of a complex number has several values", hint="Stay with real numbers.")
    if not whole and (base < 0) == True:  # noqa: E712  sympy answers with a truth value of its own
        raise ToolError(
            "a negative number to a power that is not whole has several values", hint="Use a positive base."
        )
    exponent_size = abs(approximate(exponent, _WORKING_DIGITS) or Fraction(0))
    if base in (1, -1) and whole:
        return Fraction(1) if base == 1 or int(exponent) % 2 == 0 else Fraction(-1)
    if exponent_size > 10**9 or float(exponent_size) * max(abs(_log10(base)), _height(base)) > MAX_DIGITS:
        raise _too_large()
    if whole and isinstance(base, Fraction):
        return _sized(base ** int(exponent))
    if whole and exponent_size > MAX_DIGITS:
        raise _too_large()
    if isinstance(exponent, Fraction) and isinstance(base, Fraction):
        return _root(base, exponent)
    return _settle(_lift(base) ** _lift(exponent))


def _height(value: Value) -> float:
    """Return how many digits a fraction has above or below, whichever is more: 1001/1000 has 4."""
    if isinstance(value, Fraction):
        return max(_log2(value.numerator), _log2(value.denominator)) * math.log10(2)
    return 0.0


def _root(base: Fraction, exponent: Fraction) -> Value:
    """Compute a rational power of a positive fraction."""
    if exponent.denominator > _MAX_ROOT:
        raise ToolError(f"roots above the {_MAX_ROOT}th are not known here", hint="Use a smaller root.")
    sympy = _sympy()
    parts = [sympy.integer_nthroot(part, exponent.denominator) for part in (base.numerator, base.denominator)]
    if all(is_exact for _, is_exact in parts):
        return _sized(Fraction(int(parts[0][0]), int(parts[1][0])) ** exponent.numerator)
    # Sympy takes square factors out of a root, which is slow for long numbers.
    if _height(base) > _MAX_RADICAND_DIGITS:
        raise ToolError(f"a root of more than {_MAX_RADICAND_DIGITS} digits is too long", hint="Use a smaller number.")
    return _settle(_lift(base) ** _lift(exponent))


def _choose(total: int, chosen: int) -> Fraction:
    if not 0 <= chosen <= total:
        raise ToolError(f"{chosen} cannot be chosen from {total}", hint="Choose at most as many as there are.")
    if total > _MAX_CHOOSE:
        raise ToolError(f"'choose' is known up to {_MAX_CHOOSE}", hint="Use smaller numbers.")
    return Fraction(math.comb(total, chosen))


def _call(name: str, arguments: tuple[Node, ...]) -> Value:
    if name in _TRIGONOMETRIC:
        return _settle(getattr(_sympy(), name)(_angle(arguments[0], name)))
    values = tuple(_real(evaluate(argument), f"{name!r}") for argument in arguments)
    first = values[0]
    match name:
        case "sqrt":
            return _square_root(first)
        case "cbrt" | "root":
            degree = 3 if name == "cbrt" else _integer(values[1], "the degree of a root")
            if (first < 0) == True and degree % 2:  # noqa: E712  the odd root of a negative number is real
                return -_power(-first, Fraction(1, degree))
            return _power(first, Fraction(1, degree))
        case "abs":
            return abs(first) if isinstance(first, Fraction) else _settle(_sympy().Abs(first))
        case "exp":
            return _power(_sympy().E, first)
        case "factorial":
            return _factorial(_integer(first, "a factorial"))
        case "ln" | "log" | "log2":
            return _logarithm(name, values)
        case "asin" | "acos" | "atan":
            if name != "atan" and (abs(first) > 1) == True:  # noqa: E712
                raise ToolError(f"{name!r} takes numbers from -1 to 1", hint="Use such a number.")
            return _settle(getattr(_sympy(), name)(_lift(first)))
        case _:
            return _over_fractions(name, tuple(_rational(value, f"{name!r}") for value in values))


def _over_fractions(name: str, values: tuple[Fraction, ...]) -> Fraction:
    match name:
        case "floor":
            return Fraction(math.floor(values[0]))
        case "ceil":
            return Fraction(math.ceil(values[0]))
        case "max":
            return max(values)
        case "min":
            return min(values)
        case "gcd":
            return Fraction(math.gcd(*(_integer(value, "'gcd'") for value in values)))
        case "lcm":
            return _sized(Fraction(math.lcm(*(_integer(value, "'lcm'") for value in values))))
        case "median":
            ordered = sorted(values)
            middle = len(ordered) // 2
            return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        case _:
            raise ToolError(f"{name!r} needs several numbers", hint=f'Write "{name} of 4, 5 and 6".')


def _angle(node: Node, name: str) -> Any:
    """Return the argument of a trigonometric function in radians."""
    while isinstance(node, Group):
        node = node.inner
    value = _real(evaluate(node.operand if isinstance(node, Angle) else node), f"{name!r}")
    if value != 0 and abs(_log10(value)) > _WORKING_DIGITS:
        raise ToolError("the angle is too large or too small", hint="Use an angle of a few turns.")
    if isinstance(node, Angle) and node.unit == "degrees":
        return _lift(value) * _sympy().pi / 180
    return _lift(value)


def _square_root(value: Value) -> Value:
    if (value < 0) == True:  # noqa: E712
        return _settle(_sympy().I * _lift(_square_root(-value)))
    return _power(value, Fraction(1, 2)) if value != 0 else Fraction(0)


def _factorial(number: int) -> Fraction:
    if number < 0:
        raise ToolError("a factorial of a negative number is not defined", hint="Use 0 or more.")
    if number > _MAX_FACTORIAL:
        raise ToolError(f"factorials are known up to {_MAX_FACTORIAL}!", hint="Use a smaller number.")
    return Fraction(math.factorial(number))


def _logarithm(name: str, values: tuple[Value, ...]) -> Value:
    sympy = _sympy()
    for value in values:
        if (value <= 0) == True:  # noqa: E712
            raise ToolError("a logarithm needs a positive number", hint="Use a number above zero.")
    if isinstance(values[0], Fraction) and _height(values[0]) > _MAX_RADICAND_DIGITS:
        raise ToolError(
            f"a logarithm of more than {_MAX_RADICAND_DIGITS} digits is too long", hint="Use a smaller one."
        )
    if name == "ln":
        return _settle(sympy.log(_lift(values[0])))
    base = values[1] if len(values) > 1 else Fraction(10 if name == "log" else 2)
    if base == 1:
        raise ToolError("there is no logarithm to the base 1", hint="Use another base.")
    if _both(values[0], base) and (power := _whole_logarithm(values[0], base)) is not None:
        return power
    return _settle(sympy.log(_lift(values[0])) / sympy.log(_lift(base)))


def _whole_logarithm(value: Fraction, base: Fraction) -> Fraction | None:
    """Return the logarithm if it is a whole number."""
    guess = round(_log10(value) / _log10(base))
    return Fraction(guess) if abs(guess) <= 1000 and base**guess == value else None
