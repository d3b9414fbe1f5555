"""One wording for an amount and its units, whatever words people use: "a pound and a half" is 1 1/2 pound."""

from __future__ import annotations

import re
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.numerals import digits_for_words

__all__ = ["reword"]

# "the British one" counts nothing.
_PRONOUN: Final = re.compile(r"\bthe (?P<which>[a-z]+ )?ones?(?=[,.?!]|$)", re.I)
_PARTS: Final = {"half": "1/2", "third": "1/3", "quarter": "1/4", "eighth": "1/8"}
_PART: Final = r"(?P<part>half|third|quarter|eighth)s?"
_VOLUME: Final = r"(?:fluid ounces?|fl\.? ?oz|pints?|quarts?|gallons?)"
_NUMBER: Final = r"[0-9][0-9,]*(?:\.[0-9]+)?"


def _mixed(match: re.Match[str]) -> str:
    above = match["above"] or "1"
    return f"{match['whole']} {above}{_PARTS[match['part'].lower()][1:]}"


def _and_a_part(match: re.Match[str]) -> str:
    return f"{match['whole'] or '1'} {_PARTS[match['part'].lower()]} {match['unit']}"


def _fraction(match: re.Match[str]) -> str:
    return f"{match['above']}{_PARTS[match['part'].lower()][1:]} "


_REWORDINGS: Final = (
    (re.compile(r" & "), " and "),
    # "750 ml -> fl oz"; quotation marks, but not those of inches: 5'11"
    (re.compile(r" ?(?:-+>|=+>|→|➔|⇒) ?"), r" in "),
    (re.compile(r"(?<![0-9'½¼¾])\"|(?<![\w'])'(?=\w)"), ""),
    # "2 and a half cups", "2 and 3/4 cups", "a pound and a half", "3 quarters of an inch"; not "2 quarter inch bolts"
    (re.compile(rf"\b(?P<whole>[0-9]+),? and (?:an? |(?P<above>[0-9]) ){_PART}\b", re.I), _mixed),
    (re.compile(r"\b([0-9]+) and (?=[0-9]/[0-9])", re.I), r"\1 "),
    (re.compile(rf"\b(?:an?|(?P<whole>1)) (?P<unit>[a-z]+) and an? {_PART}\b", re.I), _and_a_part),
    (re.compile(rf"(?<![\w.,/])(?P<above>[0-9]) {_PART}(?<=s)(?: of)?(?: an?)? (?=[a-z])", re.I), _fraction),
    # "20 below zero Celsius", "20 degrees below zero"
    (re.compile(rf"\b({_NUMBER})(?: degrees?)? below (?:zero|0)(?: degrees?)?\b", re.I), r"-\1 degrees"),
    (re.compile(r"\b(?:american|u\.s\.) (?=(?:cups?|tons?|tablespoons?|teaspoons?|fl|fluid|pint|quart|gallon))"
                r"|\bus (?=(?:tablespoons?|teaspoons?))", re.I), "us "),
    (re.compile(rf"\b(?:british|english|uk|imp\.?) (?={_VOLUME}|tons?\b)", re.I), "imperial "),
)  # fmt: skip
_MINUS: Final = re.compile(r"\b(?:minus|negative) (?=[0-9])", re.I)
# "BTU to kWh, 12000"
_NUMBER_LAST: Final = re.compile(
    r"(?:(?:please )?(?:convert|change|turn) )?(?P<source>[^0-9,:]+?) (?P<to>(?:in)?to|in) "
    rf"(?P<target>[^0-9,:]+?)[:,] ?(?P<number>-?{_NUMBER})[ .?!]*",
    re.I,
)
# "pints, imperial ones I mean"
_WHICH: Final = re.compile(
    r",? (?:i mean )?(?:the )?(?P<kind>imperial|british|english|uk|us|american)"
    rf"(?: (?:ones?|kind|measure|units?|(?P<what>{_VOLUME})))?(?: i mean| please)?[ .?!]*$",
    re.I,
)
_UNQUALIFIED: Final = re.compile(rf"(?<!imperial )(?<!us )(?<!fluid )(?<!fl )\b(?:{_VOLUME}|oz|ounces?)\b", re.I)
_IMPERIAL: Final = re.compile(rf"\bimperial {_VOLUME}\b", re.I)


def reword(text: str) -> str:
    """Write the amounts and units of a text in one way.

    Parameters
    ----------
    text
        A text in one spelling.

    Returns
    -------
    str
        The text with its numbers in digits and the kind of its pints and gallons before them.

    Raises
    ------
    ToolError
        A kind of unit is named that may or may not hold for another unit.

    Examples
    --------
    >>> reword("a pint in ml, the British one")
    'a imperial pint in ml'

    """
    text = digits_for_words(_PRONOUN.sub(lambda one: f"the {one['which'] or ''}".rstrip(), text)).text
    for pattern, replacement in _REWORDINGS:
        text = pattern.sub(replacement, text)
    if len(re.findall(_NUMBER, text)) == 1:
        text = _MINUS.sub("-", text)
    if last := _NUMBER_LAST.fullmatch(text):
        text = f"{last['number']} {last['source']} {last['to']} {last['target']}"
    return _qualified(text)


def _qualified(text: str) -> str:
    """Put "the imperial ones" before the units that it is about."""
    if which := _WHICH.search(text):
        kind = "us" if which["kind"].lower() in {"us", "american"} else "imperial"
        named = which["what"].lower().rstrip("s") if which["what"] else ""
        before = text[: which.start()]
        qualified = re.sub(
            rf"(?<!imperial )(?<!us )\b(?={_VOLUME}\b){re.escape(named)}",
            f"{kind} {named}",
            before,
            flags=re.I,
        )
        text = qualified if qualified != before else text
    if _IMPERIAL.search(text) and (other := _UNQUALIFIED.search(text)):
        raise ToolError(
            f"{other[0]!r} beside an imperial unit may be imperial or American",
            hint=f'Write "imperial {other[0]}" or "US {other[0]}".',
        )
    return text
