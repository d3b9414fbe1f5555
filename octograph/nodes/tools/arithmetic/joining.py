"""Joining the parts of an expression, unless the result can be read in two ways."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NoReturn

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
    Operator,
    Percent,
    render,
)

__all__ = ["VULGAR", "ambiguous", "bare", "join", "listed", "wrapped"]

VULGAR: Final = "½¼¾⅓⅔⅛⅜⅝⅞"
_LIST_OPERATORS: Final[dict[str, Operator]] = {"product": "*", "quotient": "/", "difference": "-"}


def listed(name: str, items: tuple[Node, ...]) -> Node:
    """Write a list function out as the calculation that it is."""
    if name in {"max", "min", "gcd", "lcm", "median"}:
        return Call(name=name, arguments=items)
    if name in {"difference", "quotient"} and len(items) != 2:
        raise ToolError(f"a {name} is between two numbers", hint="Name two numbers.")
    operator = _LIST_OPERATORS.get(name, "+")
    node = wrapped(items[0])
    for item in items[1:]:
        node = join(operator, node, wrapped(item))
    if name == "average":
        count = Number(value=Fraction(len(items)), text=str(len(items)))
        return Binary(operator="/", left=Group(inner=node), right=count)
    return Call(name="abs", arguments=(node,)) if name == "difference" else Group(inner=node)


def wrapped(node: Node) -> Node:
    """Put brackets around what would read otherwise inside a sum or a product."""
    return node if isinstance(node, Number | Group | Call | Constant | Percent) else Group(inner=node)


def bare(node: Node) -> Node:
    """Drop the brackets that a function call writes again."""
    return node.inner if isinstance(node, Group) else node


def join(operator: Operator, left: Node, right: Node) -> Node:
    """Join two operands, unless the result would be ambiguous."""
    if operator == "of" and not _is_share(left):
        ambiguous(f"{render(left)} of {render(right)}", 'write "15% of 240" or "a third of 90"')
    if operator in {"+", "-"} and _is_percentage(right) and not _is_percentage(left):
        ambiguous(
            f"{render(left)} {operator} {render(right)}",
            f'write "increase 200 by 10%" or "{render(right)} of ..."',
        )
    if operator == "/" and isinstance(right, Binary) and right.operator == "implicit":
        ambiguous(f"{render(left)} / {render(right)}", "use brackets around what is divided by")
    if operator == "implicit" and isinstance(left, Binary) and left.operator == "^":
        ambiguous(f"{render(left)}{render(right)}", "use brackets around the exponent")
    if operator == "implicit" and isinstance(left, Percent | Angle | Constant):
        ambiguous(f"{render(left)} {render(right)}", "write the sign between them")
    if operator == "^" and isinstance(right, Negative | Binary):
        right = Group(inner=right)
    return Binary(operator=operator, left=left, right=right)


def _is_share(node: Node) -> bool:
    """Return whether "of" may follow: a percentage, a fraction, or a share of a share."""
    match node:
        case Percent():
            return True
        case Group():
            return isinstance(node.inner, Number) or _is_share(node.inner)
        case Binary():
            if node.operator == "of":
                return True
            return node.operator == "/" and isinstance(node.left, Number) and isinstance(node.right, Number)
        case Number():
            return node.text[-1] in VULGAR
        case _:
            return False


def _is_percentage(node: Node) -> bool:
    """Return whether a node is a percentage of nothing in particular."""
    match node:
        case Percent():
            return True
        case Group():
            return _is_percentage(node.inner)
        case Negative():
            return _is_percentage(node.operand)
        case Binary():
            return node.operator in {"+", "-"} and _is_percentage(node.left) and _is_percentage(node.right)
        case _:
            return False


def ambiguous(what: str, hint: str) -> NoReturn:
    """Refuse what can be read in two ways, and say how to write it."""
    raise ToolError(f"{what!r} can be read in two ways", hint=f"To be exact, {hint}.")
