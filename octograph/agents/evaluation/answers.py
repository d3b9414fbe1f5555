"""How near an answer is to what was wanted: in words as SQuAD counts them (Rajpurkar et al. 2016), and in numbers."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Sequence

__all__ = ["best_f1", "exact_match", "last_number", "numeric_match", "proportion_interval"]

TOLERANCE = 1e-4
"""How far a number may be from the right one, as a share of it or in units, whichever is more."""

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)

# A minus behind a word, a number or a bracket is a hyphen, a range or a subtraction.
_SIGN = r"(?:(?<![\w)\]}])[-\u2212])?"
_CURRENCY = r"(?:[$€£¥₹]\s?)?"
# A digit that hangs on a word belongs to it: CO2, m2, cm^2.
_DIGITS = r"(?<![\w^])(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+"
_EXPONENT = r"(?:[eE][-+]?[0-9]+(?![0-9]))?"
_NUMBER = re.compile(rf"(?P<sign>{_SIGN}){_CURRENCY}(?P<digits>(?:{_DIGITS}){_EXPONENT})")
_NOTHING_BUT = re.compile(rf"\s*[+≈=]?\s*{_NUMBER.pattern}\s*[%$€£¥₹]?\s*\.?\s*")


def exact_match(answer: str, references: Sequence[str]) -> bool:
    """Whether an answer is one of the references, but for case, punctuation and articles.

    Examples
    --------
    >>> exact_match("The Eiffel Tower.", ["Eiffel tower"])
    True

    """
    return _normalised(answer) in {_normalised(reference) for reference in references}


def best_f1(answer: str, references: Sequence[str]) -> float:
    """Return the highest F1 of an answer's words with those of a reference.

    Examples
    --------
    >>> best_f1("in the Eiffel Tower", ["Eiffel Tower"])
    0.8

    """
    return max(
        (_f1(_normalised(answer).split(), _normalised(reference).split()) for reference in references), default=0
    )


def last_number(text: str) -> float | None:
    """Return the number that a text ends with, None if there is none in it.

    Commas between thousands, a currency's sign and what stands behind the number are left aside.

    Examples
    --------
    >>> last_number("12 * 100 = 1,200, so the answer is -$1,200.50.")
    -1200.5

    """
    last = None
    for last in _NUMBER.finditer(text):  # noqa: B007  # the last one is wanted
        pass
    return None if last is None else _value(last)


def numeric_match(answer: str, references: Sequence[str]) -> bool | None:
    """Whether an answer ends with the number that a reference is, to one in ten thousand.

    None if no reference is a number.

    Examples
    --------
    >>> numeric_match("They have 1,000 apples.", ["1000.0"])
    True
    >>> numeric_match("They have 1,000 apples.", ["many"]) is None
    True

    """
    wanted = [_value(found) for reference in references if (found := _NOTHING_BUT.fullmatch(reference))]
    numbers = [number for number in wanted if number is not None]
    if not numbers:
        return None
    given = last_number(answer)
    return given is not None and any(
        math.isclose(given, number, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for number in numbers
    )


def proportion_interval(successes: int, trials: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a proportion (Wilson 1927), None without trials.

    Examples
    --------
    >>> low, high = proportion_interval(5, 10)
    >>> round(low, 3), round(high, 3)
    (0.237, 0.763)

    """
    if trials == 0:
        return None
    from scipy.stats import binomtest  # takes most of a second

    found = binomtest(successes, trials).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _value(found: re.Match[str]) -> float | None:
    value = float(found["digits"].replace(",", ""))
    if math.isinf(value):  # any two numbers as long as that would be alike
        return None
    return -value if found["sign"] else value


def _f1(words: Sequence[str], wanted: Sequence[str]) -> float:
    if not words or not wanted:
        return float(words == wanted)
    common = sum((Counter(words) & Counter(wanted)).values())
    return 2 * common / (len(words) + len(wanted))


def _normalised(text: str) -> str:
    bare = text.lower().translate(_PUNCTUATION)
    # What is nothing but an article or punctuation, such as "(A)", is not the same as no answer.
    return " ".join((_ARTICLES.sub(" ", bare).split() or bare.split()) or text.split())
