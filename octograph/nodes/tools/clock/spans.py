"""Spans of time: "2 weeks and 3 days", "an hour and a half"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.names import counted, joined

__all__ = ["DATE_SPAN", "SPAN", "Span", "read_span", "said_seconds"]

_NUMBER: Final = r"(?<![\w.,:/+-])[0-9]{1,9}(?:\.[0-9]{1,3})?"
_AMOUNT: Final = rf"(?:{_NUMBER}|(?<![\w'])an?)"
_LONG: Final = r"(?:days?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies))"
_SHORT: Final = r"(?:hours?|minutes?|seconds?|h|min|m)"
_GLUE: Final = r"(?:, and | and |, | )"
_HALF: Final = r"(?: and a half)?"
_HALVES: Final = r"half an hour|(?:a |1 )?quarters? of an hour|3 quarters of an hour"
_SHORT_PART: Final = rf"(?:{_HALVES}|(?:{_NUMBER}{_HALF} ?{_SHORT}|an? (?:hour|minute|second))\b{_HALF})"
_LONG_PART: Final = rf"{_AMOUNT} {_LONG}\b"

DATE_SPAN: Final = rf"{_LONG_PART}(?:{_GLUE}{_LONG_PART}){{0,3}}"
"""Spans of whole days, weeks, months and years."""

SPAN: Final = (
    rf"(?!(?:12|24) ?h(?:ours?)? (?:format|time|clock|notation))(?:{_LONG_PART}|{_SHORT_PART})(?:{_GLUE}"
    rf"(?:{_LONG_PART}|{_SHORT_PART})){{0,4}}(?: [0-9]{{2}}(?= |$))?"
)
"""Spans of any length."""

_PARTS: Final = re.compile(
    rf"(?P<halves>{_HALVES})|(?P<amount>[0-9.]+|an?)(?P<half> and a half)? ?"
    rf"(?P<unit>{_LONG}|{_SHORT})\b(?P<more> and a half)?"
)
_BARE_MINUTES: Final = re.compile(r"(.+(?:hours?|h)) ([0-9]{2})")
_SECONDS: Final = {"week": 604800, "fortnight": 1209600, "day": 86400, "hour": 3600, "minute": 60, "second": 1}
_MONTHS: Final = {"month": 1, "year": 12, "decade": 120, "century": 1200}
_SHORTHAND: Final = {"h": "hour", "min": "minute", "m": "minute", "centuries": "century"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time.

    Parameters
    ----------
    months
        Its months and years, in months.
    seconds
        The rest, in seconds.
    text
        How it was written.

    """

    months: int
    seconds: int
    text: str


def read_span(text: str) -> Span:
    """Read a span.

    Parameters
    ----------
    text
        A text that :data:`SPAN` matches.

    Raises
    ------
    ToolError
        It holds part of a month, or of a second.

    Examples
    --------
    >>> read_span("1 hour and a half").seconds
    5400

    """
    if bare := _BARE_MINUTES.fullmatch(text):
        text = f"{bare[1]} {bare[2]} minutes"
    months, seconds = Fraction(0), Fraction(0)
    for part in _PARTS.finditer(text):
        if part["halves"]:
            seconds += 1800 if part["halves"].startswith("half") else 2700 if part["halves"].startswith("3") else 900
            continue
        amount = Fraction(1) if part["amount"] in {"a", "an"} else Fraction(part["amount"])
        amount += Fraction(1, 2) * bool(part["half"] or part["more"])
        unit = _SHORTHAND.get(part["unit"], part["unit"].removesuffix("s"))
        if unit in _MONTHS:
            months += amount * _MONTHS[unit]
        else:
            seconds += amount * _SECONDS[unit]
    if months.denominator != 1 or seconds.denominator != 1:
        raise ToolError(f"{text!r} is no whole number of months or seconds", hint="Use whole numbers.")
    return Span(months=int(months), seconds=int(seconds), text=text)


def said_seconds(seconds: int) -> str:
    """Say a number of seconds in days, hours and minutes."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    parts = [(hours, "hours"), (minute, "minutes"), (second, "seconds")]
    return joined([counted(number, unit) for number, unit in parts if number] or ["0 minutes"])
