"""Reading a date: absolute, relative to today, a holiday, or a distance from another date."""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from octograph.errors import ToolError

__all__ = ["MONTHS", "WEEKDAYS", "DateReader", "Dated", "written"]

Lean = Literal["none", "future", "past"]
DateMaker = Callable[[int], date]

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MONTH_NUMBERS: Final = {name[:length].lower(): n for n, name in enumerate(MONTHS, 1) for length in (3, len(name))} | {
    "sept": 9
}
_WEEKDAY_NUMBERS: Final = {name[:length].lower(): n for n, name in enumerate(WEEKDAYS) for length in (3, len(name))} | {
    "tues": 1,
    "thur": 3,
    "thurs": 3,
}
_MONTH: Final = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_WEEKDAY: Final = "|".join(sorted(_WEEKDAY_NUMBERS, key=len, reverse=True))
_DAY: Final = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>[0-9]{4})"
_HOLIDAYS: Final = {
    "christmas": (12, 25), "christmas day": (12, 25), "xmas": (12, 25), "christmas eve": (12, 24),
    "boxing day": (12, 26), "new year": (1, 1), "new years": (1, 1), "new year's": (1, 1),
    "new year's day": (1, 1), "new years day": (1, 1), "new year's eve": (12, 31),
    "new years eve": (12, 31), "halloween": (10, 31), "valentine's day": (2, 14), "valentines day": (2, 14),
    "valentine's": (2, 14), "epiphany": (1, 6), "all saints' day": (11, 1), "st patrick's day": (3, 17),
    "saint patrick's day": (3, 17), "april fools' day": (4, 1), "april fools day": (4, 1),
    "may day": (5, 1), "bastille day": (7, 14),
    "the end of the year": (12, 31), "end of the year": (12, 31),
}  # fmt: skip
_EASTER: Final = {"easter": 0, "easter sunday": 0, "good friday": -2, "easter monday": 1, "pentecost": 49}
# Month, weekday, and which of them in the month (the last is -1), as the United States keep them.
_WEEKDAY_HOLIDAYS: Final = {
    "thanksgiving": (11, calendar.THURSDAY, 4), "thanksgiving day": (11, calendar.THURSDAY, 4),
    "labor day": (9, calendar.MONDAY, 1), "memorial day": (5, calendar.MONDAY, -1),
    "mother's day": (5, calendar.SUNDAY, 2), "mothers day": (5, calendar.SUNDAY, 2),
    "father's day": (6, calendar.SUNDAY, 3), "fathers day": (6, calendar.SUNDAY, 3),
}  # fmt: skip
_HOLIDAY: Final = "|".join(
    re.escape(name)
    for name in sorted([*_HOLIDAYS, *_EASTER, *_WEEKDAY_HOLIDAYS, "black friday"], key=len, reverse=True)
)

_NAMED: Final = (
    re.compile(rf"(?:the )?{_DAY} (?:of )?(?P<month>{_MONTH})\.?,?(?: (?:of )?{_YEAR})?"),
    re.compile(rf"(?P<month>{_MONTH})\.? (?:the )?{_DAY},?(?: (?:of )?{_YEAR})?"),
)
_ISO: Final = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_NUMERIC: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_SHORT: Final = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}(?:\1[0-9]{2})?")
_RELATIVE_DAY: Final = re.compile(rf"(?P<which>next|last|this|coming|this coming)? ?(?P<name>{_WEEKDAY})")
_HOLIDAY_DATE: Final = re.compile(
    rf"(?:the )?(?P<name>{_HOLIDAY})(?: (?:(?:in|of) )?{_YEAR})?(?P<which> (?:this|next|last) year)?"
)
_AMOUNT: Final = r"[0-9]{1,6}|an?"
_SPAN: Final = rf"(?:{_AMOUNT}) (?:days?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies))"
_SPANS: Final = rf"(?P<span>{_SPAN}(?:(?:, | and |, and ){_SPAN}){{0,3}})"
_IN: Final = re.compile(rf"(?:in|within) {_SPANS}(?: from (?:now|today))?(?:'s time)?")
_AGO: Final = re.compile(rf"{_SPANS} (?:ago|earlier|before (?:now|today))")
_FROM_NOW: Final = re.compile(rf"{_SPANS} (?:from (?:now|today)|later|after (?:now|today)|hence)")
_FROM: Final = re.compile(rf"{_SPANS} (?P<way>from|after|before|prior to|past) (?P<base>.+)")
_PART: Final = re.compile(rf"({_AMOUNT}) (day|week|fortnight|month|year|decade|centur)")
_DATE_WORD: Final = rf"{_MONTH}|{_WEEKDAY}|st|nd|rd|th|of|the"
_TODAY: Final = {
    "today": 0, "now": 0, "tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2,
    "day after tomorrow": 2, "the day before yesterday": -2, "day before yesterday": -2,
    "after tomorrow": 2, "before yesterday": -2,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date, and how it was read.

    Parameters
    ----------
    day
        The date.
    note
        What was assumed, or nothing.
    relative
        Whether the text gave no date of its own: the answer should name it in full.

    """

    day: date
    note: str = ""
    relative: bool = False


def written(day: date) -> str:
    """Write a date: ``"4 July 1997"``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


class DateReader:
    """Reads dates as seen from one day.

    Parameters
    ----------
    today
        The day that relative dates start from.

    """

    def __init__(self, today: date) -> None:
        self._today = today

    def read(self, text: str, *, lean: Lean = "none", year: int | None = None) -> Dated:
        """Read a date.

        Parameters
        ----------
        text
            The date, in lower case, and nothing else.
        lean
            Which date a text without a year means: of this year, the next one, or the latest one.
        year
            The year of a text without a year.

        Returns
        -------
        Dated
            The date.

        Raises
        ------
        ToolError
            The text is no date, or an impossible or ambiguous one.

        """
        text = text.strip(" ,").removeprefix("on ").removeprefix("date ")
        text = re.sub(rf"^(?:{_WEEKDAY}),? (?=[0-9]|the [0-9]|(?:{_MONTH})\b)", "", text)
        try:
            found = self._named(text, lean, year) or self._numeric(text) or self._relative(text, lean, year)
            return found or self._parsed(text)
        except (ValueError, OverflowError) as error:
            raise ToolError(
                f"the date {text!r} does not exist", hint="Check the day, the month and the year."
            ) from error

    def _named(self, text: str, lean: Lean, year: int | None) -> Dated | None:
        for pattern in _NAMED:
            if match := pattern.fullmatch(text):
                make = functools.partial(date, month=_MONTH_NUMBERS[match["month"]], day=int(match["day"]))
                if match["year"]:
                    return Dated(day=make(int(match["year"])))
                return Dated(day=self._in_a_year(make, lean, year))
        return None

    def _in_a_year(self, make: DateMaker, lean: Lean, year: int | None) -> date:
        """Choose the year of a date that was given without one."""
        if year is not None:
            return make(year)
        step = 1 if lean == "future" else -1
        # The 29th of February may be seven years away.
        for distance in range(9):
            candidate_year = self._today.year + step * distance
            try:
                candidate = make(candidate_year)
            except ValueError:
                if lean == "none":
                    raise
                continue
            if lean == "none" or (candidate >= self._today if lean == "future" else candidate <= self._today):
                return candidate
        raise ValueError("no such date in any year")

    def _numeric(self, text: str) -> Dated | None:
        if match := _ISO.fullmatch(text):
            return Dated(day=date(int(match[1]), int(match[3]), int(match[4])))
        if match := _NUMERIC.fullmatch(text):
            first, second, year = int(match[1]), int(match[3]), int(match[4])
            if second > 12:
                return Dated(day=date(year, first, second), note=f"{text} read month first, as no month is {second}")
            day = date(year, second, first)
            unclear = first <= 12 and first != second
            return Dated(day=day, note=f"{text} read day first, as {written(day)}" if unclear else "")
        if _SHORT.fullmatch(text):
            raise ToolError(f"the date {text!r} can be read in several ways", hint="Write it as 2020-04-03.")
        return None

    def _relative(self, text: str, lean: Lean, year: int | None) -> Dated | None:
        if (shift := _TODAY.get(text)) is not None:
            return Dated(day=self._today + timedelta(days=shift), relative=True)
        if match := _RELATIVE_DAY.fullmatch(text):
            return self._weekday(
                match["which"] or ("last" if lean == "past" else "next"), _WEEKDAY_NUMBERS[match["name"]]
            )
        if match := _HOLIDAY_DATE.fullmatch(text):
            if match["which"]:
                year = self._today.year + {"this": 0, "next": 1, "last": -1}[match["which"].split()[0]]
            if match["year"]:
                year = int(match["year"])
            lean = "future" if lean == "none" else lean
            name = match["name"]
            note = "as in the United States" if name in _WEEKDAY_HOLIDAYS or name == "black friday" else ""
            return Dated(day=self._in_a_year(lambda y: _holiday(name, y), lean, year), note=note, relative=True)
        if match := _IN.fullmatch(text) or _FROM_NOW.fullmatch(text):
            return self._shifted(Dated(day=self._today), match["span"], 1)
        if match := _AGO.fullmatch(text):
            return self._shifted(Dated(day=self._today), match["span"], -1)
        if match := _FROM.fullmatch(text):
            base = self.read(match["base"], year=year)
            return self._shifted(base, match["span"], -1 if match["way"] in {"before", "prior to"} else 1)
        return None

    def _weekday(self, which: str, weekday: int) -> Dated:
        if which == "last":
            return Dated(day=self._today - timedelta(days=(self._today.weekday() - weekday - 1) % 7 + 1), relative=True)
        if which.startswith("this"):
            return Dated(day=self._today + timedelta(days=(weekday - self._today.weekday()) % 7), relative=True)
        day = self._today + timedelta(days=(weekday - self._today.weekday() - 1) % 7 + 1)
        note = f"read as the first {WEEKDAYS[weekday]} after today" if which == "next" else ""
        return Dated(day=day, note=note, relative=True)

    def _shifted(self, base: Dated, span: str, sign: int) -> Dated:
        from dateutil.relativedelta import relativedelta

        totals = {"days": 0, "months": 0}
        for amount, unit in _PART.findall(span):
            count = 1 if amount in {"a", "an"} else int(amount)
            days = {"day": 1, "week": 7, "fortnight": 14}.get(unit)
            if days is not None:
                totals["days"] += days * count
            else:
                totals["months"] += {"month": 1, "year": 12, "decade": 120, "centur": 1200}[unit] * count
        if totals["months"] > 12 * 9999:
            raise ValueError("beyond the calendar")
        moved = base.day + relativedelta(months=sign * totals["months"])
        note = base.note
        if moved.day != base.day.day:
            missing = f"{base.day.day} {MONTHS[moved.month - 1]} {moved.year}"
            note = f"there is no {missing}, so the end of the month counts"
        return replace(base, day=moved + timedelta(days=sign * totals["days"]), note=note, relative=True)

    def _parsed(self, text: str) -> Dated:
        """Let dateparser read what is left, and believe it only if it used every number."""
        import dateparser

        found = None
        # Dateparser skips words that it does not know: "after 31 December" would be that day.
        known = all(re.fullmatch(_DATE_WORD, word) for word in re.findall(r"[^\W0-9_]+", text))
        if known and re.search(r"[0-9]", text) and len(text) <= 40 and text.isascii():
            noon = datetime.combine(self._today, time(12))
            found = dateparser.parse(
                text,
                languages=["en"],
                settings={
                    "RELATIVE_BASE": noon,
                    "STRICT_PARSING": True,
                    "DATE_ORDER": "DMY",
                    "PARSERS": ["absolute-time"],
                },
            )
        if found is None:
            raise ToolError(
                f"{text!r} is no date that is known here", hint="Write a date as 4 July 1997 or 1997-07-04."
            )
        used = {found.day, found.month, found.year}
        if {int(number) for number in re.findall(r"[0-9]+", text)} != used - (
            {found.month} if re.search(_MONTH, text) else set()
        ):
            raise ToolError(f"{text!r} is no clear date", hint="Write a date as 4 July 1997 or 1997-07-04.")
        return Dated(day=found.date())


def _holiday(name: str, year: int) -> date:
    if name in _EASTER:
        from dateutil.easter import easter

        return easter(year) + timedelta(days=_EASTER[name])
    if name == "black friday":
        return _holiday("thanksgiving", year) + timedelta(days=1)
    if name in _WEEKDAY_HOLIDAYS:
        month, weekday, which = _WEEKDAY_HOLIDAYS[name]
        days = [week[weekday] for week in calendar.monthcalendar(year, month) if week[weekday]]
        return date(year, month, days[which - 1 if which > 0 else which])
    return date(year, *_HOLIDAYS[name])
