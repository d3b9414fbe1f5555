"""Dates by their place in a month or a year: "the last Monday in May", "the 13th of next month"."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.names import MONTH, MONTH_NUMBERS, MONTHS, WEEKDAY, WEEKDAY_NUMBERS, WEEKDAYS

__all__ = ["MONTH_OF", "ORDINAL", "YEAR_OF", "Month", "nth_weekday", "read_month", "read_ordinal", "read_year"]

YEAR_OF: Final = (
    r"(?:(?:the year |year )?(?<![\w.,:/+-])[1-9][0-9]{3}(?![\w:/-]|[.,][0-9])|(?:this"
    r"|next|last|the|current|the current) year)"
)
"""Years: of four digits, or as seen from this one."""

MONTH_OF: Final = (
    rf"(?:(?:this|next|last|the|current|the current) month|(?:the month of )?\b(?:{MONTH})\b\.?(?:,? "
    rf"(?:of |in )?{YEAR_OF})?)"
)
"""Months, with or without a year."""

_WHICH: Final = r"1st|2nd|second|3rd|4th|5th|last|second to last|penultimate"
ORDINAL: Final = (
    rf"(?:the )?(?:(?:{_WHICH}) (?:{WEEKDAY}) (?:of|in) {MONTH_OF}|(?:1st|last) day (?:of|in) (?:{MONTH_OF}|{YEAR_OF})"
    rf"|(?:start|beginning|end) of (?:{MONTH_OF}|{YEAR_OF})|[0-9]{{1,2}}(?:st|nd|rd"
    r"|th) (?:day )?of (?:this|next|last) month"
    rf"|[0-9]{{1,3}}(?:st|nd|rd|th) day of {YEAR_OF}|day (?:number )?[0-9]{{1,3}} (?:of|in) {YEAR_OF})"
)
"""The dates that :func:`read_ordinal` reads."""

_WEEKDAY_IN: Final = re.compile(rf"(?P<which>{_WHICH}) (?P<name>{WEEKDAY}) (?:of|in) (?P<month>.+)")
_EDGE: Final = re.compile(r"(?P<edge>1st day|last day|start|beginning|end) (?:of|in) (?P<whole>.+)")
_DAY_OF_MONTH: Final = re.compile(r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th) (?:day )?of (?P<month>(?:this|next|last) month)")
_DAY_OF_YEAR: Final = re.compile(
    r"(?:day (?:number )?)?(?P<day>[0-9]{1,3})(?:st|nd|rd|th)?(?: day)? (?:of|in) (?P<year>.+)"
)
_PLACES: Final = {"1st": 1, "2nd": 2, "second": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1} | dict.fromkeys(
    ("second to last", "penultimate"), -2
)
_STEPS: Final = {"this": 0, "next": 1, "last": -1}

Month = tuple[int, int]
"""A year and the number of a month."""


def read_year(text: str, today: date) -> int:
    """Read a year that :data:`YEAR_OF` matches."""
    last = text.rpartition("year ")[2]
    return int(last) if last.isdigit() else today.year + _STEPS.get(text.split(" ")[0], 0)


def read_month(text: str, today: date, *, year: int | None = None) -> Month:
    """Read a month that :data:`MONTH_OF` matches.

    Parameters
    ----------
    text
        The month.
    today
        The day that it is seen from: a month without a year is of this year.
    year
        The year of a month without one.

    """
    text = text.removeprefix("the month of ")
    if text.endswith(" month"):
        months = 12 * today.year + today.month - 1 + _STEPS.get(text.split(" ")[0], 0)
        return months // 12, months % 12 + 1
    name, _, rest = text.partition(" ")
    rest = rest.removeprefix("of ").removeprefix("in ")
    return (read_year(rest, today) if rest else year or today.year), MONTH_NUMBERS[name.rstrip(".,")]


def nth_weekday(month: Month, weekday: int, place: int) -> date:
    """Return the nth of a weekday in a month, counted from its end if negative.

    Raises
    ------
    ToolError
        The month has fewer of them.

    """
    year, number = month
    days = [week[weekday] for week in calendar.monthcalendar(year, number) if week[weekday]]
    if place > len(days):
        raise ToolError(
            f"{MONTHS[number - 1]} {year} has {len(days)} {WEEKDAYS[weekday]}s only", hint="Ask for the last one."
        )
    return date(year, number, days[place - 1 if place > 0 else place])


def read_ordinal(text: str, today: date, *, year: int | None = None) -> date | None:
    """Read a date by its place in a month or a year.

    Returns
    -------
    date or None
        None where the text is no such date.

    Raises
    ------
    ToolError
        There is no such day.
    ValueError
        There is no such day.

    """
    text = text.removeprefix("the ")
    if match := _WEEKDAY_IN.fullmatch(text):
        month = read_month(match["month"], today, year=year)
        return nth_weekday(month, WEEKDAY_NUMBERS[match["name"]], _PLACES[match["which"]])
    if match := _EDGE.fullmatch(text):
        return _edge(match["whole"], today, year, at_end=match["edge"] in {"end", "last day"})
    if match := _DAY_OF_MONTH.fullmatch(text):
        return date(*read_month(match["month"], today), int(match["day"]))
    if (match := _DAY_OF_YEAR.fullmatch(text)) and re.fullmatch(YEAR_OF, match["year"]):
        first = date(read_year(match["year"], today), 1, 1)
        day = first + timedelta(days=int(match["day"]) - 1)
        if day.year != first.year:
            raise ValueError("beyond the year")
        return day
    return None


def _edge(whole: str, today: date, year: int | None, *, at_end: bool) -> date | None:
    """Return the first or last day of a month or a year."""
    if re.fullmatch(YEAR_OF, whole):
        named = read_year(whole, today)
        return date(named, 12, 31) if at_end else date(named, 1, 1)
    if not re.fullmatch(MONTH_OF, whole):
        return None
    in_year, month = read_month(whole, today, year=year)
    return date(in_year, month, calendar.monthrange(in_year, month)[1] if at_end else 1)
