"""A conversion within what a person says: one amount, and one unit that it is wanted in.

"My boat makes 18 knots. How many km/h is that?" holds one amount and one unit after "how many"; nothing else that
is said there may be a number, a unit, or a word that could change the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.asides import words_of, words_that_change
from octograph.nodes.tools.measures.conversions import NUMBER
from octograph.nodes.tools.measures.names import UnitName, find_units

__all__ = ["Question", "find_question"]

_MAX_WORDS: Final = 6

_WORD: Final = re.compile(r"(?:[a-zµμΩå°]+(?:\^?[23](?![0-9./]))?\.?|(?<=/)100 ?k[a-z]+|(?<=per )100 ?k[a-z]+)", re.I)
_SIGNS: Final = re.compile(r"[#@]")
# Two of these ask two things: "What's the capital of France and what is 5 km in miles".
_ASKS: Final = re.compile(r"\b(?:what|whats|how|which)\b", re.I)
_GAP: Final = re.compile(r" ?/ ?| |-")
_TIGHT: Final = re.compile(r"''|['\"]")
_NUMBER: Final = re.compile(
    r"(?<![\w.,/])(?<!per )-?\.?[0-9½¼¾⅓⅔⅛⅜⅝⅞]|(?<![\w-])(?:an? )?(?:half|third|quarter) (?:of )?an?\b", re.I
)
_ARTICLE: Final = re.compile(r"(?<![\w'-])an? ", re.I)
# A number without a unit may follow these: 5 foot 3, 12 stone 4.
_LARGER: Final = frozenset({"foot", "feet", "ft", "'", "stone", "st", "stones"})
_JOIN: Final = re.compile(r"(?:,? and |, | )(?=[0-9½¼¾])")
_CUE: Final = re.compile(
    r"(?<![\w'-])(?:in|into|to|as|how many|number of|(?:need|want|make)s?)(?: it| that)?(?: in)?(?: the)? |= ?", re.I
)
# "Square feet of a flat with 75 square metres"
_FOR: Final = re.compile(r" (?:of|for) ")
# "We have 12 acres. Hectares?"
_LAST: Final = re.compile(r"[.,;:] (?P<unit>[^.,;:?!#]+)[.?! ]*$")
# "If I weigh 70 kg, how many stone is that": nothing but the amount depends on it.
_HYPOTHESIS: Final = re.compile(r"^if (?=.* (?:is|are) (?:it|that|this)\W*$)", re.I)
_LIST: Final = re.compile(r",? and |, ")
_PLAIN: Final = re.compile(r"[\w\s,.:;?!'()-]*")
_CLAUSE: Final = re.compile(r"[.?!;:]+(?= |$)|[,()]")
# Each of these is a unit by its name, and hardly ever meant as one.
_NO_UNITS: Final = frozenset({"in", "us", "at", "turn", "i", "a", "an", "s"})
# What makes a unit another one and stands apart from it: "12 oz (troy)", "3 pints, British", ounces of gold, and a
# weight on the moon.
_QUALIFIERS_WORDS: Final = """
troy nautical statute fluid dry liquid avoirdupois imperial uk british english scottish irish canadian australian
japanese chinese indian metric short light square cubic sq cu sea survey food roman
gold silver platinum palladium bullion moon mars venus jupiter
"""
_QUALIFIERS: Final = frozenset(_QUALIFIERS_WORDS.split())
_GEOMETRY: Final = re.compile(
    r"\b(?:area|radius|diameter|circumference|perimeter|diagonal|surface|sides?|around|round|circle|sphere|volume)\b"
    r"(?! (?:(?:of|is|was) )?[0-9#])",
    re.I,
)
_SCREEN: Final = re.compile(r"\b(?:screen|tv|television|monitor|display|laptop|tablet|phone)s?\b", re.I)
_SCREEN_DIAGONAL: Final = re.compile(r"\b(?:screen|tv|television|monitor|display)(?: screen)? diagonal\b", re.I)
_SIDE: Final = re.compile(r"\b(?:wide|width|tall|high|height|across|long|length)\b", re.I)
# "Give me that in tonnes, and as elephants of 5 tonnes": it stands for something said before.
_EARLIER: Final = re.compile(r"[^#@]*\b(?:it|that|this|those|these)\b[^#@]*@[^#]*#", re.I)
# What a clause may hold that asks for an amount of another clause: "how many square metres is that".
_REFERRING_WORDS: Final = """
what what's whats how is it that that's thats this these those they are was were there i i'd id need needs want wants
like would will give tell me us please be put say state convert converted express make makes so the my your her his
its our their we you she he heavy tall long far hot cold high deep wide big fast much come comes does do write know to
in into as could can equal equals have about roughly exactly approximately should get let turn for form thanks thank
show hi hello hey now just and quickly weight height length distance temperature amount value figure answer result
"""
_REFERRING: Final = frozenset(_REFERRING_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be converted, in the words of the user.

    Parameters
    ----------
    amount
        A number and its unit, or several that make one amount.
    target
        The unit that it is wanted in, or several joined with "and".

    """

    amount: str
    target: str


def find_question(text: str) -> Question | None:
    """Find the one amount and the one wanted unit of a text.

    Parameters
    ----------
    text
        A text with its numbers in digits.

    Returns
    -------
    Question | None
        Both, or ``None`` if one is missing, there are several, or the rest could change the answer.

    Examples
    --------
    >>> find_question("The flat has 650 square feet. How many square metres is that?")
    Question(amount='650 square feet', target='square metres')

    """
    if _SIGNS.search(text) or len(_ASKS.findall(text)) > 1:
        return None
    amount = _amount_span(text)
    if amount is None:
        return _single_unit(text)
    start, end = amount
    # "#" stands for the amount and "@" for the wanted unit in what is left.
    rest = f"{text[:start]}#{text[end:]}"
    spans = _target_spans(rest)
    if len({_units(rest[cut:stop]) for _, cut, stop in spans}) != 1:
        return None
    target = rest[spans[0][1] : spans[0][2]]
    for opening, _, stop in reversed(spans):
        rest = f"{rest[:opening]}@{rest[stop:]}"
    return Question(amount=text[start:end], target=target) if _is_harmless(rest) else None


def _amount_span(text: str) -> tuple[int, int] | None:
    """Return where the first amount starts and ends."""
    first = _NUMBER.search(text)
    if first is None:
        articles = (match for match in _ARTICLE.finditer(text) if _unit_end(text, match.end()))
        article = next(articles, None)
        return (article.start(), _unit_end(text, article.end()) or 0) if article else None
    position, after_larger = first.start(), False
    while number := NUMBER.match(text, position):
        end = _unit_end(text, number.end())
        if end is None:
            # The 11 of 5'11 and the 4 of "12 stone 4".
            return (first.start(), number.end()) if after_larger else None
        after_larger = text[number.end() : end].strip(" -").lower() in _LARGER
        following = _JOIN.match(text, end)
        tight = after_larger and text[end : end + 1].isdigit()
        if following is None and not tight:
            return first.start(), end
        position = following.end() if following else end
    return None


def _unit_end(text: str, position: int) -> int | None:
    """Return where the longest name of a unit ends that starts at a position."""
    if tight := _TIGHT.match(text, position):
        return tight.end()
    if text[position : position + 1] in {" ", "-"}:
        position += 1
    ends: list[int] = []
    end = position
    while len(ends) < _MAX_WORDS and (word := _WORD.match(text, end)):
        ends.append(word.end())
        gap = _GAP.match(text, word.end())
        if gap is None:
            break
        end = gap.end()
    for stop in reversed(ends):
        if _units(name := text[position:stop]) and not (name.lower() == "in" and _goes_on(text, stop)):
            return stop - (len(name) - len(name.rstrip(".")))
    return None


def _goes_on(text: str, end: int) -> bool:
    """Return whether the "in" before a position is no inch, because a unit follows: "5 ft 6 in cm"."""
    following = _unit_end(text, end)
    return following is not None and text[end:following].strip().lower() not in {"in", "to"}


def _units(name: str) -> tuple[UnitName, ...] | None:
    names = _LIST.split(name)
    try:
        return tuple(unit for part in names for unit in find_units(part))
    except ToolError:
        return None


def _target_spans(text: str) -> list[tuple[int, int, int]]:
    """Return where what introduces a wanted unit starts, and where the unit itself starts and ends."""
    spans: list[tuple[int, int, int]] = []
    for cue in _CUE.finditer(text):
        end = _unit_end(text, cue.end()) if not spans or cue.start() >= spans[-1][2] else None
        while end is not None:
            stop = end
            joined = _LIST.match(text, stop)
            end = _unit_end(text, joined.end()) if joined else None
            if end is None:
                spans.append((cue.start(), cue.end(), stop))
    first, last = _unit_end(text, 0), _LAST.search(text)
    if not spans and first and _FOR.match(text, first):
        spans.append((0, 0, first))
    if not spans and last and _unit_end(text, last.start("unit")) == last.end("unit"):
        spans.append((last.start("unit"), *last.span("unit")))
    return spans


def _single_unit(text: str) -> Question | None:
    """Read "light year in kilometres": one of a unit that is named in the singular."""
    source, cue, target = re.split(r" (in|into|to|as) ", f"{text.strip(' ?.!')} in ", maxsplit=1, flags=re.I)
    target = target.removesuffix(" in ").strip()
    found = _units(source) if len(source) > 2 and target and cue else None
    if not found or not _units(target) or source.lower().endswith("s") or source.lower() == found[0].plural:
        return None
    return Question(amount=f"1 {source}", target=target)


def _is_harmless(text: str) -> bool:
    """Return whether nothing could change the answer in a text that has signs for its amount and its wanted unit."""
    text = _HYPOTHESIS.sub("", text)
    words = words_of(text)
    plain = _PLAIN.fullmatch(text.replace("#", "").replace("@", "")) and not re.search(r"[0-9½¼¾]|-[#@]|[#@]-", text)
    if not plain or words_that_change(text) or _QUALIFIERS.intersection(words):
        return False
    if any(_units(word) for word in words if word not in _NO_UNITS):
        return False
    if _GEOMETRY.search(_SCREEN_DIAGONAL.sub("", text)) or (_SCREEN.search(text) and _SIDE.search(text)):
        return False
    if _EARLIER.match(text):
        return False
    return all(_is_harmless_clause(clause) for clause in _CLAUSE.split(text))


def _is_harmless_clause(clause: str) -> bool:
    """Return whether a clause holds the amount, or only refers to it, or asks nothing."""
    if "#" in clause:
        return True
    return set(words_of(clause)) <= _REFERRING or not ("@" in clause or _ASKS.search(clause))
