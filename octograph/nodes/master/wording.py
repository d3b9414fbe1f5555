"""The words of an English query: which of them ask, which deny, and which carry what is asked."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["WORD", "alike", "bare", "carries", "completes", "negations", "plain", "question_words", "words"]

_FUNCTION: Final = frozenset(
    {
        "a", "an", "the", "this", "that", "these", "those", "there", "here", "i", "me", "you", "it", "its", "we",
        "am", "is", "are", "was", "were", "be", "been", "being", "do", "does", "did", "doing", "done", "can",
        "could", "would", "shall", "has", "have", "had", "having", "of", "in", "on", "at", "to", "for", "by",
        "with", "as", "and", "so", "then", "please", "pls", "plz", "thanks", "thank", "thx", "hi", "hello", "hey",
        "dear", "ok", "okay", "just", "really", "actually", "also", "um", "uh", "hmm", "lol", "btw", "tell", "know",
        "wonder", "wondering", "want", "wants", "wanna", "let", "lets", "kindly", "quickly", "quick", "anyone",
        "anybody", "somebody", "someone",
    }
)  # fmt: skip
"""Words that come and go without changing what is asked."""

_ASKING: Final = frozenset(
    {
        "explain", "describe", "convert", "define", "find", "calculate", "compute", "give", "show", "list", "name",
        "translate", "solve", "mean", "means", "meaning", "difference", "much", "many", "kind", "called", "get",
    }
)  # fmt: skip
"""Words that a fragment needs to become a request; those that the user wrote stay."""

_SPEAKER: Final = frozenset({"i", "me", "we"})
_SHORT: Final = {"u": "you", "r": "are", "ur": "your", "n": "and", "till": "until", "thru": "through", "cos": "because"}
_NEGATIONS: Final = frozenset(
    {
        "not", "never", "no", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without", "except",
        "excepting", "excluding", "exclude", "excludes", "excluded", "unless", "but", "hardly", "scarcely",
        "barely", "instead", "rather", "lest",
    }
)  # fmt: skip
_NOT: Final = frozenset(
    {
        "cannot", "cant", "wont", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "hasnt", "havent",
        "hadnt", "couldnt", "shouldnt", "wouldnt", "mustnt", "neednt", "aint",
    }
)  # fmt: skip
_QUESTIONS: Final = {
    "who": "who", "whos": "who", "whom": "who", "whose": "whose",
    "what": "what", "whats": "what", "wat": "what", "wats": "what", "which": "what", "wich": "what",
    "when": "when", "whens": "when", "where": "where", "wheres": "where", "why": "why", "whys": "why",
    "how": "how", "hows": "how",
}  # fmt: skip
WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_YOU: Final = re.compile(r"\b(can|could|would|will|do|are|if) u\b")  # elsewhere it may be a variable
_CONTRACTION: Final = re.compile(r"'(?:s|re|m|ll|d|ve)$")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ′＇", "'"))  # noqa: RUF001
_ENDINGS: Final = ("ing", "ed", "es", "s")
_SHORTEST_SLIP: Final = 4


def plain(text: str) -> str:
    """Return a text with one kind of apostrophe."""
    return text.translate(_APOSTROPHES)


def bare(word: str) -> str:
    """Return a word without the ``'s``, ``'ll`` and so on of a contraction or possessive."""
    return _CONTRACTION.sub("", word)


def words(text: str) -> list[str]:
    """Lower-case words in order, each `bare`.

    Examples
    --------
    >>> words("What's Kant's view? I don't know.")
    ['what', 'kant', 'view', 'i', "don't", 'know']

    """
    return [bare(match[0]) for match in WORD.finditer(_YOU.sub(r"\1 you", plain(text).lower()))]


def negations(text: str) -> list[str]:
    """Words that deny or exclude, in order; each form of "not" is ``"not"``.

    Examples
    --------
    >>> negations("I can't see why it doesn't, unless nobody paid")
    ['not', 'not', 'unless', 'nobody']

    """
    return [negation for word in words(text) if (negation := _negation(word))]


def question_words(text: str) -> list[str]:
    """Question words in order; "which" counts as "what", since people take one for the other."""
    return [_QUESTIONS[word] for word in words(text) if word in _QUESTIONS]


def carries(word: str) -> bool:
    """Whether a lower-case word carries some of what is asked: it does not ask, deny or only join others."""
    return word not in _FUNCTION and word not in _QUESTIONS and not _negation(word)


def completes(word: str) -> bool:
    """Whether a word may be added to make a request of a fragment; the speaker may not: "time in Tokyo" is no doing."""
    return word in _ASKING or not (carries(word) or word in _SPEAKER)


def alike(one: str, other: str) -> bool:
    """Whether a word can stand for another one: but for an ending, short for it, or by a slip of the typing hand.

    A slip is a letter left out, doubled or swapped with its neighbour. One letter in the place of another is none:
    that is how ethane differs from ethene.

    Examples
    --------
    >>> alike("recieve", "receive"), alike("workplce", "workplace"), alike("ethane", "ethene")
    (True, True, False)

    """
    if one == other or _stem(one) == _stem(other) or _SHORT.get(one) == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _SHORTEST_SLIP or one[0] != other[0]:
        return False
    place = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(longer) == len(shorter) + 1:
        return shorter[place:] == longer[place + 1 :]
    swapped = longer[:place] + longer[place : place + 2][::-1] + longer[place + 2 :]
    return len(longer) == len(shorter) and shorter == swapped


def _negation(word: str) -> str:
    if word in _NOT or word.endswith("n't"):
        return "not"
    return word if word in _NEGATIONS else ""


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_SLIP - 1:
            return word[: -len(ending)]
    return word
