"""How near an answer is to what was wanted: exact match and F1, as SQuAD counts them (Rajpurkar et al. 2016)."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

__all__ = ["best_f1", "exact_match"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


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


def _f1(words: Sequence[str], wanted: Sequence[str]) -> float:
    if not words or not wanted:
        return float(words == wanted)
    common = sum((Counter(words) & Counter(wanted)).values())
    return 2 * common / (len(words) + len(wanted))


def _normalised(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())
