"""The names of months and weekdays, and how a date is written."""

from __future__ import annotations

from datetime import date
from typing import Final

__all__ = [
    "MONTH",
    "MONTHS",
    "MONTH_NUMBERS",
    "WEEKDAY",
    "WEEKDAYS",
    "WEEKDAY_NUMBERS",
    "counted",
    "full",
    "joined",
    "tense",
    "written",
]

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MONTH_NUMBERS: Final = {name[:length].lower(): n for n, name in enumerate(MONTHS, 1) for length in (3, len(name))} | {
    "sept": 9
}
WEEKDAY_NUMBERS: Final = {name[:length].lower(): n for n, name in enumerate(WEEKDAYS) for length in (3, len(name))} | {
    "tues": 1,
    "thur": 3,
    "thurs": 3,
}
MONTH: Final = "|".join(sorted(MONTH_NUMBERS, key=len, reverse=True))
WEEKDAY: Final = "|".join(sorted(WEEKDAY_NUMBERS, key=len, reverse=True))


def written(day: date) -> str:
    """Write a date: ``"4 July 1997"``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def full(day: date) -> str:
    """Write a date with its weekday: ``"Friday, 4 July 1997"``."""
    return f"{WEEKDAYS[day.weekday()]}, {written(day)}"


def tense(day: date, today: date) -> str:
    """Return the verb for a day, as seen from today: "was", "is" or "will be"."""
    return "was" if day < today else "is" if day == today else "will be"


def counted(number: int, unit: str) -> str:
    """Write a number of things, of which the plural is given: ``"1 day"``, ``"2 days"``."""
    return f"{number} {unit}" if abs(number) != 1 else f"{number} {unit.removesuffix('s')}"


def joined(parts: list[str]) -> str:
    """Write several things as one: ``"2 years, 1 month and 3 days"``."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
