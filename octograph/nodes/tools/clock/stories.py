"""Questions about what was said just before: "My exam is on 20 May. How many weeks do I have left?".

What comes before the question may hold one date or time only, and no word that says anything else about when.
"""

from __future__ import annotations

from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.counting import apart
from octograph.nodes.tools.clock.hours import both_times
from octograph.nodes.tools.clock.names import WEEKDAYS, full, tense, written
from octograph.nodes.tools.clock.reading import WORDS, Answer, Form, Question, noted
from octograph.nodes.tools.clock.spans import said_seconds
from octograph.nodes.tools.clock.times import clock

__all__ = ["FORMS"]


def _weekday(asked: Question) -> Answer:
    found = asked.date()
    weekday = WEEKDAYS[found.day.weekday()]
    return noted(f"{written(found.day)} {tense(found.day, asked.today)} a {weekday}.", found), weekday


def _until(asked: Question) -> Answer:
    found = asked.date(lean="future")
    if found.day < asked.today:
        raise ToolError(f"{written(found.day)} has passed", hint='Ask for the days "since" it.')
    amount, value = apart(asked.today, found.day, asked.word("unit") or "days")
    return noted(f"It is {amount} until {full(found.day)}.", found), value


def _since(asked: Question) -> Answer:
    found = asked.date(lean="past")
    if found.day > asked.today:
        raise ToolError(f"{written(found.day)} is still to come", hint='Ask for the days "until" it.')
    amount, value = apart(found.day, asked.today, asked.word("unit") or "years, months and days")
    return noted(f"It has been {amount} since {full(found.day)}.", found), value


def _end(asked: Question) -> Answer:
    span, start = asked.span(), asked.time()
    if span.months or span.seconds >= 86400:
        raise ToolError(f"{span.text!r} is too long to be added to a time", hint="Use hours and minutes.")
    total = start.seconds + span.seconds
    next_day = " the next day" if total >= 86400 else ""
    return f"{said_seconds(span.seconds)} after {start} is {clock(total)}{next_day}.", clock(total)


def _length(asked: Question) -> Answer:
    first, last = both_times(asked)
    seconds = (last.seconds - first.seconds) % 86400
    over = ", over midnight" if 0 < last.seconds < first.seconds else ""
    said = said_seconds(seconds)
    return f"From {first} to {last}{over}, it is {said}.", said.replace(" and ", " ")


_IT: Final = r"(?:it|that|this)"
_ON: Final = rf"{WORDS}{{1,8}}(?:is |was |falls |fell |will be )?(?:on )?<date>[,.;:]? (?:and |so |but )?"
_ENDS: Final = (
    r"(?:at )?(?:when|what time|which time) (?:does (?:it|the [a-z]+|this) (?:end"
    r"|finish|stop)|is (?:it|the [a-z]+) (?:over|done|ready|finished)"
    r"|are they (?:done|ready)|am i (?:done|finished|ready)|do i (?:finish|stop|wake up)"
    r"|can i (?:go home|leave|stop)|will (?:it|i|the [a-z]+)"
    r" (?:be (?:over|done|finished|ready)|end|finish))"
)

# Who flies arrives by another clock, unless the user says that it is the same.
_ONE_ZONE: Final = r"(?!.*\b(?:flight|fly|flies|flying|plane|flew|land|lands|landed)\b)"
# A span is added to a beginning, and to nothing else.
_BEGINNING: Final = (
    r"(?!.*\b(?:ends?|ended|finish|finishes|finished|stops?|closes?|arrives?|due|deadline|ready|done|over|be|is)"
    r" (?:at |by |is )*T[0-9])"
)
_SAME_ZONE: Final = r",? (?:in )?(?:the )?same time ?zone"

FORMS: Final[tuple[Form, ...]] = (
    Form(
        rf"{_ON}(?:find out |tell me |check )?(?:on )?(?:what |which )?(?:weekday|day)(?: (?:is"
        rf"|was|will))? {_IT}(?: (?:is|was|be|fall|on))*",
        _weekday,
    ),
    Form(
        rf"{_ON}(?:how many )?<unit>(?: (?:are|is|do|there|we|i|have|still|remain|left"
        rf"|until|then|away|off|to|go|{_IT}|from|N[0-9]))*",
        _until,
    ),
    Form(rf"{_ON}how (?:long|far)(?: (?:away|off))?(?: (?:is|until|do|i|have|got|{_IT}|left|then|away))*", _until),
    Form(
        rf"{_ON}how (?:many )?(?:<unit>|long)(?: (?:have|has|we|i|they|{_IT}|been|married"
        r"|together|passed|ago|is|was|since))+",
        _since,
    ),
    Form(
        rf"{WORDS}{{1,4}}(?:at )?<time>,? and (?:takes?|lasts?) <span>(?:{_SAME_ZONE})[.,;]? (?:when"
        r"|what time) do (?:i|we) (?:land|arrive)",
        _end,
    ),
    Form(
        rf"{WORDS}{{1,4}}(?:at )?<time>,? and (?:takes?|lasts?) <span>[.,;]? (?:when|what time) do (?:i"
        rf"|we) (?:land|arrive){_SAME_ZONE}",
        _end,
    ),
    Form(
        rf"{_ONE_ZONE}{_BEGINNING}{WORDS}{{1,6}}(?:at )?<time>,? (?:and |and i |and it )?(?:takes?"
        r"|lasts?|works?|work for|lasts for|needs?|runs?|runs for)(?: for)? <span>"
        rf"[.,;:]? (?:so )?{_ENDS}",
        _end,
    ),
    Form(
        rf"{_ONE_ZONE}{_BEGINNING}{_ENDS} if {WORDS}{{1,4}}(?:at )?<time> and (?:i )?(?:takes?|lasts?"
        r"|work|works|needs?|runs?)(?: for)? <span>",
        _end,
    ),
    Form(
        rf"{_ONE_ZONE}{WORDS}{{1,6}}(?:at |from )?<first:time>,? (?:and|to|until)"
        rf"(?: {WORDS}{{1,4}}(?:at)?)? ?<last:time>[.,;:]? "
        r"(?:so )?"
        r"how (?:long|many hours)(?: (?:is|was|are|do|does|it|that|open|we|i|they|this|sleep|work|take))*",
        _length,
    ),
)
