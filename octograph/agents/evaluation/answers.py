"""How near an answer is to what was wanted: in words as SQuAD counts them (Rajpurkar et al. 2016), and in numbers.

Unlike there, the sign and the point of a number are no punctuation: 3.5 is not 35, nor 5 minus 5.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Sequence

from octograph.agents.numbers import last_number, numbers, only_number

__all__ = ["best_f1", "exact_match", "normalised", "numeric_match", "proportion_interval", "rouge_l"]

TOLERANCE = 1e-4
"""How far a number may be from the right one, as a share of it or in units, whichever is more."""

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact_match(answer: str, references: Sequence[str]) -> bool:
    """Whether an answer is one of the references, but for case, punctuation and articles.

    Examples
    --------
    >>> exact_match("The Eiffel Tower.", ["Eiffel tower"])
    True

    """
    return normalised(answer) in {normalised(reference) for reference in references}


def best_f1(answer: str, references: Sequence[str]) -> float:
    """Return the highest F1 of an answer's words with those of a reference.

    Examples
    --------
    >>> best_f1("in the Eiffel Tower", ["Eiffel Tower"])
    0.8

    """
    return max((_f1(normalised(answer).split(), normalised(reference).split()) for reference in references), default=0)


def rouge_l(answer: str, references: Sequence[str]) -> float:
    """Return the highest Rouge-L of an answer with a reference (Lin 2004): F1 of their longest common subsequence.

    Examples
    --------
    >>> round(rouge_l("in the old tower", ["the old Paris tower"]), 3)
    0.667

    """
    from rapidfuzz.distance import LCSseq

    def score(words: Sequence[str], wanted: Sequence[str]) -> float:
        if not words or not wanted:
            return float(words == wanted)
        return 2 * LCSseq.similarity(words, wanted) / (len(words) + len(wanted))

    words = normalised(answer).split()
    return max((score(words, normalised(reference).split()) for reference in references), default=0.0)


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
    wanted = [number.value for reference in references if (number := only_number(reference)) is not None]
    if not wanted:
        return None
    given = last_number(answer)
    return given is not None and any(
        math.isclose(given.value, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for value in wanted
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


def _f1(words: Sequence[str], wanted: Sequence[str]) -> float:
    if not words or not wanted:
        return float(words == wanted)
    common = sum((Counter(words) & Counter(wanted)).values())
    return 2 * common / (len(words) + len(wanted))


def normalised(text: str) -> str:
    """Return a text in lower case, without punctuation and articles, and with its numbers in one spelling.

    Examples
    --------
    >>> normalised("The Eiffel Tower."), normalised("(A)"), normalised("-1,200.50 Euros.")
    ('eiffel tower', 'a', '-1200.5 euros')

    """
    bare = _without_punctuation(text.lower())
    # What is nothing but an article or punctuation, such as "(A)", is not the same as no answer.
    return " ".join((_ARTICLES.sub(" ", bare).split() or bare.split()) or text.split())


def _without_punctuation(text: str) -> str:
    parts, end = [], 0
    for number in numbers(text):
        digits = text[number.start : number.end].replace(",", "")
        # Whole numbers stay as they are: a float does not hold the last digits of a long one.
        figure = digits if digits.isdecimal() else f"{number.value:.15g}"
        parts += [text[end : number.start].translate(_PUNCTUATION), figure]
        end = number.end
    return "".join([*parts, text[end:].translate(_PUNCTUATION)])
