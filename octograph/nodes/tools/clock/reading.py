"""Forms of questions: sentences with slots for dates, times, spans, months and years.

A text is cut in two: the dates and so on that it holds, and a skeleton with a mark in place of each.
"how many days lie between 3 May and Christmas" has the skeleton "days lie between D0 and D1".
A form must match the skeleton from end to end, so no word of a question is ever skipped.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from octograph.nodes.tools.clock.date_reader import DATE, Dated, DateReader, Lean
from octograph.nodes.tools.clock.ordinals import MONTH_OF, YEAR_OF, Month, read_month, read_year
from octograph.nodes.tools.clock.spans import SPAN, Span, read_span
from octograph.nodes.tools.clock.times import TIME, TimeOfDay, read_time

__all__ = ["EVENT", "WORDS", "Answer", "Form", "Question", "Skeleton", "noted", "skeleton"]

Answer = tuple[str, str]
"""A sentence, and its bare value."""

_KINDS: Final = {
    "date": "[DN][0-9]",
    "now": "N[0-9]",
    "time": "T[0-9]",
    "span": "S[0-9]",
    "month": "M[0-9]",
    "year": "Y[0-9]",
    "unit": r"(?:(?:full |whole |complete )?(?:days|weeks|months|years)(?: and (?:days|weeks|months))?"
    r"|years, months,? and days|weeks and days|sleeps|nights)",
    "place": r"[^\W\d_A-Z](?:[^\W\d_A-Z]|[ .,'/_-])*?",
    "person": r"(?:someone|i|you|he|she|they|we|one|it|my [a-z]+|our [a-z]+|the [a-z]+)",
    "weekdays": r"(?:mon|tues|wednes|thurs|fri|satur|sun)days",
    "number": "[0-9]{1,12}",
}
_UNCLEAR: Final = (
    r"not|never|no|before|after|from|since|until|by|within|every|each|ago|later|earlier|next|last|day|days|week|weeks"
    r"|month|months|year|years|hour|hours|minute|minutes|about|around|almost|or|than|break|pause|pauses|and|plus|minus"
    r"|which|what|when|how|if|time|date|weekday"
)
WORDS: Final = rf"(?:(?!(?:{_UNCLEAR})\b)[a-z'-]+ )"
"""A word that says nothing about when something is, and a space."""

EVENT: Final = rf"(?:(?:the|my|our|his|her|their) {WORDS}{{1,4}}(?:on|of) )?"
"""What happens on a date: "the moon landing on"."""

_SLOT: Final = re.compile(r"(?<!\?P)<(?:([a-z_]+):)?([a-z]+)>")
_MAX_SLOTS: Final = 10
_AGAIN: Final = "_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A question without its dates and times.

    Parameters
    ----------
    text
        The words, with marks such as ``D0``.
    pieces
        What stands behind each mark.

    """

    text: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that matched a form.

    Parameters
    ----------
    match
        The match of the form.
    pieces
        What stands behind each mark.
    moment
        When it is asked.

    """

    match: re.Match[str]
    pieces: tuple[str, ...]
    moment: datetime

    @property
    def today(self) -> date:
        """The day on which it is asked."""
        return self.moment.date()

    def word(self, name: str) -> str:
        """Return what a slot of plain words holds, or nothing."""
        found = self.match.groupdict()
        return next((text for n in range(_MAX_SLOTS) if (text := found.get(f"{name}{_AGAIN * n}"))), "")

    def text(self, name: str) -> str:
        """Return what a marked slot holds, or nothing."""
        mark = self.word(name)
        return self.pieces[int(mark[1:])] if mark else ""

    def date(self, name: str = "date", *, lean: Lean = "none", year: int | None = None) -> Dated:
        """Read the date of a slot."""
        return DateReader(self.today).read(self.text(name), lean=lean, year=year)

    def time(self, name: str = "time") -> TimeOfDay:
        """Read the time of a slot."""
        return read_time(self.text(name))

    def span(self, name: str = "span") -> Span:
        """Read the span of a slot."""
        return read_span(self.text(name))

    def month(self, name: str = "month") -> Month:
        """Read the month of a slot."""
        return read_month(self.text(name), self.today)

    def year(self, name: str = "year") -> int:
        """Read the year of a slot."""
        return read_year(self.text(name), self.today)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of question, and what answers it.

    Parameters
    ----------
    template
        A regular expression with slots such as ``<date>``, or ``<first:date>`` where the slot has a name of its own.
        The same name may stand in several branches.
    handle
        Answers a question of this form.

    """

    template: str
    handle: Callable[[Question], Answer]

    def match(self, asked: Skeleton, moment: datetime) -> Question | None:
        """Return the question, if it has this form."""
        match = _compiled(self.template).fullmatch(asked.text)
        return Question(match=match, pieces=asked.pieces, moment=moment) if match else None


@functools.cache
def _compiled(template: str) -> re.Pattern[str]:
    """Compile a template, when the first question is asked."""
    seen: dict[str, int] = {}

    def slot(match: re.Match[str]) -> str:
        name, kind = match[1] or match[2], match[2]
        again = seen[name] = seen.get(name, -1) + 1
        return f"(?P<{name}{_AGAIN * again}>{_KINDS[kind]})"

    return re.compile(_SLOT.sub(slot, template))


def noted(sentence: str, *dates: Dated) -> str:
    """Add what was assumed of some dates to a sentence."""
    notes = "; ".join(dated.note for dated in dates if dated.note)
    return f"{sentence.removesuffix('.')} ({notes})." if notes else sentence


def skeleton(text: str) -> Skeleton:
    """Cut the dates, times, spans, months and years out of a text in plain words."""
    pieces: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if len(pieces) == _MAX_SLOTS:
            return match[0]
        pieces.append(match[0])
        letter = "N" if match[0] in {"today", "now"} else (match.lastgroup or "")[0].upper()
        return f"{letter}{len(pieces) - 1}"

    return Skeleton(text=_slots().sub(mark, text), pieces=tuple(pieces))


@functools.cache
def _slots() -> re.Pattern[str]:
    """Return the pattern of all that has a mark; a span that leads to a date is part of it."""
    return re.compile(
        rf"(?P<date>{DATE})|(?P<time>{TIME})|(?P<span>{SPAN})|(?P<month>{MONTH_OF})(?!\w)|(?P<year>{YEAR_OF})(?!\w)"
    )
