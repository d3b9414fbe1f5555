"""How many there are: weekdays and working days in a span, days in a month, leap years, seconds in a day."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.counting import both_dates
from octograph.nodes.tools.clock.names import MONTHS, WEEKDAYS, counted, written
from octograph.nodes.tools.clock.reading import Answer, Form, Question, noted
from octograph.nodes.tools.clock.spans import SPAN, read_span

__all__ = ["FORMS"]

_HAS: Final = r"(?: (?:are|is|there|were|will|be|do|does|did|i|we|have|has|had|fall|lie|come))*"
_SECONDS: Final = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def _year(asked: Question) -> int:
    year = asked.year()
    if not 1 <= year <= 9999:
        raise ToolError(f"the year {year} is outside the calendar here", hint="Use a year from 1 to 9999.")
    return year


def _weekdays_from_to(first: date, last: date, weekdays: frozenset[int]) -> int:
    """Count the days of some weekdays from one date to another, both included."""
    days = (last - first).days + 1
    whole, rest = divmod(days, 7)
    return whole * len(weekdays) + sum((first.weekday() + n) % 7 in weekdays for n in range(rest))


def _wanted(asked: Question) -> tuple[str, frozenset[int]]:
    """Return which weekdays are counted, and how they are called."""
    name = asked.word("weekdays")
    if name:
        number = [f"{weekday.lower()}s" for weekday in WEEKDAYS].index(name)
        return f"{WEEKDAYS[number]}s", frozenset({number})
    return "working days", frozenset(range(5))


def _tally(asked: Question, first: date, last: date, where: str, note: str) -> Answer:
    name, weekdays = _wanted(asked)
    number = _weekdays_from_to(first, last, weekdays)
    verb = "is" if number == 1 else "are"
    notes = [note, *(["Monday to Friday, public holidays not taken out"] if name == "working days" else [])]
    said = "; ".join(part for part in notes if part)
    return f"There {verb} {counted(number, name)} {where}{f' ({said})' if said else ''}.", str(number)


def _in_span(asked: Question) -> Answer:
    first, last = both_dates(asked)
    where = f"from {written(first.day)} to {written(last.day)}"
    notes = "; ".join(part for part in (first.note, last.note, "both days included") if part)
    return _tally(asked, first.day, last.day, where, notes)


def _until(asked: Question) -> Answer:
    found = asked.date(lean="future")
    if found.day <= asked.today:
        raise ToolError(f"{written(found.day)} is not to come", hint="Name a later date.")
    where = f"from tomorrow to {written(found.day)}"
    return _tally(asked, asked.today + timedelta(days=1), found.day, where, "that day included")


def _in_month_or_year(asked: Question) -> Answer:
    if asked.word("year"):
        year = _year(asked)
        return _tally(asked, date(year, 1, 1), date(year, 12, 31), f"in {year}", "")
    year, month = asked.month()
    last = calendar.monthrange(year, month)[1]
    return _tally(asked, date(year, month, 1), date(year, month, last), f"in {MONTHS[month - 1]} {year}", "")


def _working_days_away(asked: Question) -> Answer:
    """Add working days to a date, or take them away."""
    found = asked.date() if asked.word("date") else None
    day = start = found.day if found else asked.today
    number = int(asked.word("number"))
    if number > 5000:
        raise ToolError("that is too far away", hint="Use at most 5000 working days.")
    step = timedelta(days=-1 if asked.word("way") in {"before", "ago"} else 1)
    left = number
    while left:
        day += step
        left -= day.weekday() < 5
    way = "before" if step.days < 0 else "after"
    sentence = (
        f"{counted(number, 'working days')} {way} {written(start)} is {WEEKDAYS[day.weekday()]}, {written(day)}"
        " (Monday to Friday, public holidays not taken out)."
    )
    return noted(sentence, *([found] if found else [])), day.isoformat()


def _days_in_month(asked: Question) -> Answer:
    if asked.word("year") and re.search(r"[0-9]|year", asked.text("month")):
        raise ToolError("the question names two years", hint="Write the month with one year.")
    year, month = asked.month()
    year = asked.year() if asked.word("year") else year
    if not 1 <= year <= 9999:
        raise ToolError(f"the year {year} is outside the calendar here", hint="Use a year from 1 to 9999.")
    days = calendar.monthrange(year, month)[1]
    return f"{MONTHS[month - 1]} {year} has {days} days.", str(days)


def _days_in_year(asked: Question) -> Answer:
    year = _year(asked)
    days = 366 if calendar.isleap(year) else 365
    return f"{year} has {days} days.", str(days)


def _weeks_in_year(asked: Question) -> Answer:
    year = _year(asked)
    weeks = date(year, 12, 28).isocalendar().week
    if named := asked.text("span"):
        if not re.fullmatch(r"5[0-9] weeks", named):
            raise ToolError(f"{named!r} is no number of weeks", hint='Ask "are there 53 weeks in 2026?".')
        answer = "yes" if int(named[:2]) == weeks else "no"
        return f"{answer.capitalize()}, {year} has {weeks} ISO weeks.", answer
    return f"{year} has {weeks} ISO weeks.", str(weeks)


def _units_in(asked: Question) -> Answer:
    """Count hours, minutes or seconds in a day, a week or a year."""
    unit, whole = asked.word("small"), asked.word("whole")
    if asked.word("year"):
        year = _year(asked)
        days, named = (366 if calendar.isleap(year) else 365), str(year)
    elif asked.word("span") or asked.word("date"):
        # "In a week" is a date where nothing stands before it.
        text = asked.text("span") or asked.text("date").removeprefix("in ")
        if not re.fullmatch(SPAN, text):
            raise ToolError(f"{text!r} is no span of time", hint='Ask "how many hours are in a week?".')
        span = read_span(text)
        number, rest = divmod(span.seconds, _SECONDS[unit])
        if span.months or rest:
            raise ToolError(f"{span.text!r} is no whole number of {unit}", hint="Name days, weeks or a leap year.")
        return f"There {'is' if number == 1 else 'are'} {counted(number, unit)} in {span.text}.", str(number)
    else:
        days = {"leap year": 366, "common year": 365, "non-leap year": 365}[whole]
        named = f"a {whole}"
    number = days * 86400 // _SECONDS[unit]
    return f"There are {number} {unit} in {named}.", str(number)


def _leap(asked: Question) -> Answer:
    this = asked.today.year
    year = _year(asked) if asked.word("year") else this
    is_leap = calendar.isleap(year)
    verb = "was" if year < this else "is" if year == this else "will be"
    said = verb if is_leap else verb.replace("will", "will not") if year > this else f"{verb} not"
    return f"{year} {said} a leap year.", "yes" if is_leap else "no"


def _next_leap(asked: Question) -> Answer:
    start = asked.year() if asked.word("year") else asked.today.year
    step = -1 if asked.word("last") else 1
    year = start + step
    while not calendar.isleap(year):
        year += step
    word = "last leap year before" if step < 0 else "next leap year after"
    return f"The {word} {start} {'was' if year < asked.today.year else 'is'} {year}.", str(year)


def _leap_years(asked: Question) -> Answer:
    first, last = asked.year("first"), asked.year("last")
    if last < first or last - first > 1000:
        raise ToolError("that is no span of years", hint="Name the earlier year first.")
    years = [year for year in range(first, last + 1) if calendar.isleap(year)]
    named = f": {', '.join(map(str, years))}" if 0 < len(years) <= 30 else ""
    verb = "is" if len(years) == 1 else "are"
    return f"There {verb} {counted(len(years), 'leap years')} from {first} to {last}{named}.", str(len(years))


_WORKING: Final = r"(?:working ?days|business days|weekdays|work days)"
_KIND: Final = rf"(?:<weekdays>|{_WORKING})"
_IN: Final = r"(?:in|of|during|does|do|has|did)?"
_INCLUDED: Final = (
    r"(?:,? \(?(?:both (?:dates |days )?(?:included|inclusive)|inclusive|including both(?: days| dates)?)\)?)?"
)

FORMS: Final[tuple[Form, ...]] = (
    Form(rf"{_KIND}{_HAS} (?:between|from) <first:date> (?:and|to|until|through) <last:date>{_INCLUDED}", _in_span),
    Form(rf"(?:between|from) <first:date> (?:and|to|until|through) <last:date>,? how many {_KIND}{_HAS}", _in_span),
    Form(rf"{_KIND}{_HAS}(?: left)? (?:until|before|to) <date>", _until),
    Form(rf"{_KIND}{_HAS} ?{_IN} (?:<month>|<year>)(?: have| has)?", _in_month_or_year),
    Form(
        rf"(?:date |day |when )?(?:is |in )?<number> {_WORKING} (?P<way>after|from|before|on from) <date>",
        _working_days_away,
    ),
    Form(rf"days{_HAS}(?: in)? <month>{_HAS}", _days_in_month),
    Form(rf"days{_HAS} <month>{_HAS}(?: in)? <year>", _days_in_month),
    Form(rf"<month>{_HAS} how many days", _days_in_month),
    Form(r"long is <month>", _days_in_month),
    Form(rf"days{_HAS}(?: in)? <year>{_HAS}", _days_in_year),
    Form(rf"(?:iso )?weeks{_HAS}(?: in)? <year>{_HAS}", _weeks_in_year),
    Form(r"(?:there )?<span>(?: in)? <year>", _weeks_in_year),
    Form(r"<year> (?:have|has) <span>", _weeks_in_year),
    Form(
        rf"(?P<small>days|hours|minutes|seconds){_HAS}(?: in)? a (?P<whole>leap year|common year|non-leap year)",
        _units_in,
    ),
    Form(rf"(?P<small>days|hours|minutes|seconds){_HAS}(?: in)? <span>", _units_in),
    Form(rf"(?P<small>days|hours|minutes|seconds){_HAS} <date>", _units_in),
    Form(rf"(?P<small>hours|minutes|seconds){_HAS}(?: in)? <year>{_HAS}", _units_in),
    Form(r"<year>(?: is| was| be)? (?:a )?leap year", _leap),
    Form(r"(?:we (?:are )?in )?a leap year(?: <year>| <now>)?", _leap),
    Form(r"(?:when is )?(?:the )?(?:next|following) leap year(?: after <year>)?", _next_leap),
    Form(r"(?:when (?:is|was) )?(?:the )?(?P<last>last|previous|most recent) leap year(?: before <year>)?", _next_leap),
    Form(
        r"(?:which )?(?:years )?(?:leap years )?(?:are there |lie )?(?:between|from) <first:year> (?:and"
        r"|to) <last:year>"
        r"(?: (?:are|were) leap years)?",
        _leap_years,
    ),
)
