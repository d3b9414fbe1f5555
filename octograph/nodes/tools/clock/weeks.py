"""The week, the day and the share of a year, and the numbers that stand for days."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.date_reader import Dated
from octograph.nodes.tools.clock.names import WEEKDAYS, full, written
from octograph.nodes.tools.clock.reading import Answer, Form, Question, noted

__all__ = ["FORMS"]

_JULIAN_OFFSET: Final = 1721425
"""What the Julian day number of a date is ahead of its ordinal, which is 1 on 1 January of the year 1."""


def _date(asked: Question) -> Dated:
    return asked.date() if asked.word("date") else Dated(day=asked.today)


def _week(asked: Question) -> Answer:
    found = _date(asked)
    year, week, _ = found.day.isocalendar()
    return noted(f"{written(found.day)} is in ISO week {week} of {year}.", found), str(week)


def _start_of_week(asked: Question) -> Answer:
    year = asked.year() if asked.word("year") else asked.today.year
    number = int(asked.word("number"))
    try:
        first = date.fromisocalendar(year, number, 1)
    except ValueError as error:
        raise ToolError(f"{year} has no ISO week {number}", hint="ISO weeks run to 52 or 53.") from error
    last = first + timedelta(days=6)
    return f"ISO week {number} of {year} runs from {full(first)} to {full(last)}.", first.isoformat()


def _day_of_year(asked: Question) -> Answer:
    found = _date(asked)
    number = found.day.timetuple().tm_yday
    return noted(f"{written(found.day)} is day {number} of {found.day.year}.", found), str(number)


def _share(asked: Question) -> Answer:
    day = asked.today
    if asked.year() != day.year:
        raise ToolError(f"today is not in {asked.year()}", hint="Ask how much of this year has passed.")
    passed, days = day.timetuple().tm_yday - 1, 366 if calendar.isleap(day.year) else 365
    percent = f"{100 * passed / days:.1f}"
    return (
        f"Before {written(day)}, {passed} of the {days} days of {day.year} have passed, about {percent} %.",
        f"{percent}%",
    )


def _timestamp_now(asked: Question) -> Answer:
    stamp = int(asked.moment.timestamp())
    return f"The Unix timestamp is {stamp}.", str(stamp)


def _timestamp_of(asked: Question) -> Answer:
    found = asked.date()
    stamp = int(datetime.combine(found.day, datetime.min.time(), UTC).timestamp())
    if asked.word("time"):
        stamp += asked.time().seconds
        return noted(f"The Unix timestamp of {written(found.day)}, {asked.time()} UTC, is {stamp}.", found), str(stamp)
    return noted(f"The Unix timestamp of {written(found.day)}, 00:00 UTC, is {stamp}.", found), str(stamp)


def _from_timestamp(asked: Question) -> Answer:
    number = int(asked.word("number"))
    try:
        there = datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ToolError(f"{number} seconds are beyond the calendar", hint="Use a timestamp in seconds.") from error
    text = f"{there:%H:%M:%S} UTC on {WEEKDAYS[there.weekday()]}, {written(there.date())}"
    return f"The Unix timestamp {number} is {text}.", there.strftime("%Y-%m-%dT%H:%M:%SZ")


def _julian_day(asked: Question) -> Answer:
    found = _date(asked)
    number = found.day.toordinal() + _JULIAN_OFFSET
    return noted(f"The Julian day number of {written(found.day)}, at noon UTC, is {number}.", found), str(number)


_STAMP: Final = r"(?:unix|epoch|posix)(?: (?:timestamp|time|epoch|time stamp))?"

FORMS: Final[tuple[Form, ...]] = (
    Form(r"(?:which )?week(?: number)?(?: (?:is|it|this|of|Y[0-9]|are|we|in|have|do|N[0-9]))*", _week),
    Form(
        r"(?:in )?(?:which )?week(?: number)?(?: (?:of|Y[0-9]|is|was|on|for|in|does|will"
        r"|be))* <date>(?: (?:fall|lie|be|is|falls|in))*"
        r"(?: (?:by|according to) iso rules)?",
        _week,
    ),
    Form(r"week <number>(?: of <year>)?(?: (?:begin|start|starts|begins))?(?: on)?", _start_of_week),
    Form(
        r"(?:when|date|day)(?: (?:is|does|did|will))? week <number>(?: (?:of|in) <year>)?(?: (?:begin"
        r"|start|starts|begins))?",
        _start_of_week,
    ),
    Form(r"(?:which )?day(?: number)? (?:of|in) Y[0-9](?: (?:is|it|N[0-9]))*", _day_of_year),
    Form(
        r"(?:which )?(?:day (?:number )?(?:of|in) Y[0-9]|day number|ordinal day)(?: (?:is"
        r"|was|of|for|will|be))* <date>(?: is)?",
        _day_of_year,
    ),
    Form(
        r"(?:the )?(?:fraction|share|part|percentage|percent) of <year>(?: (?:has|have"
        r"|is))?(?: (?:passed|over|behind us))?"
        r"(?: so far| N[0-9])*",
        _share,
    ),
    Form(r"far (?:are we )?into <year>(?: (?:are we|we are))?", _share),
    Form(rf"(?:current )?{_STAMP}(?: (?:is it|it is|is))?(?: <now>)?", _timestamp_now),
    Form(rf"{_STAMP} (?:of|for|at) <date>(?:,? (?:at )?<time>)?(?: utc)?", _timestamp_of),
    Form(rf"<date>(?:,? (?:at )?<time>)?(?: utc)? (?:to|as|in)(?: a)? {_STAMP}", _timestamp_of),
    Form(
        rf"(?:which )?(?:date |time |day |date and time )?(?:(?:is|does|of|for) )?(?:the )?{_STAMP} <number>"
        r"(?: (?:stand for|is|mean|to (?:a )?date))?",
        _from_timestamp,
    ),
    Form(r"julian (?:day|date)(?: number)?(?: (?:for|of|on))?(?: <date>)?", _julian_day),
)
