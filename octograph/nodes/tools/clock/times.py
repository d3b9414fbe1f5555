"""Times of day: "9:40 am", "noon", "a quarter to six"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from octograph.errors import ToolError

__all__ = ["TIME", "TimeOfDay", "read_time"]

_HALF_OF_DAY: Final = r"(?: ?(?:am|pm|a\.m\.|p\.m\.)(?![a-z])| in the (?:morning|afternoon|evening)| at night)"
_PAST: Final = (
    r"(?:(?:a )?(?:quarter|half)|[0-9]{1,2} minutes|5|10|20|25) (?:past|to) (?:[0-9]{1,2}(?![:.]?[0-9])|noon|midnight)"
)

TIME: Final = (
    rf"(?<![\w.,:/+-])(?:{_PAST}{_HALF_OF_DAY}?|[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?![0-9:])"
    rf"(?:{_HALF_OF_DAY}| hours| o'clock)?|[0-9]{{1,2}}(?:\.[0-9]{{2}})?{_HALF_OF_DAY}"
    rf"|[0-9]{{1,2}} o'clock(?:{_HALF_OF_DAY})?|(?:12 )?(?:noon|midnight)\b)"
)
"""Times that cannot be taken for another number."""

_CLOCK: Final = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))?(?::(?P<second>[0-9]{2}))?(?P<rest>.*)")
_SPOKEN: Final = re.compile(
    r"(?:a )?(?P<minutes>quarter|half|[0-9]{1,2})(?: minutes)? (?P<way>past|to) (?P<hour>[0-9]{1,2}"
    r"|noon|midnight)(?P<rest>.*)"
)
_MORNING: Final = frozenset({"am", "a.m.", "in the morning"})
_AFTERNOON: Final = frozenset({"pm", "p.m.", "in the afternoon", "in the evening", "at night"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfDay:
    """A time of day.

    Parameters
    ----------
    seconds
        Seconds after midnight.
    sure
        Whether it can be before or after noon only: "9 am" and "17:15" are, "5:15" may be meant either way.

    """

    seconds: int
    sure: bool

    def __str__(self) -> str:
        """Write the time as on a clock of 24 hours."""
        return clock(self.seconds)


def clock(seconds: int) -> str:
    """Write seconds after midnight as on a clock of 24 hours, with seconds only where there are any."""
    hour, rest = divmod(seconds % 86400, 3600)
    minute, second = divmod(rest, 60)
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def read_time(text: str) -> TimeOfDay:
    """Read a time of day.

    Parameters
    ----------
    text
        A text that :data:`TIME` matches.

    Raises
    ------
    ToolError
        There is no such time.

    Examples
    --------
    >>> str(read_time("quarter to 6 pm"))
    '17:45'

    """
    text = text.removeprefix("12 ") if text.startswith(("12 m", "12 n")) else text
    if text in {"noon", "midnight"}:
        return TimeOfDay(seconds=43200 if text == "noon" else 0, sure=True)
    if match := _SPOKEN.fullmatch(text):
        named = {"quarter": 15, "half": 30}.get(match["minutes"])
        minutes = named if named is not None else int(match["minutes"])
        hour = {"noon": 12, "midnight": 24}.get(match["hour"])
        base = hour * 60 if hour else _hour(int(match["hour"]), match["rest"].strip(), text) * 60
        if minutes > 59:
            raise _no_time(text)
        total = base + (minutes if match["way"] == "past" else -minutes)
        return TimeOfDay(seconds=total % 1440 * 60, sure=bool(hour or match["rest"].strip() or base > 720))
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise _no_time(text)
    rest = match["rest"].replace("o'clock", "").replace("hours", "").strip()
    hour, minute, second = _hour(int(match["hour"]), rest, text), int(match["minute"] or 0), int(match["second"] or 0)
    if minute > 59 or second > 59:
        raise _no_time(text)
    written_long = match["hour"].startswith("0")
    sure = bool(rest) or hour > 12 or hour == 0 or written_long
    return TimeOfDay(seconds=3600 * hour + 60 * minute + second, sure=sure)


def _hour(hour: int, half: str, text: str) -> int:
    """Return the hour on a clock of 24 hours."""
    if half not in _MORNING and half not in _AFTERNOON:
        if hour > 23:
            raise _no_time(text)
        return hour
    # "4 at night" is early in the morning, and nobody says "11 in the afternoon".
    earliest, latest = {
        "in the morning": (1, 11),
        "in the afternoon": (1, 8),
        "in the evening": (4, 11),
        "at night": (7, 11),
    }.get(half, (1, 12))
    if (
        hour <= 12
        and not earliest <= hour <= latest
        and half.startswith(("in ", "at "))
        and (hour, half) != (12, "in the afternoon")
    ):
        raise ToolError(f"{text!r} can be read in two ways", hint="Write the time as 02:30 or 14:30.")
    if (not 1 <= hour <= 12 and half in {"am", "pm", "a.m.", "p.m."}) or hour > 23:
        raise _no_time(text)
    if hour > 12:
        # "15:00 in the afternoon" says the same thing twice.
        if half in _MORNING:
            raise _no_time(text)
        return hour
    return hour % 12 + (12 if half in _AFTERNOON else 0)


def _no_time(text: str) -> ToolError:
    return ToolError(f"{text!r} is no time of day", hint="Write a time as 17:45 or 5:45 pm.")
