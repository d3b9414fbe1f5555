"""Reading a date: absolute, relative to today, a holiday, or a distance from another date."""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from octograph.errors import ToolError
from octograph.nodes.tools.clock.names import MONTH, MONTH_NUMBERS, MONTHS, WEEKDAY, WEEKDAY_NUMBERS, WEEKDAYS, written
from octograph.nodes.tools.clock.ordinals import ORDINAL, nth_weekday, read_ordinal
from octograph.nodes.tools.clock.spans import DATE_SPAN, read_span

__all__ = ["DATE", "DateReader", "Dated", "Lean"]

Lean = Literal["none", "future", "past"]
DateMaker = Callable[[int], date]

_GREGORIAN: Final = date(1582, 10, 15)

_DAY: Final = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|\.)?"
_YEAR: Final = r"(?P<year>[0-9]{4})"
_WHICH: Final = r"(?: (?P<which>this|next|last) year)?"
_HOLIDAYS: Final = {
    "christmas": (12, 25), "christmas day": (12, 25), "xmas": (12, 25), "christmas eve": (12, 24),
    "boxing day": (12, 26), "new year": (1, 1), "new years": (1, 1), "new year's": (1, 1),
    "new year's day": (1, 1), "new years day": (1, 1), "new year's eve": (12, 31),
    "new years eve": (12, 31), "halloween": (10, 31), "valentine's day": (2, 14), "valentines day": (2, 14),
    "valentine's": (2, 14), "epiphany": (1, 6), "all saints' day": (11, 1), "st patrick's day": (3, 17),
    "saint patrick's day": (3, 17), "april fools' day": (4, 1), "april fools day": (4, 1),
    "may day": (5, 1), "bastille day": (7, 14), "leap day": (2, 29), "all saints day": (11, 1),
}  # fmt: skip
_EASTER: Final = {
    "easter": 0, "easter sunday": 0, "easter day": 0, "good friday": -2, "easter monday": 1, "pentecost": 49,
    "ash wednesday": -46, "palm sunday": -7, "maundy thursday": -3, "ascension day": 39, "whit monday": 50,
}  # fmt: skip
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
    re.compile(rf"(?:the )?{_DAY} (?:day )?(?:of )?(?P<month>{MONTH})\.?,?(?: (?:of |in )?{_YEAR})?{_WHICH}"),
    re.compile(rf"(?P<month>{MONTH})\.? (?:the )?{_DAY}(?![:.0-9]),?(?: (?:of |in )?{_YEAR})?{_WHICH}"),
    re.compile(rf"{_YEAR},? (?P<month>{MONTH}) {_DAY}(?P<which>(?!))?"),
)
_ISO: Final = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_NUMERIC: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_SHORT: Final = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}(?:\1[0-9]{2})?")
_RELATIVE_DAY: Final = re.compile(
    rf"(?:the )?(?:(?P<which>next|last|this|coming|this coming) )?(?P<name>{WEEKDAY})(?P<after> after next)?"
)
_HOLIDAY_DATE: Final = re.compile(
    rf"(?:the )?(?:next )?(?P<name>{_HOLIDAY})(?:,? (?:(?:in|of) )?{_YEAR})?(?: (?P<which>this|next|last) year)?"
)
_SPANS: Final = rf"(?P<span>{DATE_SPAN})"
_IN: Final = re.compile(rf"(?:in|within) {_SPANS}(?: from (?:now|today))?(?:'s? time)?")
_AGO: Final = re.compile(rf"{_SPANS} (?:ago|before (?:now|today))")
_FROM_NOW: Final = re.compile(rf"{_SPANS} (?:from (?:now|today)|after (?:now|today)|hence)")
_FROM: Final = re.compile(rf"{_SPANS} (?P<way>from|after|before|prior to|past) (?P<base>.+)")
_YEARLY: Final = re.compile(rf" (?:of|in) (?:the month of )?(?:{MONTH})$")
_WEEKDAY_FIRST: Final = re.compile(rf"(?:the )?(?P<weekday>{WEEKDAY}),? (?:the )?(?P<rest>(?:[0-9]|(?:{MONTH})\b).*)")
_STEPS: Final = {"this": 0, "next": 1, "last": -1}
_TODAY: Final = {
    "today": 0, "now": 0, "tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2,
    "day after tomorrow": 2, "the day before yesterday": -2, "day before yesterday": -2,
    "after tomorrow": 2, "before yesterday": -2,
}  # fmt: skip


def _without_groups(pattern: str) -> str:
    return re.sub(r"\(\?P<[a-z]+>", "(?:", pattern)


_DAY_ITSELF: Final = "|".join(
    [
        rf"(?:(?:the )?(?:{WEEKDAY}),? )?(?:{'|'.join(_without_groups(pattern.pattern) for pattern in _NAMED)})",
        r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}",
        ORDINAL,
        _without_groups(_HOLIDAY_DATE.pattern),
        # "Friday the 13th" is no date: it asks for one.
        _without_groups(_RELATIVE_DAY.pattern) + "(?!s? the 13th)",
        "|".join(sorted(_TODAY, key=len, reverse=True)),
    ]
)
DATE: Final = (
    rf"(?<![\w.,:/+-])(?:{_without_groups(_IN.pattern)}|{_without_groups(_AGO.pattern)}"
    rf"|{_without_groups(_FROM_NOW.pattern)}"
    rf"|(?:{DATE_SPAN} (?:from|after|before|prior to|past) )?(?:{_DAY_ITSELF}))(?![\w/-])(?![.,:][0-9])"
)
"""The dates that :class:`DateReader` reads, in running text."""


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
        weekday = None
        if first := _WEEKDAY_FIRST.fullmatch(text):
            weekday, text = WEEKDAY_NUMBERS[first["weekday"]], first["rest"]
        try:
            found = self._named(text, lean, year) or self._numeric(text) or self._relative(text, lean, year)
        except (ValueError, OverflowError) as error:
            raise ToolError(
                f"the date {text!r} does not exist", hint="Check the day, the month and the year."
            ) from error
        if found is None:
            raise ToolError(
                f"{text!r} is no date that is known here", hint="Write a date as 4 July 1997 or 1997-07-04."
            )
        if weekday is not None and found.day.weekday() != weekday:
            raise ToolError(
                f"{written(found.day)} is a {WEEKDAYS[found.day.weekday()]}, not a {WEEKDAYS[weekday]}",
                hint="Check the weekday, and write the year.",
            )
        if found.day < _GREGORIAN and not found.note:
            return replace(found, note="by the Gregorian calendar, which came into use in October 1582")
        return found

    def _named(self, text: str, lean: Lean, year: int | None) -> Dated | None:
        for pattern in _NAMED:
            if match := pattern.fullmatch(text):
                make = functools.partial(date, month=MONTH_NUMBERS[match["month"]], day=int(match["day"]))
                if match["year"]:
                    return Dated(day=make(int(match["year"])))
                if match["which"]:
                    return Dated(day=make(self._today.year + _STEPS[match["which"]]))
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
        if (day := read_ordinal(text, self._today, year=year)) is not None:
            step = {"future": 1, "past": -1, "none": 0}[lean]
            # "Until the first Monday in May" is until that of next year, once this year's is over.
            if year is None and (day - self._today).days * step < 0 and _YEARLY.search(text):
                day = read_ordinal(text, self._today, year=self._today.year + step) or day
            return Dated(day=day, relative=True)
        if match := _RELATIVE_DAY.fullmatch(text):
            if match["after"]:
                first = self._weekday("next", WEEKDAY_NUMBERS[match["name"]]).day
                return Dated(day=first + timedelta(days=7), relative=True)
            return self._weekday(
                match["which"] or ("last" if lean == "past" else "next"), WEEKDAY_NUMBERS[match["name"]]
            )
        if match := _HOLIDAY_DATE.fullmatch(text):
            if match["which"]:
                year = self._today.year + _STEPS[match["which"]]
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

        length = read_span(span)
        if length.months > 12 * 9999:
            raise ValueError("beyond the calendar")
        if length.seconds % 86400:
            raise ToolError(f"{span!r} is no whole number of days", hint="Use whole days.")
        moved = base.day + relativedelta(months=sign * length.months)
        note = base.note
        if moved.day != base.day.day:
            missing = f"{base.day.day} {MONTHS[moved.month - 1]} {moved.year}"
            note = f"there is no {missing}, so the end of the month counts"
        return replace(base, day=moved + timedelta(days=sign * (length.seconds // 86400)), note=note, relative=True)


def _holiday(name: str, year: int) -> date:
    if name in _EASTER:
        from dateutil.easter import easter

        return easter(year) + timedelta(days=_EASTER[name])
    if name == "black friday":
        return _holiday("thanksgiving", year) + timedelta(days=1)
    if name in _WEEKDAY_HOLIDAYS:
        month, weekday, which = _WEEKDAY_HOLIDAYS[name]
        return nth_weekday((year, month), weekday, which)
    return date(year, *_HOLIDAYS[name])
