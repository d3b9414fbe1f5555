"""How old somebody is."""

from __future__ import annotations

import re
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.counting import apart
from octograph.nodes.tools.clock.date_reader import Dated
from octograph.nodes.tools.clock.names import WEEKDAYS, counted, tense, written
from octograph.nodes.tools.clock.reading import Answer, Form, Question, noted

__all__ = ["FORMS"]


def _birth(asked: Question) -> Dated:
    born = asked.date("born")
    if not re.search(r"[0-9]{4}", asked.text("born")):
        raise ToolError("an age needs the year of birth", hint='Ask "how old is someone born on 4 July 1997?".')
    return born


def _age(asked: Question) -> Answer:
    born = _birth(asked)
    then = asked.date("then", lean="none") if asked.word("then") else Dated(day=asked.today)
    if born.day > then.day:
        raise ToolError(f"{written(born.day)} is after {written(then.day)}", hint="Check the year of birth.")
    unit = asked.word("unit") or "years"
    amount, value = apart(born.day, then.day, unit)
    # An age is told in whole years, unless more was asked for.
    said = counted(int(value), "years") if unit == "years" else amount
    verb = tense(then.day, asked.today)
    return noted(f"Someone born on {written(born.day)} {verb} {said} old on {written(then.day)}.", born, then), value


def _age_in_year(asked: Question) -> Answer:
    born, year = _birth(asked), asked.year()
    if year < born.day.year:
        raise ToolError(f"{year} is before {born.day.year}", hint="Check the year of birth.")
    age = year - born.day.year
    verb = "turned" if year < asked.today.year else "turns"
    return noted(f"Someone born on {written(born.day)} {verb} {age} in {year}.", born), str(age)


def _weekday(asked: Question) -> Answer:
    born = _birth(asked)
    weekday = WEEKDAYS[born.day.weekday()]
    return noted(f"{written(born.day)} {tense(born.day, asked.today)} a {weekday}.", born), weekday


_WHO: Final = (
    r"(?:<who:person>|she|my (?:son|daughter|grandmother|grandfather|mother|father"
    r"|wife|husband|friend|sister|brother|dad|mum|mom))"
)
_WAS: Final = r"(?: (?:is|was|were|am|are|would|will|be|now|who|if|who's))*"
_BORN: Final = (
    r",?(?: (?:who|if|and|that))?(?: (?:he|she|i|they|you|someone|it))?(?: (?:is|was"
    r"|were|am|are|'s))* ?(?:born|birthday is|birthday of) (?:on )?<born:date>"
)
_STATED: Final = (
    r"(?:(?:someone|my [a-z]+|i|he|she|they|we|[a-z]+) (?:was |were |am )?|)born(?: on)? <born:date>[,.;:!]?"
    r"(?: (?:and|so))?"
)
_AT: Final = r"(?: is)?(?:,? (?:<today:now>|(?:on|by|at) <then:date>)(?: be)?)?"

FORMS: Final[tuple[Form, ...]] = (
    Form(
        r"(?:<unit> )?old(?: in <unit>)?(?: (?:is|am|are|was|were|would|will|be))*(?: <person>)?(?: (?:is"
        rf"|am|are|was|were|would|be|now))*{_BORN}(?: be)?{_AT}",
        _age,
    ),
    Form(
        r"(?:<unit> )?old(?: (?:is|am|are|was|were|would|will|be))* <person>(?: (?:is"
        rf"|am|are|was|were|be|now))* (?:on|by|at) <then:date>{_BORN}",
        _age,
    ),
    Form(rf"(?:my |the )?age(?: in <unit>)?(?: of| for)?(?: <person>)?{_BORN}{_AT}", _age),
    Form(
        rf"(?:my |the )?age(?: in <unit>)? (?:on|at) <then:date> (?:of|for|if)(?: <person>| a)?{_BORN}",
        _age,
    ),
    Form(
        rf"{_STATED} (?:how (?:many )?(?:<unit> )?old|age(?: in <unit>)?)(?: (?:is|am|are"
        rf"|was|were|would|will|be|i|he|she|they|someone|that))*{_AT}",
        _age,
    ),
    Form(rf"{_STATED} how many <unit>(?: (?:have|has|had|i|he|she|they|been|lived|alive))*{_AT}", _age),
    Form(rf"{_STATED} how old(?: (?:will|would|was|am|is|be|i|he|she|they|turn))* in <year>", _age_in_year),
    Form(rf"{_STATED} (?:on )?(?:what|which) (?:weekday|day)(?: (?:was|is|it|that))*", _weekday),
    Form(
        r"(?:on )?(?:which |what )?(?:weekday|day) (?:was )?<person>(?: was| were)? born(?: on"
        r"| if)?(?: my birthday is)? <born:date>",
        _weekday,
    ),
)
