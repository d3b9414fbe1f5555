"""The clock: dates, times, zones, and the days between.

It answers in full sentences that name the date, so that what was assumed can be seen.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from octograph.errors import ToolError
from octograph.nodes.tools.date_expressions import MONTHS, WEEKDAYS, Dated, DateReader, written
from octograph.nodes.tools.numerals import digits_for_words
from octograph.nodes.tools.phrasing import normalise, strip_request
from octograph.nodes.tools.places import find_place
from octograph.nodes.tools.tool import Clock, ToolAnswer

__all__ = ["ClockTool"]

_TAIL: Final = re.compile(r"(?:[\s,;:?!.]|(?<= )(?:please|thanks|thank you|pls))+$")
_FALLS: Final = re.compile(r" falls?(?: on)?\b")
_TODAY: Final = r"(?: (?:today|now|right now|currently|at the moment))?"
_UNIT: Final = r"(?P<unit>days|weeks|months|years)"
_ARE: Final = r"(?: (?:are|is|were|was)(?: there| it)?(?: left)?| left| do (?:we|i) have(?: left)?| will it be)?"
_PROPER: Final = (
    "Christmas", "Easter", "Halloween", "Boxing", "Valentine's", "Thanksgiving", "Black", "Labor", "Memorial",
    "Mother's", "Father's",
)  # fmt: skip
_LEFT: Final = r"(?: (?:are|is)(?: there)?)? (?:left|remaining|remain)"
_MONTH: Final = "|".join([*MONTHS, *(name[:3] for name in MONTHS)]).lower()


class ClockTool:
    """Dates and times.

    Parameters
    ----------
    clock
        Where to read the time.

    """

    name: ClassVar[str] = "clock"

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def answer(self, query: str) -> ToolAnswer:
        """Answer a question about dates or the time.

        Parameters
        ----------
        query
            What the user asked.

        Returns
        -------
        ToolAnswer
            A sentence; its value is an ISO date, a time, a number or a weekday.

        Raises
        ------
        ToolError
            The query is no such question, or names no date or place that is known here.

        """
        text = _TAIL.sub("", strip_request(digits_for_words(normalise(query)).text))
        text = _FALLS.sub("", text)
        moment = self._clock.now()
        for pattern, handle in _FORMS:
            if match := pattern.fullmatch(text):
                sentence, value = handle(match, moment)
                return ToolAnswer(text=sentence, value=value, tool=self.name)
        raise ToolError(
            "this is no question about dates or the time that is known here",
            hint='Ask for instance "how many days until Christmas?" or "what time is it in Tokyo?".',
        )


Answer = tuple[str, str]


def _full(day: date) -> str:
    """Write a date with its weekday."""
    return f"{WEEKDAYS[day.weekday()]}, {written(day)}"


def _noted(sentence: str, *dates: Dated) -> str:
    notes = "; ".join(dated.note for dated in dates if dated.note)
    return f"{sentence.removesuffix('.')} ({notes})." if notes else sentence


def _be(day: date, today: date) -> str:
    return "was" if day < today else "is" if day == today else "will be"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if abs(number) != 1 else f"{number} {unit.removesuffix('s')}"


def _today(match: re.Match[str], moment: datetime) -> Answer:
    asked = (match.groupdict().get("asked") or "").split(" ")[0]
    value = {"year": str(moment.year), "month": MONTHS[moment.month - 1]}.get(asked, moment.date().isoformat())
    return f"Today is {_full(moment.date())}.", value


def _date(match: re.Match[str], moment: datetime) -> Answer:
    found = DateReader(moment.date()).read(match["date"])
    verb = _be(found.day, moment.date())
    if found.relative:
        it = " it" if match["date"].startswith(("in ", "within ")) else ""
        sentence = f"{_sentence_case(match['date'])}{it} {verb} {_full(found.day)}."
    else:
        sentence = f"{written(found.day)} {verb} a {WEEKDAYS[found.day.weekday()]}."
    return _noted(sentence, found), found.day.isoformat()


def _sentence_case(text: str) -> str:
    """Write a date that the user gave the way it stands in a sentence."""
    names = {name.lower(): name for name in (*MONTHS, *WEEKDAYS, *_PROPER)}
    text = re.sub(r"^(?=after tomorrow|before yesterday)", "the day ", text)
    words = [names.get(word, word) for word in text.strip(" ,").split(" ")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _time(match: re.Match[str], moment: datetime) -> Answer:
    return f"It is {moment:%H:%M} on {_full(moment.date())}.", f"{moment:%H:%M}"


def _time_in(match: re.Match[str], moment: datetime) -> Answer:
    place = find_place(match["place"])
    there = moment.astimezone(ZoneInfo(place.zone))
    offset = there.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    utc = f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
    name = place.name if place.name == place.zone else f"{place.zone}"
    return f"In {place.name} it is {there:%H:%M} on {_full(there.date())} ({name}, {utc}).", f"{there:%H:%M}"


def _time_later(match: re.Match[str], moment: datetime) -> Answer:
    amount = 1 if match["amount"] in {"a", "an"} else int(match["amount"])
    unit = match["unit"].removesuffix("s") + "s"
    sign = -1 if match["ago"] else 1
    then = (moment.astimezone(ZoneInfo("UTC")) + sign * timedelta(**{unit: amount})).astimezone(moment.tzinfo)
    when = f"{_count(amount, unit)} ago it was" if match["ago"] else f"In {_count(amount, unit)} it will be"
    return f"{when} {then:%H:%M} on {_full(then.date())}.", f"{then:%H:%M}"


def _weekday(match: re.Match[str], moment: datetime) -> Answer:
    found = DateReader(moment.date()).read(match["date"])
    weekday = WEEKDAYS[found.day.weekday()]
    return _noted(f"{written(found.day)} {_be(found.day, moment.date())} a {weekday}.", found), weekday


def _between(match: re.Match[str], moment: datetime) -> Answer:
    reader = DateReader(moment.date())
    last_year = re.search(r"\b([0-9]{4})\b", match["last"])
    first_year = re.search(r"\b([0-9]{4})\b", match["first"])
    fixed = first_year or last_year
    year = int(fixed[1]) if fixed else None
    first, last = reader.read(match["first"], year=year), reader.read(match["last"], year=year)
    if last.day < first.day:
        if not (first_year and last_year):
            raise ToolError(
                f"{written(last.day)} is before {written(first.day)}",
                hint="Write both dates with their years.",
            )
        first, last = last, first
    amount, value = _difference(first.day, last.day, match["unit"] or "days")
    verb = "is" if value == "1" else "are"
    sentence = f"There {verb} {amount} between {written(first.day)} and {written(last.day)}."
    return _noted(sentence, first, last), value


def _difference(first: date, last: date, unit: str) -> tuple[str, str]:
    """Return the time between two dates in words, and as a number of whole units."""
    from dateutil.relativedelta import relativedelta

    days = (last - first).days
    if unit == "days":
        return _count(days, "days"), str(days)
    if unit == "weeks":
        parts = [(days // 7, "weeks"), (days % 7, "days")]
    else:
        apart = relativedelta(last, first)
        months = 12 * apart.years + apart.months
        start = [(months, "months")] if unit == "months" else [(apart.years, "years"), (apart.months, "months")]
        parts = [*start, (apart.days, "days")]
    whole = parts[0][0]
    named = [_count(number, name) for number, name in parts if number] or [_count(0, unit)]
    return (f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else named[0]), str(whole)


def _until(match: re.Match[str], moment: datetime) -> Answer:
    today = moment.date()
    found = DateReader(today).read(match["date"], lean="future")
    if found.day < today:
        amount, value = _difference(found.day, today, match["unit"] or "days")
        return _noted(f"{written(found.day)} was {amount} ago.", found), f"-{value}"
    amount, value = _difference(today, found.day, match["unit"] or "days")
    verb = "is" if value == "1" else "are"
    return _noted(f"There {verb} {amount} until {_full(found.day)}.", found), value


def _left(match: re.Match[str], moment: datetime) -> Answer:
    today = moment.date()
    amount, value = _difference(today, date(today.year, 12, 31), match["unit"])
    return f"After {written(today)}, {amount} {'is' if value == '1' else 'are'} left in {today.year}.", value


def _since(match: re.Match[str], moment: datetime) -> Answer:
    today = moment.date()
    found = DateReader(today).read(match["date"], lean="past")
    if found.day > today:
        raise ToolError(f"{written(found.day)} is still to come", hint='Ask for the days "until" it.')
    amount, value = _difference(found.day, today, match["unit"] or "days")
    return _noted(f"It has been {amount} since {_full(found.day)}.", found), value


def _leap(match: re.Match[str], moment: datetime) -> Answer:
    this = moment.year
    named = match["year"]
    year = int(named) if named.isdigit() else this + {"this": 0, "next": 1, "last": -1}[named.split()[0]]
    if not 1 <= year <= 9999:
        raise ToolError(f"the year {year} is outside the calendar here", hint="Use a year from 1 to 9999.")
    is_leap = calendar.isleap(year)
    verb = "was" if year < this else "is" if year == this else "will be"
    said = verb if is_leap else verb.replace("will", "will not") if year > this else f"{verb} not"
    return f"{year} {said} a leap year.", "yes" if is_leap else "no"


def _next_leap(match: re.Match[str], moment: datetime) -> Answer:
    year = next(year for year in range(moment.year + 1, moment.year + 10) if calendar.isleap(year))
    return f"The next leap year after {moment.year} is {year}.", str(year)


def _week(match: re.Match[str], moment: datetime) -> Answer:
    found = DateReader(moment.date()).read(match["date"] or "today")
    year, week, _ = found.day.isocalendar()
    return _noted(f"{written(found.day)} is in ISO week {week} of {year}.", found), str(week)


def _days_in_month(match: re.Match[str], moment: datetime) -> Answer:
    month = next(n for n, name in enumerate(MONTHS, 1) if name.lower()[:3] == match["month"][:3])
    year = int(match["year"] or moment.year)
    if not 1 <= year <= 9999:
        raise ToolError(f"the year {year} is outside the calendar here", hint="Use a year from 1 to 9999.")
    days = calendar.monthrange(year, month)[1]
    return f"{MONTHS[month - 1]} {year} has {days} days.", str(days)


def _days_in_year(match: re.Match[str], moment: datetime) -> Answer:
    year = int(match["year"]) if match["year"].isdigit() else moment.year
    if not 1 <= year <= 9999:
        raise ToolError(f"the year {year} is outside the calendar here", hint="Use a year from 1 to 9999.")
    days = 366 if calendar.isleap(year) else 365
    return f"{year} has {days} days.", str(days)


def _age(match: re.Match[str], moment: datetime) -> Answer:
    born = DateReader(moment.date()).read(match["date"])
    if not re.search(r"[0-9]{4}", match["date"]):
        raise ToolError("an age needs the year of birth", hint='Ask "how old is someone born on 4 July 1997?".')
    if born.day > moment.date():
        raise ToolError(f"{written(born.day)} is still to come", hint="Check the year of birth.")
    _, years = _difference(born.day, moment.date(), "years")
    age = _count(int(years), "years")
    sentence = f"Someone born on {written(born.day)} is {age} old on {written(moment.date())}."
    return _noted(sentence, born), years


_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Answer]], ...]] = tuple(
    (re.compile(pattern), handle)
    for pattern, handle in (
        (rf"(?:today(?:'s)?(?: date)?|(?:current )?date{_TODAY}|today's (?:day|date|weekday))", _today),
        (
            rf"(?P<asked>day|date|weekday|day of the week|year|month)(?: of the month)? "
            rf"(?:is|do we have)(?: it)?{_TODAY}",
            _today,
        ),
        (rf"(?:current )?(?:local )?time(?: (?:is|do we have)(?: it)?)?(?: here)?{_TODAY}", _time),
        (
            r"(?:(?:will )?(?:it )?(?:be )?)?time (?:is|was|will)(?: it)?(?: be)? (?:in )?"
            r"(?P<amount>[0-9]{1,6}|an?) "
            r"(?P<unit>hours?|minutes?)(?: from now|(?P<ago> ago))?",
            _time_later,
        ),
        (
            rf"(?:current )?(?:local )?(?:time|hour|date|day)(?: is| is it| is it now)?{_TODAY} "
            rf"(?:in|at|for) (?P<place>[^0-9]+?){_TODAY}",
            _time_in,
        ),
        (
            r"(?:iso )?week(?: number)?(?: (?:is it|is this|of the year|is))*(?: (?:of|on|for|in)? ?"
            r"(?P<date>.+))?",
            _week,
        ),
        (
            r"(?:day of the week|weekday|day)(?: of the week)? "
            r"(?:is|was|will be|will|does|did|of|on|for)(?: it)?(?: be)?(?: on)? (?P<date>.+?)"
            r"(?: be)?(?: on)?",
            _weekday,
        ),
        (
            r"(?:on )?(?:which|what) (?:day of the week|weekday|day) "
            r"(?:is|was|will be|does|did|will) (?P<date>.+?)(?: be)?",
            _weekday,
        ),
        (
            rf"(?:number of )?(?:{_UNIT}{_ARE} )?(?:between|from) (?P<first>.+?) "
            rf"(?:and|to|until|till) (?P<last>.+)",
            _between,
        ),
        (rf"(?:number of )?(?:{_UNIT}{_ARE} |long{_ARE} )?(?:until|till|to|before) (?P<date>.+)", _until),
        (rf"{_UNIT}{_LEFT} (?:in|of) (?P<date>(?:the|this) year)", _left),
        (
            rf"(?:number of )?(?:{_UNIT}(?:{_ARE}| have passed| has it been| have gone by)|long"
            rf"(?: has it been)?)? ?"
            r"since (?P<date>.+)",
            _since,
        ),
        (rf"(?:{_UNIT}|long) ago (?:was|is) (?P<date>.+)", _since),
        (r"(?:leap year )?(?P<year>[0-9]{1,4}|this year|next year|last year) (?:is )?a leap year", _leap),
        (r"(?:when is the )?next leap year", _next_leap),
        (
            rf"days(?: are there| are| does| do)?(?: in)?(?: the month of)? (?P<month>{_MONTH})"
            rf"(?: of)?,?(?: (?P<year>[0-9]{{4}}))?(?: have| has)?",
            _days_in_month,
        ),
        (
            r"days(?: are there| are| does)?(?: in)?(?: the year)? (?P<year>[0-9]{4}|this year)(?: have)?",
            _days_in_year,
        ),
        (
            r"(?:old (?:is|am|would be|are)|age of) "
            r"(?:someone|somebody|a person|i|you|one|people)?,? ?(?:(?:who|if) )?(?:"
            r"(?:was|is|were|i was|they were|am) )?(?:born )?(?:on )?(?P<date>.+?)",
            _age,
        ),
        (r"(?:date|day)(?: (?:is|was|will be|will it be|will|falls|it is))?(?: it)? (?P<date>.+?)", _date),
        (
            r"(?:when|which date|which day|on which date)(?: (?:is|was|will be|does|did))? (?P<date>.+?)",
            _date,
        ),
        (r"(?P<date>.+)", _date),
    )
)
