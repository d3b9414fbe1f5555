"""One plain wording for a question: without what only asks, with digits, in the words that the forms use."""

from __future__ import annotations

import re
from typing import Final

from octograph.nodes.tools.clock.names import MONTH, MONTHS, WEEKDAYS
from octograph.nodes.tools.numerals import ORDINALS, digits_for_words
from octograph.nodes.tools.phrasing import normalise, strip_request
from octograph.nodes.tools.spelling import nearest

__all__ = ["plain"]

_MISSPELT: Final = {
    "tiem": "time", "tme": "time", "dya": "day", "dayz": "days", "wich": "which", "whihc": "which", "wat": "what",
    "waht": "what", "yrs": "years", "yr": "year", "wks": "weeks", "wk": "week", "mths": "months", "hrs": "hours",
    "hr": "hour", "mins": "minutes", "secs": "seconds", "sec": "second", "leep": "leap", "til": "until",
    "till": "until", "untill": "until", "till's": "until", "tmrw": "tomorrow", "tmr": "tomorrow", "todays": "today's",
    "yesterdays": "yesterday's", "tomorrows": "tomorrow's", "howmany": "how many", "wud": "would", "r": "are",
    "u": "you", "im": "i am", "i'm": "i am", "it's": "it is", "its": "it is", "that's": "that is", "when's": "when is",
    "thats": "that is", "what's": "what is", "whats": "what is", "whens": "when is",
    "oclock": "o'clock", "noontime": "noon",
    "midday": "noon", "i've": "i have", "i'd": "i would", "there're": "there are", "he's": "he is", "she's": "she is",
    "someone's": "someone is",
}  # fmt: skip
# Long words of which a misspelling is no other word: the longest may differ in two letters.
_SHORTEST: Final = 6
_LENIENT: Final = 8
_SPELT: Final = (
    *(name.lower() for name in (*MONTHS, *WEEKDAYS) if len(name) > 5),
    "tomorrow", "yesterday", "between", "weekday", "calendar", "difference",
)  # fmt: skip
_KNOWN: Final = frozenset({*_SPELT, *(f"{name.lower()}s" for name in WEEKDAYS), "weekdays", "differences", "calendars"})
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")
_ORDINAL_NUMBERS: Final = (
    {word: n for word, n in ORDINALS.items() if word != "second"}
    | {"twentieth": 20, "thirtieth": 30, "thirty-first": 31, "thirty first": 31}
    | {f"twenty{gap}{word}": 20 + n for word, n in ORDINALS.items() if n < 10 for gap in "- "}
)
_ORDINAL: Final = re.compile(rf"\b(?:{'|'.join(sorted(_ORDINAL_NUMBERS, key=len, reverse=True))})\b")
_SECOND_OF: Final = re.compile(rf"\bsecond (?=of (?:{MONTH}|the|next|this|last)\b|{'|'.join(WEEKDAYS).lower()})")
_SHARED_MONTH: Final = re.compile(
    rf"\b(from|between) (?:the )?([0-9]{{1,2}}(?:st|nd|rd|th)?) (to|and|until|through) "
    rf"((?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)? (?:of )?(?P<month>{MONTH})\b(?:,? [0-9]{{4}})?)"
)
_REWRITINGS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (r"\b(?:please|pls|exactly|precisely|by the way|btw)\b,?", ""),
        (r"(?<!week )(?<!day )(?<!iso )\b(?:the )?number of\b", "how many"),
        (r"\b(?:day of the week|day of week|week day)\b(?=.*\w)", "weekday"),
        (r"\btake (?:away )?(?=[0-9]|an? )", "subtract "),
        (r"\bcurrent (?=(?:year|month) and)", ""),
        (r"\b(?:calendar|iso|iso calendar) week\b", "week"),
        (r"\b(?:somebody|a person|anyone|anybody|a man|a woman|a child|people)\b", "someone"),
        (r"\b(?:right now|at the moment|at this moment|currently|just now|presently)\b", "now"),
        (r"\b(?:as of|as from)\b", "on"),
        (r"\bhas (?:passed|elapsed|gone by)\b|\bhave (?:passed|elapsed|gone by)\b", "passed"),
        (r"\b(?:left over|remaining|to go)\b", "left"),
        (r"\b(?:up until|up to|through to)\b", "until"),
        (r"\bdo(?:es)? (?=\S+ have\b)", ""),
        (r"\bover (?=in\b)|(?<=hours)'", ""),
        (r"\ba\.m\.", "am"),
        (r"\bp\.m\.?", "pm"),
        (r"(?<=\d)[hH](?=\d{2}\b)", ":"),
        (r"(?<=\d[ap]m)(?=[.!?])", " "),
        (r"\b(?:the )?day (after|before) (?!tomorrow|yesterday)(?=\w)", r"a day \1 "),
        (r"\s+", " "),
        (r" (?=[,;:?!.](?: |$))", ""),
    )
)
_ASKING: Final = re.compile(
    r"(?:[\s,;:.!-]|(?:check|count(?: up)?|look up|name|whether|if you can|but|also|well|remind me|i wonder|wondering"
    r"|let me know|write down|list|convert|quickly|quick(?: question)?|hi there|hello there"
    r"|question|do we know)\b(?! to\b)"
    r"|i(?: a| ha|')?m? (?:only )?(?:care|ask|asking)\b)*"
)
_TAIL: Final = re.compile(
    r"(?:[\s,;:?!.]|(?<= )(?:please|thanks|thank you|pls|for me|then|again|so i can plan"
    r"|do you know|anyway|even|quick"
    r"|which date is that|what date is that))+$"
)


def plain(query: str) -> str:
    """Write a question in plain words.

    Parameters
    ----------
    query
        What the user asked.

    Raises
    ------
    ToolError
        The query is empty or too long for a tool.

    Examples
    --------
    >>> plain("Can you tell me how many dayz until the first of septmber, please?")
    'days until the 1st of september'

    """
    text = _WORD.sub(lambda word: _spelt(word[0]), normalise(query))
    text = _SECOND_OF.sub("2nd ", _ORDINAL.sub(lambda word: _suffixed(_ORDINAL_NUMBERS[word[0]]), text))
    text = digits_for_words(text).text
    for pattern, words in _REWRITINGS:
        text = pattern.sub(words, text)
    text = _SHARED_MONTH.sub(_with_month, text)
    text = _TAIL.sub("", text)
    before = ""
    while text != before:
        before = text
        text = strip_request(text[_asked(text) :])
    return text.strip()


def _asked(text: str) -> int:
    match = _ASKING.match(text)
    return match.end() if match else 0


def _spelt(word: str) -> str:
    """Correct a word that can be no other one."""
    if word in _MISSPELT:
        return _MISSPELT[word]
    if "'" in word or word in _KNOWN:
        return word
    close = nearest(word, _SPELT, shortest=_SHORTEST, lenient=_LENIENT)
    return close[0] if len(close) == 1 else word


def _suffixed(number: int) -> str:
    """Write an ordinal in digits: ``"21st"``."""
    suffix = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _with_month(match: re.Match[str]) -> str:
    """Write "from 7 to 25 July 2025" with both months."""
    month = match["month"]
    year = re.search(r"[0-9]{4}$", match[4])
    return f"{match[1]} {match[2]} {month}{f' {year[0]}' if year else ''} {match[3]} {match[4]}"
