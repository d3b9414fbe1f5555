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
_QUANTITY: Final = re.compile(
    r"-?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?(?:\s*(?:%|°\s?[CF]|[a-zA-Zµ]{1,12}(?:/[a-zA-Z]{1,3})?[²³]?))?"
)
_SHORT: Final = 60


def with_result(query: str, result: str) -> str:
    """Put the result of the step before in the place of the word that stands for it.

    Parameters
    ----------
    query
        What the step asks.
    result
        The answer of the step before: of a line such as ``48 * 17 = 816`` what is behind the last ``=``, of a
        sentence its last quantity. Where neither is found, or nothing in the query stands for it, the query stays.

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
    line = result.strip().rsplit("\n", 1)[-1]
    behind = line.rpartition("=")[2].strip(" .≈")
    if "=" in line and behind and len(behind) <= _SHORT:
        return behind
    quantities = _QUANTITY.findall(line)
    return quantities[-1].strip() if quantities else None
