"""A conversion that is asked in so many words: "10 miles in km", "how many km are 10 miles".

Every word is a number, the name of a unit, or one of the few that stand between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.measures.names import UnitName, find_units

__all__ = ["NUMBER", "Amount", "Conversion", "read_amounts", "read_conversion", "read_targets"]

_MAX_PARTS: Final = 4
_PLAIN: Final = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]|,[0-9])|[0-9]{1,40})(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,2})?"
    r"|\.[0-9]{1,40}"
)
_VULGAR: Final = {
    "½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3),
    "⅛": Fraction(1, 8), "⅜": Fraction(3, 8), "⅝": Fraction(5, 8), "⅞": Fraction(7, 8),
}  # fmt: skip
_PARTS: Final = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
NUMBER: Final = re.compile(
    r"(?P<part>(?:(?:an?|1) )?(?P<name>half|third|quarter)(?: of)?(?: an?)?\b)"
    rf"|(?P<sign>-)? ?(?:(?P<whole>[0-9]{{1,20}}) )?(?:(?P<above>[0-9]{{1,20}})/"
    rf"(?P<below>[0-9]{{1,20}})|(?P<vulgar>[{''.join(_VULGAR)}]))"
    rf"|(?P<minus>-)?(?P<plain>{_PLAIN})|(?P<article>an?(?: single)?\b)",
    re.IGNORECASE,
)
_UNIT_TEXT: Final = re.compile(
    r"[ -]?(?P<unit>(?:[a-zµμΩå°.\"'/ $£€¥-]|(?<=[a-zµμ])\^?[23](?![0-9./])(?=\s|$|/|,)"
    r"|(?:(?<=/)|(?<= per ))100 ?(?=k))+)",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(
    r" (?:in|to|into|as|equals?(?: how many)?|is how many|are how many|expressed in|converted "
    r"(?:in)?to) |, (?:in|to) | ?= ?",
    re.IGNORECASE,
)
_ASKED_FIRST: Final = re.compile(
    r"(?P<target>[^0-9]+?(?:\^?[23]|100 ?k[a-z]+)?)(?: (?:are|is|do|does|go|fit|was|were|make|makes|equals?)"
    r"(?: there)?(?: in(?:to)?)?| in| =) (?P<amount>.+)",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(r"[$£€¥]")
_LIST: Final = re.compile(r",? and |, ", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number and the units that its name may stand for."""

    value: Fraction
    units: tuple[UnitName, ...]
    named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """An amount, in one unit or several, and the units that it is wanted in.

    Parameters
    ----------
    amounts
        The parts of the amount: 5 feet and 11 inches.
    targets
        For each wanted unit those that its name may stand for.

    """

    amounts: tuple[Amount, ...]
    targets: tuple[tuple[UnitName, ...], ...]


def read_conversion(text: str) -> Conversion:
    """Read "AMOUNT in UNIT" or "how many UNIT in AMOUNT"."""
    if _MONEY.search(text):
        raise ToolError("amounts of money are not converted: rates of exchange change", hint="Look up today's rate.")
    problem: ToolError | None = None
    # The last separator first: in "10 in in cm" only the second "in" is one.
    starts = [match.start() for match in re.finditer(r"(?=[ ,=])", text)]
    for separator in filter(None, (_SEPARATOR.match(text, start) for start in reversed(starts))):
        try:
            return Conversion(
                amounts=read_amounts(text[: separator.start()]), targets=read_targets(text[separator.end() :])
            )
        except ToolError as error:
            problem = problem or error
    if match := _ASKED_FIRST.fullmatch(text):
        return Conversion(amounts=read_amounts(match["amount"]), targets=read_targets(match["target"]))
    raise problem or ToolError("this is no conversion of units", hint='Ask for instance for "10 miles in km".')


def read_targets(text: str) -> tuple[tuple[UnitName, ...], ...]:
    """Read the units that an amount is wanted in, such as "feet and inches"."""
    names = _LIST.split(re.sub(r"^(?:how many|the|what in) ", "", text.strip(" ?"), flags=re.IGNORECASE))
    if len(names) > _MAX_PARTS:
        raise ToolError("these are too many units", hint="Ask for one unit, or for feet and inches.")
    return tuple(find_units(name) for name in names)


def read_amounts(text: str) -> tuple[Amount, ...]:
    """Read an amount, such as "5 feet 11 inches", to its last character."""
    text = text.strip(" ,")
    amounts: list[Amount] = []
    position = 0
    while position < len(text):
        number = NUMBER.match(text, position)
        if number is None or len(amounts) == _MAX_PARTS:
            raise ToolError(f"{text[:60]!r} is no amount", hint='Write a number and a unit, such as "10 miles".')
        unit = _UNIT_TEXT.match(text, number.end())
        value = _value(number)
        if unit is None or not unit["unit"].strip(" .-"):
            amounts.append(_bare(value, amounts, text, number.end()))
            position = number.end()
            continue
        name = re.sub(r"(?:,| and)+ ?$", "", unit["unit"].strip(), flags=re.IGNORECASE)
        amounts.append(Amount(value=value, units=find_units(name.removeprefix("of "))))
        position = len(text) - len(text[unit.end() :].lstrip(" ,"))
    if not amounts or (len(amounts) > 1 and any(amount.value < 0 for amount in amounts)):
        raise ToolError("an amount is missing", hint='Write a number and a unit, such as "10 miles".')
    return tuple(amounts)


def _bare(value: Fraction, before: list[Amount], text: str, end: int) -> Amount:
    """Read the inches of 5'11 and the pounds of "11 stone 6", which have no unit of their own."""
    for larger, smaller, number in (("foot", "inch", 12), ("stone", "pound", 14)):
        follows = before and any(unit.singular == larger for unit in before[-1].units)
        if follows and end == len(text) and 0 <= value < number:
            return Amount(value=value, units=find_units(smaller), named=False)
    raise ToolError("a number has no unit", hint='Write a number and a unit, such as "10 miles".')


def _value(number: re.Match[str]) -> Fraction:
    """Return a number exactly."""
    if number["part"]:
        return _PARTS[number["name"].lower()]
    if number["article"]:
        return Fraction(1)
    if number["plain"]:
        value = Fraction(number["plain"].replace(",", "").lower())
        return -value if number["minus"] else value
    if number["vulgar"]:
        part = _VULGAR[number["vulgar"]]
    elif int(number["below"]):
        part = Fraction(int(number["above"]), int(number["below"]))
    else:
        raise ToolError("a division by zero is not defined", hint="Check the amount.")
    value = int(number["whole"] or 0) + part
    return -value if number["sign"] else value
