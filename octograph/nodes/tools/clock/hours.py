"""Hours and minutes: the time now, between two times, and after a span."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.names import counted, full
from octograph.nodes.tools.clock.reading import Answer, Form, Question, noted
from octograph.nodes.tools.clock.spans import Span, said_seconds
from octograph.nodes.tools.clock.times import TimeOfDay, clock

__all__ = ["FORMS", "both_times"]

_DAY: Final = 86400
_MIDNIGHT: Final = TimeOfDay(seconds=0, sure=True)
_TWELVE_HOURS: Final = re.compile(r"12[- ]?(?:hours?|h)|am/pm|am or pm")


def _now(asked: Question) -> Answer:
    style = asked.word("style")
    moment = asked.moment
    if "second" in style:
        shown = f"{moment:%H:%M:%S}"
    elif _TWELVE_HOURS.search(style):
        shown = _in_twelve(moment.hour * 3600 + moment.minute * 60)
    else:
        shown = f"{moment:%H:%M}"
    return f"It is {shown} on {full(moment.date())}.", shown


def _in_twelve(seconds: int) -> str:
    hour, minute = divmod(seconds // 60, 60)
    return f"{(hour - 1) % 12 + 1}:{minute:02} {'am' if hour < 12 else 'pm'}"


def _half_of_day(asked: Question) -> Answer:
    value = "am" if asked.moment.hour < 12 else "pm"
    return f"It is {_in_twelve(asked.moment.hour * 3600 + asked.moment.minute * 60)}.", value


def _length(asked: Question) -> Span:
    span = asked.span()
    if span.months or span.seconds > 1000 * _DAY:
        raise ToolError(f"{span.text!r} is too long to be added to a time", hint="Use hours and minutes.")
    return span


def _later(asked: Question) -> Answer:
    span = _length(asked)
    if re.search("day|week|fortnight", span.text):
        raise ToolError("a day may have 23 or 25 hours", hint="Use hours and minutes.")
    ago = asked.word("ago")
    utc = asked.moment.astimezone(UTC) + timedelta(seconds=-span.seconds if ago else span.seconds)
    then = utc.astimezone(asked.moment.tzinfo)
    when = f"{_said(span)} ago it was" if ago else f"In {_said(span)} it will be"
    return f"{when} {then:%H:%M} on {full(then.date())}.", f"{then:%H:%M}"


def _said(span: Span) -> str:
    if span.seconds < 3600 or span.seconds % 3600 or "hour" in span.text:
        return _in_minutes(span) or said_seconds(span.seconds)
    return said_seconds(span.seconds)


def _in_minutes(span: Span) -> str:
    """Keep "90 minutes" as the user wrote it."""
    match = re.fullmatch(r"([0-9]+) ?(?:minutes?|min|m)", span.text)
    return counted(int(match[1]), "minutes") if match else ""


def both_times(asked: Question) -> tuple[TimeOfDay, TimeOfDay]:
    """Read two times, of which it must be clear whether they are before or after noon."""
    first, last = asked.time("first"), asked.time("last")
    # Of "9:40 to 2:05" and "9 am to 2:05" one cannot say which half of the day the last is in.
    marked = [_is_marked(asked.text(name)) for name in ("first", "last")]
    if first.seconds == last.seconds:
        raise ToolError("from a time to the same one it is no time, or a day", hint="Write both with their dates.")
    # After "23:40", which is not written in halves, 7:10 is in the morning; after "13:00", 5:30 may be a slip.
    overnight = first.sure and not marked[0] and (last.seconds - first.seconds) % _DAY < _DAY // 2
    unclear = last.seconds <= first.seconds and not overnight
    if (not last.sure and (unclear or marked[0])) or (not first.sure and marked[1]):
        raise ToolError("these times can be read in two ways", hint="Write both as 09:40 and 14:05, or with am and pm.")
    return first, last


def _is_marked(text: str) -> bool:
    return bool(re.search(r"[ap]\.?m|in the|at night", text))


def _between(asked: Question) -> Answer:
    first, last = both_times(asked)
    seconds = (last.seconds - first.seconds) % _DAY
    over = ", over midnight" if 0 < last.seconds < first.seconds else ""
    unit = asked.word("unit_of_day")
    said, value = _in_unit(seconds, unit)
    if asked.word("pause"):
        pause = asked.span("pause")
        if pause.months or pause.seconds >= seconds:
            raise ToolError("the break is longer than the whole", hint="Check the times.")
        said, value = _in_unit(seconds - pause.seconds, unit)
        over += f", less a break of {said_seconds(pause.seconds)}"
    return f"From {first} to {last}{over}, it is {said}.", value


def _in_unit(seconds: int, unit: str) -> tuple[str, str]:
    """Say a duration, in minutes or seconds if these were asked for."""
    if unit in {"minutes", "seconds"}:
        each = 60 if unit == "minutes" else 1
        if seconds % each == 0:
            number = seconds // each
            return counted(number, unit), str(number)
    said = said_seconds(seconds)
    return said, said.replace(" and ", " ").replace(",", "")


def _until(asked: Question) -> Answer:
    target = asked.time()
    if not target.sure:
        raise ToolError(f"{target} can be read in two ways", hint="Write the time as 06:00 or 18:00, or with am or pm.")
    now = asked.time("from") if asked.word("from") else None
    if now:
        seconds = (target.seconds - now.seconds) % _DAY or _DAY
        said, value = _in_unit(seconds, asked.word("unit_of_day"))
        over = ", over midnight" if target.seconds <= now.seconds and target.seconds else ""
        return f"From {now} to {target}{over}, it is {said}.", value
    moment = asked.moment
    day = asked.date().day if asked.word("date") else moment.date()
    there = _at(day, target, moment)
    if not asked.word("date") and there <= moment:
        there = _at(day + timedelta(days=1), target, moment)
    if there <= moment:
        raise ToolError(f"{target} on {full(day)} has passed", hint="Name a time to come.")
    whole_minutes = moment.replace(second=0, microsecond=0)
    seconds = int((there.astimezone(UTC) - whole_minutes.astimezone(UTC)).total_seconds())
    said, value = _in_unit(seconds, asked.word("unit_of_day"))
    return f"From {moment:%H:%M}, it is {said} until {there:%H:%M} on {full(there.date())}.", value


def _left_today(asked: Question) -> Answer:
    seconds = int(
        (
            _at(asked.today + timedelta(days=1), _MIDNIGHT, asked.moment).astimezone(UTC) - asked.moment.astimezone(UTC)
        ).total_seconds()
    )
    said, value = _in_unit(seconds, asked.word("unit_of_day"))
    return f"From {asked.moment:%H:%M:%S}, it is {said} until midnight.", value


def _since(asked: Question) -> Answer:
    start = asked.time()
    there = _at(asked.today, start, asked.moment)
    if not start.sure or there > asked.moment:
        raise ToolError(
            f"{start} is not clearly a time that has passed today", hint="Write the time as 06:00 or 18:00."
        )
    whole_minutes = asked.moment.replace(second=0, microsecond=0)
    seconds = int((whole_minutes.astimezone(UTC) - there.astimezone(UTC)).total_seconds())
    said, value = _in_unit(seconds, asked.word("unit_of_day"))
    return f"It has been {said} since {start} today; it is {asked.moment:%H:%M} now.", value


def _at(day: date, at: TimeOfDay, moment: datetime) -> datetime:
    return datetime.combine(day, time(), moment.tzinfo) + timedelta(seconds=at.seconds)


def _shifted(asked: Question) -> Answer:
    span, start = _length(asked), asked.time()
    back = asked.word("way") not in {"after", "from", "past", "later than", "plus", "+", "add"}
    total = start.seconds + (-span.seconds if back else span.seconds)
    found, days = clock(total), total // _DAY
    way = "before" if back else "after"
    said = _said(span)
    if asked.word("date"):
        day = asked.date()
        moved = datetime.combine(day.day, time()) + timedelta(seconds=total)
        sentence = (
            f"{said} {way} {start} on {full(day.day)} it is {moved:%H:%M} on {full(moved.date())}, by the same clock."
        )
        return noted(sentence[:1].upper() + sentence[1:], day), moved.strftime("%Y-%m-%dT%H:%M")
    when = {0: "", 1: " the next day", -1: " the day before"}.get(
        days, f" {counted(abs(days), 'days')} {'later' if days > 0 else 'earlier'}"
    )
    return f"{said} {way} {start} is {found}{when}.", found


def _next_full_hour(asked: Question) -> Answer:
    if asked.word("time"):
        start = asked.time().seconds
    else:
        start = asked.moment.hour * 3600 + asked.moment.minute * 60 + asked.moment.second
    found = clock((start // 3600 + 1) * 3600)
    tomorrow = " the next day" if found == "00:00" else ""
    return f"The next full hour after {clock(start)} is {found}{tomorrow}.", found


def _styled(asked: Question) -> Answer:
    at = asked.time()
    if not at.sure:
        raise ToolError(f"{asked.text('time')!r} may be before or after noon", hint="Write am or pm.")
    if _TWELVE_HOURS.search(asked.word("style")):
        shown = _in_twelve(at.seconds)
        return f"{at} is {shown}.", shown
    return f"{asked.text('time')} is {at} on a clock of 24 hours.", str(at)


def _between_days(asked: Question) -> Answer:
    """Count the hours between two times on two days."""
    days = asked.date("first_date"), asked.date("last_date")
    ends = [
        datetime.combine(day.day, time()) + timedelta(seconds=asked.time(name).seconds)
        for day, name in zip(days, ("first", "last"), strict=True)
    ]
    if ends[1] <= ends[0]:
        raise ToolError("the second time is before the first one", hint="Write both with their dates.")
    said = said_seconds(int((ends[1] - ends[0]).total_seconds()))
    sentence = (
        f"From {ends[0]:%H:%M} on {full(days[0].day)} to {ends[1]:%H:%M} on {full(days[1].day)}, "
        f"by the same clock, it is {said}."
    )
    return noted(sentence, *days), said.replace(" and ", " ").replace(",", "")


_STYLE: Final = (
    r"(?P<style>with seconds|(?:in |in the )?(?:24|12)[- ]?(?:hours?|h)(?: (?:format"
    r"|time|clock|notation))?|(?:in |in the )?am/pm(?: format)?)"
)
_UNIT: Final = r"(?P<unit_of_day>hours and minutes|hours|minutes|seconds)"
_ARE: Final = r"(?: (?:are|there|is|it|lie|pass|passed|passes|left|remain|do|i|have|we|away|has|been))*"
_FROM_TO: Final = (
    r"(?:(?:is it|it is|is|was) )?(?:(?:between|from) )?<first:time>,? (?:and|to|until"
    r"|-) <last:time>(?: (?:the )?next day| the following day)?"
)
_PAUSE: Final = r"(?:,? (?:minus|less|without|with) (?:a |an )?<pause:span> (?:break|pause|lunch|lunch break))?"
_HOW_LONG: Final = (
    r"(?:,? (?:is )?how (?:long|much time|many hours|many minutes)(?: (?:is|was|it|that|passes|are))*| (?:is|was|are))?"
)

FORMS: Final[tuple[Form, ...]] = (
    Form(
        r"(?:current |local |exact |right )*time(?: (?:is it|it is|is|do we have|we have))?(?: here)?(?: <now>)?"
        rf"(?: {_STYLE})?(?: here)?",
        _now,
    ),
    Form(r"(?:it )?(?:<now> )?(?:am or pm|pm|am|morning or afternoon)(?: <now>)?", _half_of_day),
    Form(
        r"(?:at )?(?:which )?(?:time )?(?:is it |was it |will it be |it be |it was |it is "
        r"|is |was |it )?(?:(?:in|after) )?<span>(?: from <now>|(?P<ago> ago))?",
        _later,
    ),
    Form(
        rf"(?:{_UNIT}{_ARE} |long{_ARE} |time{_ARE} |duration |much time{_ARE} )?{_FROM_TO}{_PAUSE}{_HOW_LONG}",
        _between,
    ),
    Form(
        rf"(?:{_UNIT}|long|time|time difference|difference)(?: (?:is|in|there))* (?:between"
        r"|from) <first:time> (?:and|to) <last:time>",
        _between,
    ),
    Form(rf"(?:{_UNIT}{_ARE}|long{_ARE}|time{_ARE})? ?(?:until|to|before) <time>(?: (?:on )?<date>)?", _until),
    Form(rf"(?:{_UNIT}{_ARE}|long{_ARE}|time{_ARE})? ?(?:until|to) <date>(?: at)? <time>", _until),
    Form(rf"(?:{_UNIT}{_ARE}|long{_ARE}) (?:from )?<from:time> (?:until|to) <time>", _until),
    Form(rf"(?:{_UNIT}{_ARE}|long{_ARE})? ?(?:until|to) <time>,? (?:when|if) it is <from:time>(?: now)?", _until),
    Form(rf"{_UNIT}{_ARE} from <from:time> until <time>", _until),
    Form(rf"{_UNIT}{_ARE}(?: (?:remain|remaining|left))?(?: (?:in|of))? <now>", _left_today),
    Form(rf"(?:{_UNIT}|long)(?: (?:has|have|it|been|passed|gone|by|is))* since <time>(?: today)?", _since),
    Form(
        r"(?:when |time |at what time )?(?:is |is it |it is )?<span> (?P<way>after|from"
        r"|before|past|later than|earlier than) <time>(?: is when)?",
        _shifted,
    ),
    Form(
        r"(?:when |time |day and time )?(?:is |is it |it is )?<span> (?P<way>after|from"
        r"|before) (?:on )?<date>,? (?:at )?<time>(?: is when| is)?",
        _shifted,
    ),
    Form(r"(?:when |time )?(?:is |is it )?<span> (?P<way>after|from|before) <time> (?:on )?<date>(?: is)?", _shifted),
    Form(r"<time> (?P<way>plus|\+|minus|-) <span>", _shifted),
    Form(r"(?P<way>add|subtract|take) <span> (?:to|from|on to|off) <time>", _shifted),
    Form(r"(?:when is )?(?:the )?next (?:full|whole) hour(?: after <time>)?", _next_full_hour),
    Form(rf"<time> {_STYLE.replace('with seconds|', '')}", _styled),
    Form(
        rf"(?:{_UNIT}{_ARE}|long{_ARE})? ?(?:between|from) <first:time> (?:on )?<first_date:date> (?:and"
        r"|to|until) <last:time> (?:on )?<last_date:date>",
        _between_days,
    ),
    Form(
        rf"(?:{_UNIT}{_ARE}|long{_ARE})? ?(?:between|from) <first_date:date>,? (?:at )?<first:time> (?:and"
        r"|to|until) <last_date:date>,? (?:at )?<last:time>",
        _between_days,
    ),
)
