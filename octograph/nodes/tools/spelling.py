"""Words that are spelled almost right.

A word is mended only if it is long, one slip away from what is known, and nothing else is as near: "celcius" is,
"punds" and "mils" are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["nearest"]

_SHORTEST: Final = 7


def nearest(word: str, known: Iterable[str], *, shortest: int = _SHORTEST, lenient: int | None = None) -> list[str]:
    """Find the known words that are one slip away from a word.

    A slip is a letter too many, too few or wrong, or two that changed places; the first letter is right.

    Parameters
    ----------
    word
        A word, in lower case.
    known
        Words that are spelled right.
    shortest
        How long a word is that is mended: in short words a slip makes another word.
    lenient
        How long a known word is that may be two slips away; None for none.

    Returns
    -------
    list[str]
        All that are near, the word itself among them; none if the word is short.

    Examples
    --------
    >>> nearest("celcius", ["celsius", "cubic"])
    ['celsius']

    """
    from rapidfuzz.distance import OSA

    if len(word) < shortest:
        return []
    near = (name for name in known if name[:1] == word[0] and len(name) >= shortest - 1)
    return [name for name in near if OSA.distance(word, name) <= (1 if lenient is None or len(name) < lenient else 2)]
