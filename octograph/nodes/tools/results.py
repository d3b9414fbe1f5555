"""What "it" is in a later step of a plan: the result of the step before."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["with_result"]

_REFERENCE: Final = re.compile(
    r"(?:\b(?:the|that|this|its)\s+(?:final\s+|exact\s+|same\s+)?"
    r"(?:result|answer|outcome|total|sum|product|quotient|number|value|figure|amount|date|day|time"
    r"|speed|temperature|energy|weight|mass|area|length|distance|height|volume|price|cost)\b"
    r"(?:\s+you (?:got|found|get))?"
    r"|\b(?:it|that|this)\b)(?P<verb>\s+(?:is|was)\b)?",
    re.IGNORECASE,
)
_FROM_UNIT: Final = re.compile(r"(?<=\d) from (?=[a-z]+ (?:in)?to\b)", re.IGNORECASE)
# Marks of passages, and of bold print: "**72**", not "2**10".
_MARKS: Final = re.compile(r"\s*\[\d+\]|(?<![\d)])\*\*|\*\*(?![\d(])")
_NOTE: Final = re.compile(r"(?<![-+*/^=≈(]) \([^()]*[a-z]{3}[^()]*\)[\s.]*$", re.IGNORECASE)
_UNKNOWN: Final = re.compile(r"(?<![\w^])[a-zA-Z]\s*=")
_FORMULA: Final = re.compile(r"[*^]|[a-z]\(|\b(?:pi|e)\b")
_EXPRESSION: Final = re.compile(r"(?:[\d.+*/^() -]|\b(?:sqrt|cbrt|log|pi|e|i)\b)+")
_FRACTION: Final = re.compile(r"-?\d+/\d+")
_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?!\.?\d)"
_NO_UNIT: Final = r"(?:and|are|as|at|by|for|from|if|in|is|of|on|or|per|so|than|that|to|was|were|with)\b"
_UNIT: Final = (
    r"(?:(?:square|cubic|fluid|nautical|imperial|short|long|troy|metric|oil|astronomical) )*"
    rf"(?:%|°\s?[CFR]?|(?!{_NO_UNIT})[^\W\d_]+(?:-[a-z]+)?)[²³]?"
)
_AMOUNT: Final = rf"[$£€]?{_NUMBER}(?:\s*/\s*\d+)?(?:\s*{_UNIT}(?:(?:/| per )(?:100 )?{_UNIT})?)?"
# A date, a time, or amounts that belong together, such as "5 feet 11 inches" and "25 December 2025".
_QUANTITY: Final = re.compile(rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}:\d\d(?: ?[ap]m)?|(?<![\w.])-?{_AMOUNT}(?: {_AMOUNT})*")


def with_result(query: str, result: str) -> str:
    """Put the result of the step before in the place of the word that stands for it.

    Parameters
    ----------
    query
        What the step asks.
    result
        What the step before came to: a value, or a text with one in its last line: of ``48 * 17 = 816`` what is
        behind the last ``=``, of a sentence its quantity. Where there is none or more than one, or nothing in the query
        stands for it, the query stays.

    Examples
    --------
    >>> with_result("multiply it by 12", "48 * 17 = 816")
    'multiply 816 by 12'

    """
    value = _value(result)
    if value is None:
        return query
    # "what that is in pounds" asks "what is 3 kg in pounds", and "it from miles to km" asks "3 miles to km".
    asked = _REFERENCE.sub(lambda found: f"is {value}" if found["verb"] else value, query, count=1)
    return _FROM_UNIT.sub(" ", asked)


def _value(result: str) -> str | None:
    """Return the one value of a result, None if it holds none or several."""
    line = _NOTE.sub("", _MARKS.sub("", result.strip().rpartition("\n")[2]))
    if "±" in line or len(_UNKNOWN.findall(line)) > 1:
        return None
    _, equals, behind = line.rpartition("=")
    # "29/35 ≈ 0.83" behind an equals sign has the exact value first, "180 cm ≈ 5.9 feet" the answer last.
    exact, _, rounded = behind.partition("≈")
    value = (exact if equals or not rounded else rounded).strip(" .")
    # In brackets, as the square root of 29/35 could be that of 29.
    if _FORMULA.search(value):
        return f"({value})" if _EXPRESSION.fullmatch(value) else None
    found = set(_QUANTITY.findall(value))
    if len(found) != 1:
        return None
    (one,) = found
    return f"({one})" if _FRACTION.fullmatch(one) else one
