"""Calculations that are sentences and no formulas: "increase 80 by 15%", "5 is what percent of 20".

Each form is a pattern over the whole query, so that no word is left out; its parts are read as expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.expression import (
    Binary,
    Group,
    Node,
    Number,
    Operator,
    Percent,
    is_simple,
    render,
)
from octograph.nodes.tools.arithmetic.joining import join, wrapped
from octograph.nodes.tools.arithmetic.parser import parse
from octograph.nodes.tools.arithmetic.tokens import tokenise

__all__ = ["Sentence", "read_sentence"]

_ONE: Final = Number(value=Fraction(1), text="1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What a sentence asks to compute.

    Parameters
    ----------
    node
        The expression.
    percent
        Whether the result is wanted as a percentage.

    """

    node: Node
    percent: bool = False


def read_sentence(text: str, *, joined: bool) -> Sentence | None:
    """Read a sentence.

    Parameters
    ----------
    text
        A normalised query without the words that only ask.
    joined
        Whether number words held an "and".

    Returns
    -------
    Sentence | None
        The calculation, or ``None`` if the text has none of the known forms.

    Raises
    ------
    ToolError
        The text has a known form, and a part of it is no expression or can be read in two ways.

    """
    for pattern, build in _FORMS:
        if match := pattern.fullmatch(text):
            return build(_part(match["a"], joined=joined), _part(match["b"], joined=joined))
    return None


def _part(text: str, *, joined: bool) -> Node:
    """Read a part of a sentence, which must not be a sum or a product without brackets."""
    node = parse(tokenise(text), joined=joined)
    if not is_simple(node):
        raise ToolError(f"{render(node)!r} can be read in two ways here", hint="Put brackets around it.")
    return node


def _plain(operator: Operator) -> Callable[[Node, Node], Sentence]:
    """Make "a operator b"."""
    return lambda a, b: Sentence(node=join(operator, wrapped(a), wrapped(b)))


def _changed(operator: Operator) -> Callable[[Node, Node], Sentence]:
    """Change a by b, where a percentage is one of a."""

    def build(a: Node, b: Node) -> Sentence:
        if isinstance(b, Percent):
            factor = Group(inner=Binary(operator=operator, left=_ONE, right=b))
            return Sentence(node=Binary(operator="*", left=wrapped(a), right=factor))
        return _plain(operator)(a, b)

    return build


def _compared(operator: Operator) -> Callable[[Node, Node], Sentence]:
    """Change b by a: "15% more than 80", "subtract 15% from 80"."""
    return lambda a, b: _changed(operator)(b, a)


def _discount(a: Node, b: Node) -> Sentence:
    if not isinstance(a, Percent):
        raise ToolError(f"{render(a)!r} is no percentage", hint='Write "20% off 50".')
    return _changed("-")(b, a)


def _share(a: Node, b: Node) -> Sentence:
    """Return a as a percentage of b."""
    return Sentence(node=Binary(operator="/", left=wrapped(a), right=wrapped(b)), percent=True)


def _growth(a: Node, b: Node) -> Sentence:
    """Return the change from a to b in percent."""
    change = Group(inner=Binary(operator="-", left=wrapped(b), right=wrapped(a)))
    return Sentence(node=Binary(operator="/", left=change, right=wrapped(a)), percent=True)


def _loss(a: Node, b: Node) -> Sentence:
    return Sentence(node=Binary(operator="/", left=Group(inner=_plain("-")(a, b).node), right=wrapped(a)), percent=True)


def _levied(a: Node, b: Node) -> Sentence:
    """Return a percentage of b, such as a tip."""
    if not isinstance(a, Percent):
        raise ToolError(f"{render(a)!r} is no percentage", hint='Write "20% tip on 50".')
    return _plain("of")(a, b)


def _base(a: Node, b: Node) -> Sentence:
    """Return what a is b percent of."""
    if not isinstance(b, Percent):
        raise ToolError(f"{render(b)!r} is no percentage", hint='Write "12 is 15% of what".')
    return _plain("/")(a, b)


_BILL: Final = r"split (?:(?:a|the) (?:bill|check|cost) of )?(?P<a>.+?)(?: evenly| equally)?"
_WAYS: Final = r"(?: (?:people|persons|friends|ways|parts))?(?: evenly| equally)?"
_PERCENT: Final = r"(?:percent|per cent|percentage|%)"
_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[Node, Node], Sentence]], ...]] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (r"(?:increase|raise) (?P<a>.+?) by (?P<b>.+)", _changed("+")),
        (r"(?:decrease|reduce|lower) (?P<a>.+?) by (?P<b>.+)", _changed("-")),
        (r"(?P<a>.+?) (?:increased|raised) by (?P<b>.+)", _changed("+")),
        (r"(?P<a>.+?) (?:decreased|reduced) by (?P<b>.+)", _changed("-")),
        (r"(?:a )?(?P<a>.+?) (?:off of|off|discount on) (?P<b>.+)", _discount),
        (
            r"(?:a )?(?P<a>.+?) (?:tip|gratuity|tax|sales tax|vat) on (?:an? )?(?P<b>.+?)(?: (?:bill|check|meal))?",
            _levied,
        ),
        (rf"{_BILL} (?:between|among|by|into) (?P<b>.+?){_WAYS}", _plain("/")),
        (rf"{_BILL} (?P<b>[0-9]+) ways(?: evenly| equally)?", _plain("/")),
        (r"times (?:does|will|can|do) (?P<b>.+?) (?:go|fit) into (?P<a>.+)", _plain("/")),
        (r"(?P<a>.+?) more than (?P<b>.+)", _compared("+")),
        (r"(?P<a>.+?) less than (?P<b>.+)", _compared("-")),
        (r"add (?P<a>.+?) (?:to|and) (?P<b>.+)", _compared("+")),
        (r"subtract (?P<a>.+?) from (?P<b>.+)", _compared("-")),
        (r"(?P<a>.+?) subtracted from (?P<b>.+)", _compared("-")),
        (r"multiply (?P<a>.+?) by (?P<b>.+)", _plain("*")),
        (r"multiply (?P<a>.+?) (?:and|with) (?P<b>.+)", _plain("*")),
        (r"divide (?P<a>.+?) by (?P<b>.+)", _plain("/")),
        (rf"{_PERCENT} of (?P<b>.+?) is (?P<a>.+)", _share),
        (rf"{_PERCENT} is (?P<a>.+?) (?:of|out of) (?P<b>.+)", _share),
        (rf"(?P<a>.+?) is what {_PERCENT} of (?P<b>.+)", _share),
        (rf"(?P<a>.+?) out of (?P<b>.+?) as a {_PERCENT}", _share),
        (rf"(?P<a>.+?) as a {_PERCENT} of (?P<b>.+)", _share),
        (rf"{_PERCENT} (?:change|increase) from (?P<a>.+?) to (?P<b>.+)", _growth),
        (rf"{_PERCENT} decrease from (?P<a>.+?) to (?P<b>.+)", _loss),
        (r"(?P<b>.+?) of what(?: number)? is (?P<a>.+)", _base),
        (r"(?P<a>.+?) is (?P<b>.+?) of(?: what(?: number)?)?", _base),
    )
)
