"""What an expression is: a tree of nodes that can be written back as the user may read it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, assert_never

__all__ = [
    "Angle",
    "Binary", "Call", "Constant", "Group", "Negative", "Node", "Number", "Operator", "Percent", "Variable",
    "is_simple", "render",
]  # fmt: skip

Operator = Literal["+", "-", "*", "/", "^", "mod", "of", "choose", "implicit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number, exact, and how it was written."""

    value: Fraction
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One of the constants pi and e."""

    name: Literal["pi", "e"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """The unknown of an equation."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """A minus sign before an operand."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """A hundredth of an operand."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Angle:
    """An operand with the unit of an angle, which only a trigonometric function takes."""

    operand: Node
    unit: Literal["degrees", "radians"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An expression in brackets."""

    inner: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Two operands and the operator between them."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple[Node, ...]


Node = Number | Constant | Variable | Negative | Percent | Angle | Group | Binary | Call

_STRENGTHS: Final[dict[Operator, int]] = {
    "+": 10, "-": 10, "*": 20, "/": 20, "mod": 20, "of": 20, "implicit": 25, "choose": 30, "^": 40,
}  # fmt: skip
_NEGATIVE: Final = 29  # "-3^2" is -(3^2), "-3 * 2" is (-3) * 2
_WHOLE: Final = 50


def is_simple(node: Node) -> bool:
    """Return whether a node cannot be read otherwise when words stand around it.

    "The square root of 16" is simple; "16 plus 9" is not, because a phrase before it may mean only the 16.
    """
    match node:
        case Negative():
            return is_simple(node.operand)
        case Percent():
            return is_simple(node.operand)
        case Binary():
            # A fraction, a power and a percentage of something bind closer than any phrase.
            return node.operator in {"^", "of"} or (
                node.operator == "/" and isinstance(node.left, Number) and isinstance(node.right, Number)
            )
        case _:
            return True


def render(node: Node) -> str:
    """Write an expression in plain signs, with the brackets that it takes to be read as this tree.

    A tree that was read from words has no brackets of its own: "double the sum of 3 and 4" is ``2 * (3 + 4)``.

    Examples
    --------
    >>> two = Number(value=Fraction(2), text="2")
    >>> render(Binary(operator="^", left=two, right=Group(inner=Negative(operand=two))))
    '2^(-2)'

    """
    match node:
        case Number():
            return node.text
        case Constant() | Variable():
            return node.name
        case Negative():
            return f"-{_operand(node.operand, _NEGATIVE + 1)}"
        case Percent():
            return f"{_operand(node.operand, _WHOLE)}%"
        case Angle():
            return f"{_operand(node.operand, _WHOLE)} {node.unit}"
        case Group():
            return f"({render(node.inner)})"
        case Binary():
            return _render_binary(node)
        case Call():
            return _render_call(node)
    assert_never(node)


def _operand(node: Node, strength: int) -> str:
    """Write an operand, in brackets if it binds its parts less than ``strength``."""
    return render(node) if _strength(node) >= strength else f"({render(node)})"


def _strength(node: Node) -> int:
    """How strongly a node binds its parts, as the parser reads them."""
    match node:
        case Binary():
            return _STRENGTHS[node.operator]
        case Negative():
            return _NEGATIVE
        case Number():
            return _STRENGTHS["/"] if "/" in node.text else _WHOLE
        case _:
            return _WHOLE


def _render_binary(node: Binary) -> str:
    strength = _STRENGTHS[node.operator]
    # Everything is read from left to right but powers, whose right side the parser has put in brackets.
    left = _operand(node.left, strength + 1 if node.operator == "^" else strength)
    right = _operand(node.right, strength + 1)
    match node.operator:
        case "implicit":
            # "2x" and "2(3 + 4)" are written together, "2 sqrt(3)" is not.
            return f"{left}{' ' if isinstance(node.right, Call | Constant) else ''}{right}"
        case "^":
            return f"{left}^{right}"
        case _:
            return f"{left} {node.operator} {right}"


def _render_call(node: Call) -> str:
    arguments = [render(argument) for argument in node.arguments]
    match node.name:
        case "factorial":
            return f"{_operand(node.arguments[0], _WHOLE)}!"
        case "log":
            return f"log10({arguments[0]})" if len(arguments) == 1 else f"log({arguments[0]}, base {arguments[1]})"
        case "root":
            return f"root({arguments[0]}, degree {arguments[1]})"
        case name:
            return f"{name}({', '.join(arguments)})"
