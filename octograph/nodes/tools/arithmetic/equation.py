"""Solving an equation in one unknown.

Both sides are polynomials with rational coefficients, the lowest power first.
Linear and quadratic equations are solved by their formulas; higher ones if they fall apart into such factors.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.evaluator import MAX_DIGITS, Value, evaluate
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

__all__ = ["solve", "variables"]

MAX_DEGREE: Final = 6
_MAX_COEFFICIENT_BITS: Final = 200

Polynomial = tuple[Fraction, ...]


def variables(node: Node) -> frozenset[str]:
    """Return the names of the variables of an expression."""
    match node:
        case Variable():
            return frozenset({node.name})
        case Number() | Constant():
            return frozenset()
        case Negative() | Percent() | Angle():
            return variables(node.operand)
        case Group():
            return variables(node.inner)
        case Binary():
            return variables(node.left) | variables(node.right)
        case Call():
            return frozenset().union(*(variables(argument) for argument in node.arguments))


def solve(left: Node, right: Node) -> tuple[Value, ...] | None:
    """Solve ``left = right`` for its only variable.

    Parameters
    ----------
    left, right
        The sides.

    Returns
    -------
    tuple[Value, ...] | None
        All solutions, the real ones in rising order first; ``None`` if every number is one.

    Raises
    ------
    ToolError
        The sides are no polynomials, or the equation is out of reach.

    """
    coefficients = _trim(_subtract(_polynomial(left), _polynomial(right)))
    if not coefficients:
        return None
    if max(max(c.numerator.bit_length(), c.denominator.bit_length()) for c in coefficients) > _MAX_COEFFICIENT_BITS:
        raise ToolError("the numbers of the equation are too long to solve it exactly", hint="Use smaller numbers.")
    if len(coefficients) == 1:
        return ()
    roots = [root for factor in _factors(coefficients) for root in _roots(factor)]
    unique = list(dict.fromkeys(roots))
    return tuple(sorted(unique, key=_order))


def _order(root: Value) -> tuple[bool, float, float]:
    if isinstance(root, Fraction):
        return False, float(root), 0.0
    number = complex(root.evalf(20))
    return not root.is_real, number.real, number.imag


def _sympy() -> Any:
    import sympy

    return sympy


def _factors(coefficients: Polynomial) -> list[Polynomial]:
    """Split a polynomial into factors of degree 1 and 2."""
    if len(coefficients) <= 3:
        return [coefficients]
    sympy = _sympy()
    symbol = sympy.Symbol("x")
    rationals = [sympy.Rational(c.numerator, c.denominator) for c in reversed(coefficients)]
    _, factors = sympy.Poly(rationals, symbol, domain="QQ").factor_list()
    split = [tuple(Fraction(int(c.p), int(c.q)) for c in reversed(factor.all_coeffs())) for factor, _ in factors]
    if any(len(factor) > 3 for factor in split):
        raise ToolError(
            "this equation has no solution that is simple to write", hint="Ask for one of degree 2 or less."
        )
    return split


def _roots(coefficients: Polynomial) -> list[Value]:
    """Solve a polynomial of degree 1 or 2."""
    if len(coefficients) == 2:
        return [-coefficients[0] / coefficients[1]]
    c, b, a = coefficients
    discriminant = Number(value=b * b - 4 * a * c, text="")
    root = evaluate(Call(name="sqrt", arguments=(discriminant,)))
    if isinstance(root, Fraction):
        return [(-b - root) / (2 * a), (-b + root) / (2 * a)]
    sympy = _sympy()
    middle, scale = (sympy.Rational(v.numerator, v.denominator) for v in (-b / (2 * a), 1 / (2 * a)))
    return [middle - scale * root, middle + scale * root]


def _polynomial(node: Node) -> Polynomial:
    """Compute a side of an equation as a polynomial."""
    if not variables(node):
        value = evaluate(node)
        if not isinstance(value, Fraction):
            raise ToolError("equations are solved with whole numbers and fractions only", hint="Use such numbers.")
        return (value,)
    match node:
        case Variable():
            return Fraction(0), Fraction(1)
        case Negative():
            return tuple(-c for c in _polynomial(node.operand))
        case Percent():
            return tuple(c / 100 for c in _polynomial(node.operand))
        case Group():
            return _polynomial(node.inner)
        case Binary():
            return _combine(node)
        case _:
            raise ToolError("an unknown inside a function cannot be solved for here", hint="Ask for a polynomial.")


def _combine(node: Binary) -> Polynomial:
    left, right = _polynomial(node.left), _trim(_polynomial(node.right))
    match node.operator:
        case "+":
            return _subtract(left, tuple(-c for c in right))
        case "-":
            return _subtract(left, right)
        case "*" | "implicit" | "of":
            return _multiply(left, right)
        case "/" if len(right) <= 1:
            if not right:
                raise ToolError("a division by zero is not defined", hint="Divide by another number.")
            return tuple(c / right[0] for c in left)
        case "^" if len(right) <= 1:
            exponent = right[0] if right else Fraction(0)
            if exponent.denominator == 1 and 1 <= exponent <= MAX_DEGREE:
                power: Polynomial = (Fraction(1),)
                for _ in range(int(exponent)):
                    power = _multiply(power, left)
                return power
    raise ToolError(
        f"only polynomials up to degree {MAX_DEGREE} are solved here",
        hint="Ask for an equation such as x^2 = 16.",
    )


def _trim(coefficients: Polynomial) -> Polynomial:
    while coefficients and not coefficients[-1]:
        coefficients = coefficients[:-1]
    return coefficients


def _subtract(left: Polynomial, right: Polynomial) -> Polynomial:
    length = max(len(left), len(right))
    padded = [side + (Fraction(0),) * (length - len(side)) for side in (left, right)]
    return tuple(a - b for a, b in zip(*padded, strict=True))


def _multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    left, right = _trim(left), _trim(right)
    if len(left) + len(right) - 2 > MAX_DEGREE:
        raise ToolError(f"only polynomials up to degree {MAX_DEGREE} are solved here", hint="Ask for a smaller one.")
    product = [Fraction(0)] * max(0, len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    if any(c.numerator.bit_length() > MAX_DIGITS for c in product):
        raise ToolError("the numbers of the equation are too long", hint="Use smaller numbers.")
    return tuple(product)
