"""Days, weeks, months and years between two dates, until one and since one."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.date_reader import Dated
from octograph.nodes.tools.clock.names import MONTHS, counted, full, joined, written
from octograph.nodes.tools.clock.reading import EVENT, Answer, Form, Question, noted

__all__ = ["FORMS", "apart", "both_dates"]

_NOW: Final = frozenset({"today", "now"})
_YEAR_WRITTEN: Final = re.compile(r"\b([0-9]{4})\b")


def both_dates(asked: Question) -> tuple[Dated, Dated]:
    """Read the slots ``first`` and ``last``; a year that only one of them has holds for both.

    Raises
    ------
    ToolError
        The last date is before the first one, and they may be of different years.

    """
    texts = asked.text("first"), asked.text("last")
    years = [match and int(match[1]) for match in map(_YEAR_WRITTEN.search, texts)]
    if texts[0] in _NOW and years[1] is None:
        return asked.date("first"), asked.date("last", lean="future")
    if texts[1] in _NOW and years[0] is None:
        return asked.date("first", lean="past"), asked.date("last")
    year = years[0] or years[1]
    first, last = asked.date("first", year=year), asked.date("last", year=year)
    if last.day < first.day and not any(years):
        # "Between Valentine's Day and Halloween" is within one year, though the next one of each is not.
        first, last = asked.date("first", year=asked.today.year), asked.date("last", year=asked.today.year)
    if last.day < first.day:
        if not all(years) and not all(text in _NOW or year for text, year in zip(texts, years, strict=True)):
            raise ToolError(
                f"{written(last.day)} is before {written(first.day)}", hint="Write both dates with their years."
            )
        first, last = last, first
    return first, last


def apart(first: date, last: date, unit: str) -> tuple[str, str]:
    """Return the time between two dates in words, and as a number of whole units."""
    from dateutil.relativedelta import relativedelta

    unit = re.sub(r"^(?:full|whole|complete) ", "", unit)
    days = (last - first).days
    if unit in {"days", "nights", "sleeps"}:
        return counted(days, unit), str(days)
    if unit.startswith("weeks"):
        parts = [(days // 7, "weeks"), (days % 7, "days")]
    else:
        between = relativedelta(last, first)
        months = 12 * between.years + between.months
        in_months = unit.startswith("months")
        start = [(months, "months")] if in_months else [(between.years, "years"), (between.months, "months")]
        parts = [*start, (between.days, "days")]
    whole = parts[0][0]
    named = [counted(number, name) for number, name in parts if number] or [counted(0, unit)]
    return joined(named), str(whole)


def _unit(asked: Question) -> str:
    return asked.word("unit") or "days"


def _are(value: str) -> str:
    return "is" if value == "1" else "are"


def _between(asked: Question) -> Answer:
    first, last = both_dates(asked)
    if asked.word("both"):
        if _unit(asked) != "days":
            raise ToolError("only days can be counted with both ends", hint='Ask for "days".')
        number = (last.day - first.day).days + 1
        sentence = f"From {written(first.day)} to {written(last.day)}, both included, it is {counted(number, 'days')}."
        return noted(sentence, first, last), str(number)
    amount, value = apart(first.day, last.day, _unit(asked))
    sentence = f"There {_are(value)} {amount} between {written(first.day)} and {written(last.day)}."
    return noted(sentence, first, last), value


def _between_months(asked: Question) -> Answer:
    texts = [bool(re.search(r"[0-9]|year", asked.text(name))) for name in ("first", "last")]
    (year, month), (last_year, last_month) = asked.month("first"), asked.month("last")
    if texts == [False, True]:
        year = last_year
    number = 12 * (last_year - year) + last_month - month
    if number < 0 or texts == [True, False]:
        raise ToolError("the months may be of different years", hint="Write both months with their years.")
    named = f"{MONTHS[month - 1]} {year} to {MONTHS[last_month - 1]} {last_year}"
    return f"From {named}, it is {counted(number, 'months')}.", str(number)


def _until(asked: Question) -> Answer:
    found = asked.date(lean="future")
    if found.day < asked.today:
        amount, value = apart(found.day, asked.today, _unit(asked))
        return noted(f"{written(found.day)} was {amount} ago.", found), f"-{value}"
    amount, value = apart(asked.today, found.day, _unit(asked))
    return noted(f"There {_are(value)} {amount} until {full(found.day)}.", found), value


def _until_month(asked: Question) -> Answer:
    year, month = asked.month()
    if not re.search(r"[0-9]|year", asked.text("month")) and (year, month) <= (asked.today.year, asked.today.month):
        year += 1
    first = date(year, month, 1)
    if first <= asked.today:
        raise ToolError(f"{MONTHS[month - 1]} {year} has begun", hint="Write the date with its day.")
    amount, value = apart(asked.today, first, _unit(asked))
    return f"There {_are(value)} {amount} until {full(first)}.", value


def _since(asked: Question) -> Answer:
    found = asked.date(lean="past")
    if found.day > asked.today:
        raise ToolError(f"{written(found.day)} is still to come", hint='Ask for the days "until" it.')
    amount, value = apart(found.day, asked.today, _unit(asked))
    return noted(f"It has been {amount} since {full(found.day)}.", found), value


def _left(asked: Question) -> Answer:
    today = asked.today
    if asked.word("month"):
        year, month = asked.month()
        last = date(year, month, calendar.monthrange(year, month)[1])
        whole, is_now = f"{MONTHS[month - 1]} {year}", (year, month) == (today.year, today.month)
    else:
        last = date(asked.year(), 12, 31)
        whole, is_now = str(last.year), last.year == today.year
    if not is_now:
        raise ToolError(f"today is not in {whole}", hint="Ask for the days until its end.")
    amount, value = apart(today, last, _unit(asked))
    return f"After {written(today)}, {amount} {_are(value)} left in {whole}.", value


_FROM_TO: Final = (
    r"(?:between|from|counting from|starting from)? ?<first:date>,? (?:and|to|until|-|through)(?: the)? <last:date>"
)
_LIE: Final = (
    r"(?: (?:are|is|it|there|lie|lies|pass|passed|was|were|left|elapse|elapsed|fall"
    r"|do|i|we|have|will|be|takes|been|together"
    r"|married))*"
)
_BOTH: Final = (
    r"(?P<both>,? \(?(?:both (?:dates |days )?included|both (?:dates |days )?inclusive"
    r"|inclusive|including both(?: dates| days)?|counting both(?: days)?)\)?)?"
)
_IS: Final = r",? ?(?:so |and )?(?:is|are|was|were|how many is that|how many|how long|make|makes)?"
_LEFT: Final = (
    r"(?: (?:are|is|do|does|will|was|were|there|it|left|i|we|have|be|away|go|remain"
    r"|still|lie|exist|take|until|now|more))*"
)
_PASSED: Final = (
    r"(?: (?:are|is|was|were|it|there|have|has|been|passed|lie|gone|by|past|went|elapsed|we|married|together))*"
)

FORMS: Final[tuple[Form, ...]] = (
    Form(r"<unit> after <first:date> (?:is|was|will be) <last:date>", _between),
    Form(r"<unit> before <last:date> (?:is|was|will be) <first:date>", _between),
    Form(
        rf"(?:<unit>{_LIE}|long{_LIE}|time)? ?{_FROM_TO}{_BOTH}{_IS}(?: long| how long| in days|,? count the days)?",
        _between,
    ),
    Form(rf"{_FROM_TO},? (?:how many|in) <unit>(?: is (?:that|it)| are (?:that|there|left))?", _between),
    Form(rf"<unit>{_PASSED} since <first:date>,? (?:on|at|until|to|by) <last:date>", _between),
    Form(
        r"(?:difference|distance|time|gap)(?: in <unit>)? between <first:date> and <last:date>(?: in days)?", _between
    ),
    Form(
        rf"(?:<unit>{_LEFT}|long{_LEFT}|much time{_LEFT}|time{_LEFT}|countdown)? ?(?:until|to|before) {EVENT}<date>",
        _until,
    ),
    Form(
        r"<now> is <first:date>[.,;:]? (?:so |and )?(?:how )?(?:many )?<unit>(?: (?:are"
        r"|is|left|there|it|remain))* until <last:date>",
        _between,
    ),
    Form(
        r"months(?: (?:lie|are|there|is|it))* (?:between|from) <first:month> (?:and|to|until) <last:month>",
        _between_months,
    ),
    Form(r"(?:countdown to|until) <date>,? in <unit>", _until),
    Form(r"(?:<unit>|far)(?: (?:away|off|from|now))* is <date>(?: away| off| from now)?", _until),
    Form(r"far (?:away|off) <date> is", _until),
    Form(r"<date>(?:,| is)? how (?:many )?(?:<unit>|far) (?:away|off|from now)(?: is it)?", _until),
    Form(rf"(?:<unit>{_LEFT}|long{_LEFT})? ?(?:until|to|before)(?: the start of)? <month>", _until_month),
    Form(r"<unit>(?: (?:are|is|do|there|we|i|have|still))* (?:left|remain)(?: in| of)? (?:<month>|<year>)", _left),
    Form(rf"(?:<unit>{_PASSED}|long{_PASSED})? ?since {EVENT}<date>(?: (?:until|to|and) now)?", _since),
    Form(rf"(?:<unit>|long) ago (?:was|is|were) {EVENT}<date>(?:,? in (?P<in>days))?", _since),
    Form(r"(?:<unit>|long) ago <date> (?:was|is)", _since),
    Form(r"<date> (?:was|is) how (?:many )?(?:<unit>|long) ago", _since),
)
