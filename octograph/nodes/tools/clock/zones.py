"""The time in other places, and what a time in one place is in another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from octograph.errors import ToolError
from octograph.nodes.tools.clock.names import counted, full, joined, written
from octograph.nodes.tools.clock.places import find_place
from octograph.nodes.tools.clock.reading import Answer, Form, Question, noted
from octograph.nodes.tools.clock.times import TimeOfDay

__all__ = ["FORMS"]

_ABBREVIATIONS: Final = {
    "est": "America/New_York", "edt": "America/New_York", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "mdt": "America/Denver", "cet": "Europe/Berlin", "cest": "Europe/Berlin", "eet": "Europe/Athens",
    "eest": "Europe/Athens", "wet": "Europe/Lisbon", "jst": "Asia/Tokyo", "kst": "Asia/Seoul",
    "aest": "Australia/Sydney", "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland",
    "msk": "Europe/Moscow",
}  # fmt: skip
_SEVERAL: Final = {
    "cst": "Chicago, Shanghai or Havana", "cdt": "Chicago or Havana", "ist": "India, Israel or Ireland",
    "bst": "London or Dhaka", "ast": "Halifax or Riyadh", "sst": "Singapore or Samoa", "gst": "Dubai or South Georgia",
    "mst": "Denver, Phoenix or Kuala Lumpur",
}  # fmt: skip
_ZONE_NAMES: Final = {
    "central european": "Europe/Berlin", "eastern european": "Europe/Athens", "western european": "Europe/Lisbon",
    "et": "America/New_York", "pt": "America/Los_Angeles", "us eastern": "America/New_York",
    "eastern": "America/New_York", "pacific": "America/Los_Angeles", "us pacific": "America/Los_Angeles",
    "mountain": "America/Denver", "us mountain": "America/Denver", "central": "America/Chicago",
    "us central": "America/Chicago", "british": "Europe/London", "uk": "Europe/London",
    "indian": "Asia/Kolkata", "japanese": "Asia/Tokyo", "chinese": "Asia/Shanghai", "german": "Europe/Berlin",
}  # fmt: skip
_HERE: Final = frozenset({"here", "my", "our", "local", "my local", "our local"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    """A place with its clock; ``abbreviation`` is the one that must hold, if the user named one."""

    name: str
    key: str
    clock: tzinfo
    abbreviation: str = ""


def _zone(text: str, moment: datetime) -> _Zone:
    """Find the zone of a place, or of a name such as "CET" or "Pacific time".

    Raises
    ------
    ToolError
        The name is unknown, or stands for several zones.

    """
    text = text.strip(" ,").removeprefix("the ")
    name = text.removesuffix(" time").removesuffix(" local").removesuffix(" standard")
    if name in _HERE and moment.tzinfo:
        return _Zone(name="your place", key="your own zone", clock=moment.tzinfo)
    if name in _SEVERAL:
        raise ToolError(f"{name.upper()} stands for several zones", hint=f"Name a place: {_SEVERAL[name]}.")
    if key := _ABBREVIATIONS.get(name):
        return _Zone(name=name.upper(), key=key, clock=ZoneInfo(key), abbreviation=name.upper())
    if key := _ZONE_NAMES.get(name):
        title = (
            name.upper()
            if len(name) == 2
            else " ".join(word.upper() if word in {"us", "uk"} else word.capitalize() for word in name.split(" "))
        )
        return _Zone(name=title if len(name) == 2 else f"{title} time", key=key, clock=ZoneInfo(key))
    place = find_place(name)
    return _Zone(name=place.name, key=place.zone, clock=ZoneInfo(place.zone))


def _offset(there: datetime) -> str:
    """Write the offset from UTC: ``"UTC+5:30"``."""
    minutes = round((there.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def _checked(zone: _Zone, there: datetime) -> datetime:
    """Refuse an abbreviation that does not hold at that moment: in summer, EST is not the time of New York."""
    if zone.abbreviation and there.tzname() != zone.abbreviation:
        raise ToolError(
            f"on {written(there.date())}, {zone.key} keeps {there.tzname()}, not {zone.abbreviation}",
            hint=f"Ask with {there.tzname()}, or name a place.",
        )
    return there


def _local(day: date, at: TimeOfDay, zone: _Zone) -> datetime:
    """Return a time of day in a zone.

    Raises
    ------
    ToolError
        The clocks are changed then, so there is no such time, or there are two.

    """
    there = datetime.combine(day, time(), zone.clock) + timedelta(seconds=at.seconds)
    back = there.astimezone(UTC).astimezone(zone.clock)
    if (
        back.replace(tzinfo=None) != there.replace(tzinfo=None)
        or there.utcoffset() != there.replace(fold=1).utcoffset()
    ):
        raise ToolError(f"in {zone.name} the clocks are changed on {written(day)} at {at}", hint="Use another time.")
    return _checked(zone, there)


def _time_in(asked: Question) -> Answer:
    zone = _zone(asked.word("place"), asked.moment)
    there = _checked(zone, asked.moment.astimezone(zone.clock))
    return (
        f"In {zone.name} it is {there:%H:%M} on {full(there.date())} ({zone.key}, {_offset(there)}).",
        f"{there:%H:%M}",
    )


def _day_in(asked: Question) -> Answer:
    zone = _zone(asked.word("place"), asked.moment)
    there = _checked(zone, asked.moment.astimezone(zone.clock))
    value = there.date().isoformat()
    if asked.word("date"):
        value = "yes" if there.date() == asked.date().day else "no"
    return f"In {zone.name} it is {there:%H:%M} on {full(there.date())} ({zone.key}, {_offset(there)}).", value


def _converted(asked: Question) -> Answer:
    source, target = _zone(asked.word("source"), asked.moment), _zone(asked.word("target"), asked.moment)
    found = asked.date() if asked.word("date") else None
    day = found.day if found else asked.moment.astimezone(source.clock).date()
    there = _local(day, asked.time(), source)
    other = _checked(target, there.astimezone(target.clock))
    apart = (other.date() - there.date()).days
    which = {-1: "the day before", 0: "the same day", 1: "the next day"}[apart]
    sentence = (
        f"{there:%H:%M} on {full(day)} in {source.name} is {other:%H:%M} {which} in {target.name} "
        f"({source.key} {_offset(there)}, {target.key} {_offset(other)})."
    )
    return noted(sentence, *([found] if found else [])), f"{other:%H:%M}"


def _difference(asked: Question) -> Answer:
    first = _zone(asked.word("first"), asked.moment)
    second = _zone(asked.word("second") or "here", asked.moment)
    here, there = (_checked(zone, asked.moment.astimezone(zone.clock)) for zone in (first, second))
    seconds = ((here.utcoffset() or timedelta()) - (there.utcoffset() or timedelta())).total_seconds()
    hours, minutes = divmod(abs(round(seconds / 60)), 60)
    parts = [counted(number, unit) for number, unit in ((hours, "hours"), (minutes, "minutes")) if number]
    zones = f"{first.key} {_offset(here)}, {second.key} {_offset(there)}"
    if not parts:
        return f"{first.name} and {second.name} have the same time on {written(here.date())} ({zones}).", "0 hours"
    way = "ahead of" if seconds > 0 else "behind"
    sentence = f"{first.name} is {joined(parts)} {way} {second.name} on {written(here.date())} ({zones})."
    return sentence, " ".join(parts)


def _name_of_zone(asked: Question) -> Answer:
    zone = _zone(asked.word("place"), asked.moment)
    there = asked.moment.astimezone(zone.clock)
    return f"{zone.name} keeps the zone {zone.key}, {_offset(there)} on {written(there.date())}.", _offset(there)


_NOW: Final = r"(?: N[0-9])?"
_IF: Final = r"(?:(?:if|when|while) )?(?:it is|it was|the time is)"
_WHAT_TIME: Final = (
    r"(?:what(?: is the)? time (?:is it|is that|it is|would it be|will it be|is)|what is it"
    r"|what is the time|what time|when is (?:it|that)|what is that|is it|what(?: is"
    r"| about)? the clock)"
)
_WHEN: Final = r"(?:(?:at )?<time>(?:,? (?:on )?<date>)?|(?:on )?<date>,? (?:at )?<time>)"
_EVENT: Final = r"(?:(?:(?:my|our|the|a) )?(?!not |it )[a-z]+ (?:is |starts |begins )?(?=at ))?"

FORMS: Final[tuple[Form, ...]] = (
    Form(
        rf"{_IF} {_WHEN} (?:in |at )?<source:place>[,;.]? {_WHAT_TIME} (?:in|at|for) <target:place>"
        r"(?:, and is it still the same day"
        r"(?: there)?)?",
        _converted,
    ),
    Form(
        rf"time(?: (?:is|it|will|be|would|was))* (?:in|for) <target:place>,? (?:(?:{_IF}"
        rf"|at|is) )?{_WHEN} (?:in )?<source:place>",
        _converted,
    ),
    Form(
        rf"{_EVENT}{_WHEN} (?:in )?<source:place>[:,.;]? (?:and )?(?:{_WHAT_TIME}|is what time"
        r"|is when) (?:in|for) <target:place>",
        _converted,
    ),
    Form(rf"{_WHEN} (?:in )?<source:place>,? (?:in|to|into) <target:place>", _converted),
    Form(rf"(?:current |local )*(?:time|hour)(?: (?:is|is it|it is))?{_NOW} (?:in|at|for) <place>{_NOW}", _time_in),
    Form(r"(?:current |local )*time (?!difference|zone)<place>", _time_in),
    Form(rf"(?!nice )<place>(?:'s)? (?:current |local )?time{_NOW}", _time_in),
    Form(rf"(?:date|day|weekday|date and time)(?: (?:is|is it|it is))?{_NOW} (?:in|at|for) <place>{_NOW}", _day_in),
    Form(r"it(?: already)? <date>(?: already)? in <place>(?: already| yet)?", _day_in),
    Form(
        r"(?:hours )?(?:time difference|difference in time|time zone difference|hours? difference|hours of difference)"
        r"(?: (?:is there|are there|is|are))? between <first:place> and <second:place>",
        _difference,
    ),
    Form(r"(?:time difference|difference in time) (?:to|with|from) <first:place>", _difference),
    Form(r"(?:hours|far|much) (?:ahead of|behind|ahead|off) (?:is )?<second:place> is <first:place>", _difference),
    Form(r"(?:hours|far) (?:ahead|behind) is <first:place> of <second:place>", _difference),
    Form(
        r"(?:hours|far|much)(?: (?:is|are))? <first:place>(?: is)? (?:ahead of|behind|away from) <second:place>",
        _difference,
    ),
    Form(r"(?:which )?time ?zone (?:is|of|in|for) <place>(?: in)?", _name_of_zone),
    Form(r"(?:utc|gmt) offset (?:is|of|in|for) <place>", _name_of_zone),
    Form(r"(?:time ?zone) (?:does|do)? ?<place> (?:have|use|keep)", _name_of_zone),
)
