"""What day it is, what date another one is, and on which weekday it falls."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.clock.date_reader import Dated, DateReader
from octograph.nodes.tools.clock.names import (
    MONTHS,
    WEEKDAY,
    WEEKDAY_NUMBERS,
    WEEKDAYS,
    full,
    tense,
    written,
)
from octograph.nodes.tools.clock.ordinals import nth_weekday
from octograph.nodes.tools.clock.reading import Answer, Form, Question, noted
from octograph.nodes.tools.clock.spans import Span

__all__ = ["FORMS"]

_PROPER: Final = (
    "Christmas", "Easter", "Halloween", "Boxing", "Valentine's", "Thanksgiving", "Black", "Labor", "Memorial",
    "Mother's", "Father's", "Ash", "Palm", "Whit", "Good", "Ascension", "Pentecost", "ISO",
)  # fmt: skip
_FORMATS: Final = {
    "iso": "%Y-%m-%d", "iso 8601": "%Y-%m-%d", "yyyy-mm-dd": "%Y-%m-%d", "dd.mm.yyyy": "%d.%m.%Y",
    "dd/mm/yyyy": "%d/%m/%Y", "mm/dd/yyyy": "%m/%d/%Y", "dd-mm-yyyy": "%d-%m-%Y", "yyyy/mm/dd": "%Y/%m/%d",
    "yyyymmdd": "%Y%m%d",
}  # fmt: skip
_A_WEEKDAY: Final = re.compile(rf"(?:the )?(?:{WEEKDAY})")
_ADDING: Final = frozenset({"add", "plus", "+", "after", "from", "count"})


def _today(asked: Question) -> Answer:
    kind = asked.word("asked").replace("day of the week", "weekday")
    day = asked.today
    value = {
        "year": str(day.year), "month": MONTHS[day.month - 1], "quarter": f"Q{(day.month + 2) // 3}",
        "weekday": WEEKDAYS[day.weekday()],
    }.get(kind, day.isoformat())  # fmt: skip
    if kind == "quarter":
        nth = ("first", "second", "third", "fourth")[int(value[1]) - 1]
        return (
            f"{written(day)} is in the {nth} quarter of {day.year}.",
            value,
        )
    return f"Today is {full(day)}.", value


def _quarter(asked: Question) -> Answer:
    if asked.year() != asked.today.year:
        raise ToolError(f"today is not in {asked.year()}", hint='Ask "which quarter is it?".')
    return _today(asked)


def _date(asked: Question) -> Answer:
    if asked.word("year") and re.search(r"[0-9]{4}", asked.text("date")):
        raise ToolError("the question names two years", hint="Write the date with one year.")
    found = asked.date(year=asked.year() if asked.word("year") else None)
    text = asked.text("date")
    verb = tense(found.day, asked.today)
    if text in {"today", "now"}:
        return f"Today is {full(found.day)}.", found.day.isoformat()
    if found.relative:
        it = " it" if text.startswith(("in ", "within ")) else ""
        sentence = f"{_sentence_case(text)}{it} {verb} {full(found.day)}."
    else:
        sentence = f"{written(found.day)} {verb} a {WEEKDAYS[found.day.weekday()]}."
    return noted(sentence, found), found.day.isoformat()


def _sentence_case(text: str) -> str:
    """Write a date that the user gave the way it stands in a sentence."""
    names = {name.lower(): name for name in (*MONTHS, *(name[:3] for name in MONTHS), *WEEKDAYS, *_PROPER)}
    # The request before it took the article away.
    text = re.sub(r"^(?=after tomorrow|before yesterday)", "day ", text)
    text = re.sub(
        r"^(?=day |end |start |beginning |penultimate |[0-9]+(?:st|nd|rd|th) |last \w+ (?:of|in) )", "the ", text
    )
    words = [names.get(word, word) for word in text.strip(" ,").split(" ")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _weekday(asked: Question) -> Answer:
    if asked.word("year"):
        if re.search(r"[0-9]{4}", asked.text("date")):
            raise ToolError("the question names two years", hint="Write the date with one year.")
        found = asked.date(year=asked.year())
    else:
        found = asked.date()
    if asked.text("date") in {"today", "now"}:
        return f"Today is {full(found.day)}.", WEEKDAYS[found.day.weekday()]
    weekday = WEEKDAYS[found.day.weekday()]
    return noted(f"{written(found.day)} {tense(found.day, asked.today)} a {weekday}.", found), weekday


def _formatted(asked: Question) -> Answer:
    found = asked.date() if asked.word("date") else Dated(day=asked.today)
    text = found.day.strftime(_FORMATS[asked.word("format")])
    return noted(f"{written(found.day)} is {text}.", found), text


def _moved(asked: Question) -> Answer:
    """Add a span to a date, or take one away."""
    return _moved_by(
        asked,
        asked.text("span"),
        "after" if not asked.word("way") or asked.word("way") in _ADDING else "before",
        asked.text("date"),
    )


def _moved_by(asked: Question, span: str, way: str, base: str) -> Answer:
    text = f"{span} {way} {base}"
    found = DateReader(asked.today).read(text)
    return noted(
        f"{_sentence_case(text)} {tense(found.day, asked.today)} {full(found.day)}.", found
    ), found.day.isoformat()


def _first_weekday(asked: Question) -> Answer:
    day = date(*asked.month(), 1) if asked.word("month") else date(asked.year(), 1, 1)
    weekday = WEEKDAYS[day.weekday()]
    return f"{written(day)} {tense(day, asked.today)} a {weekday}.", weekday


def _is_weekday(asked: Question) -> Answer:
    named = asked.text("named")
    if not _A_WEEKDAY.fullmatch(named):
        raise ToolError(f"{named!r} is no weekday", hint='Ask "is 13 November 2026 a Friday?".')
    found = asked.date()
    answer = "yes" if found.day.weekday() == WEEKDAY_NUMBERS[named.removeprefix("the ")] else "no"
    verb = tense(found.day, asked.today)
    return noted(
        f"{answer.capitalize()}, {written(found.day)} {verb} a {WEEKDAYS[found.day.weekday()]}.", found
    ), answer


def _is_weekend(asked: Question) -> Answer:
    if asked.word("year") and re.search(r"[0-9]{4}", asked.text("date")):
        raise ToolError("the question names two years", hint="Write the date with one year.")
    found = asked.date(year=asked.year() if asked.word("year") else None) if asked.word("date") else None
    day = found.day if found else asked.today
    answer = "yes" if day.weekday() >= 5 else "no"
    if asked.word("working"):
        answer = "no" if answer == "yes" else "yes"
    sentence = f"{answer.capitalize()}, {written(day)} {tense(day, asked.today)} a {WEEKDAYS[day.weekday()]}."
    return noted(sentence, *([found] if found else [])), answer


def _next_weekday_name(asked: Question) -> Answer:
    number = WEEKDAY_NUMBERS[asked.text("date")] if _A_WEEKDAY.fullmatch(asked.text("date")) else None
    if number is None:
        raise ToolError("this is no weekday", hint='Ask "what comes after Monday?".')
    step = 1 if asked.word("way") == "after" else -1
    name = WEEKDAYS[(number + step) % 7]
    return f"{name} comes {asked.word('way')} {WEEKDAYS[number]}.", name


def _month_away(asked: Question) -> Answer:
    """Tell the month some months after or before another one."""
    length = asked.span() if asked.word("span") else Span(months=1, seconds=0, text="1 month")
    name = asked.text("month")
    if length.seconds or not name.isalpha():
        raise ToolError("only months can be counted from a month", hint="Write a date with its day.")
    months = length.months if asked.word("way") in {"after", "from"} else -length.months
    number = asked.month()[1]
    found = MONTHS[(number - 1 + months) % 12]
    way = "after" if months >= 0 else "before"
    return f"The month {length.text} {way} {MONTHS[number - 1]} is {found}.", found


def _has_friday_13(asked: Question) -> Answer:
    year = asked.year() if asked.word("year") else asked.month()[0]
    months = [asked.month()[1]] if asked.word("month") else list(range(1, 13))
    found = [day for n in months if (day := nth_weekday((year, n), 4, 2)).day == 13]
    if not found:
        return "No, there is none.", "no"
    return f"Yes: {', '.join(full(day) for day in found)}.", "yes"


def _year_away(asked: Question) -> Answer:
    length, year = asked.span(), asked.year()
    if length.seconds or length.months % 12:
        raise ToolError("only whole years can be counted from a year", hint="Write a date with its day.")
    back = asked.word("way") == "before"
    found = year - length.months // 12 if back else year + length.months // 12
    if found < 1:
        raise ToolError("that is before the year 1", hint="Use a later year.")
    return f"{length.text} {'before' if back else 'after'} {year} is {found}.", str(found)


def _subtracted(asked: Question) -> Answer:
    """Read "subtract 45 days from 10 May", of which all but the first word looks like a later date."""
    span, found, base = asked.text("date").partition(" from ")
    if not found or " from " in base:
        raise ToolError("this says not from which date", hint='Ask "subtract 45 days from 10 May 2026".')
    return _moved_by(asked, span, "before", base)


def _friday_13(asked: Question) -> Answer:
    today = asked.today
    if asked.word("year"):
        year = asked.year()
        months = [n for n in range(1, 13) if nth_weekday((year, n), 4, 2).day == 13]
        named = ", ".join(MONTHS[n - 1] for n in months)
        times = "once" if len(months) == 1 else f"{len(months)} times"
        return f"In {year} the 13th is a Friday {times}: in {named}.", str(len(months))
    year, month = today.year, today.month
    while True:
        if (day := nth_weekday((year, month), 4, 2)).day == 13 and day >= today:
            return f"The next Friday the 13th {tense(day, today)} {full(day)}.", day.isoformat()
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


_HAPPENS: Final = r"(?: (?:is|was|will|be|falls?|fell|falling|did|does|it|on|in|for|of))*"
_HERE: Final = r"(?: (?:is|it|N[0-9]|do|we|have|are|in|of|the|month|year|here))*"
_BIRTHDAY: Final = (
    r"(?: my (?:[0-9]{1,3}(?:st|nd|rd|th) )?(?:birthday|wedding|anniversary|exam|appointment)s?,?(?: on)?| the)?"
)

_FORMAT: Final = "|".join(map(re.escape, _FORMATS))
_IS_IT: Final = r"(?: (?:is|was|will)(?: (?:it|that))?(?: be)?)?"

FORMS: Final[tuple[Form, ...]] = (
    Form(
        r"(?:current |actual )?(?P<asked>date|day(?: of the week)?|year and month|month and year"
        rf"|year|month|quarter){_HERE}",
        _today,
    ),
    Form(rf"(?:which|what) (?P<asked>date|day|year|month|quarter){_HERE}", _today),
    Form(r"(?:which |what )?(?P<asked>weekday)(?: <now>)?(?: is it| it is| is| do we have)(?: <now>)?", _today),
    Form(r"(?P<asked>weekday) <now>", _today),
    Form(r"(?:which )?(?P<asked>quarter) of <year>(?: is it| it is| are we in| we are in)?", _quarter),
    Form(rf"<now>'s (?:date and )?(?P<asked>date|day|weekday|month|year){_HERE}", _today),
    Form(r"<now> is (?:which|what) (?P<asked>date|day of the week|day|weekday|month|year)", _today),
    Form(
        rf"(?:(?:current )?date|(?:date )?<date>(?:'s date)?),? (?:in|as) (?:the )?(?:format )?(?P<format>{_FORMAT})"
        r"(?: format)?",
        _formatted,
    ),
    Form(r"<date>'s date", _date),
    Form(r"<date>'s (?:day|weekday)", _weekday),
    Form(rf"(?:on |for )?(?:which |what )?weekday{_HAPPENS}{_BIRTHDAY} <date>{_HAPPENS}(?: <year>)?", _weekday),
    Form(rf"(?:on )?(?:which |what )?day{_HAPPENS}{_BIRTHDAY} <date>{_HAPPENS}(?: <year>)?", _weekday),
    Form(rf"(?:my birthday,? )?<date>,?{_HAPPENS} (?:which|what) (?:weekday|day){_IS_IT}", _weekday),
    Form(rf"<date>,? weekday{_IS_IT}", _weekday),
    Form(
        r"(?:on )?(?:which |what )?(?:weekday|day) (?:<month>|<year>) (?:begin|start|begins|starts)(?: on| with)?",
        _first_weekday,
    ),
    Form(r"(?:<month>|<year>) (?:began|starts|begins|started) on (?:which|what) (?:weekday|day)", _first_weekday),
    Form(rf"<date>,?{_HAPPENS}(?: it)?{_HAPPENS}(?: a| the)? weekend(?: day)?(?: <year>)?(?: or not)?", _is_weekend),
    Form(r"<date>,?(?: (?:is|was|it|on))* a (?P<working>weekday|working day|business day)(?: or not)?", _is_weekend),
    Form(r"it(?: (?:the|a|already))* weekend(?: (?:N[0-9]|already|yet))*", _is_weekend),
    Form(rf"<date>,?{_HAPPENS}(?: it)?{_HAPPENS}(?: a)? <named:date>(?: or not)?", _is_weekday),
    Form(r"(?:which |what )?(?:weekday |day )?(?:comes |is )?(?P<way>after|before) <date>", _next_weekday_name),
    Form(r"(?:which |what )?(?:month )?(?:is |comes )?<span> (?P<way>after|from|before) <month>", _month_away),
    Form(r"(?:when is )?(?:the )?(?:next )?friday the 13th(?:,? when is the next 1)?", _friday_13),
    Form(
        r"(?:friday the 13th|friday the 13ths|fridays the 13th)(?: (?:are|is|there))*(?: (?:in|of))? <year>(?: have)?",
        _friday_13,
    ),
    Form(r"(?:there )?(?:a )?friday the 13th (?:in )?(?:<year>|<month>)", _has_friday_13),
    Form(r"<year> have a friday the 13th(?: in <month>)?", _has_friday_13),
    Form(
        r"(?P<way>add|count|subtract|take|deduct|minus|take away) <span> (?:to|on to|onto|on from|from|off) <date>",
        _moved,
    ),
    Form(r"<date>(?:'s date)? (?P<way>plus|\+|minus|-|add) <span>", _moved),
    Form(r"subtract <date>", _subtracted),
    Form(r"<span> on from <date>", _moved),
    Form(rf"(?:which |what )?(?:date|day){_HAPPENS}(?: comes)?{_HAPPENS} <date>{_HAPPENS}", _date),
    Form(rf"(?:on )?(?:when|(?:which |what )?date){_HAPPENS} <date>{_HAPPENS} <year>", _date),
    Form(r"(?:which )?year(?: is| was| will be)? <span> (?P<way>after|before|from) <year>", _year_away),
    Form(r"(?:which |what )?month (?:comes|is) (?P<way>after|before) <month>", _month_away),
    Form(rf"(?:on )?(?:when|(?:which|what) date){_HAPPENS}(?: it)?{_HAPPENS} <date>{_HAPPENS}", _date),
    Form(rf"<date>(?:,?{_HAPPENS} (?:which|what|when)(?: date)?{_IS_IT})?", _date),
)
