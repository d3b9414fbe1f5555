"""Lettered options of a question, and which of them an answer means."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

__all__ = ["LETTERS", "chosen", "lettered"]

LETTERS = string.ascii_uppercase

# "the answer is (B)", "Answer: B." — but not "the answer is A dog".
_SAID = re.compile(r"\b(?i:answer|option|choice)(?i:\s+is)?\s*:?\s*\**\(?([A-Z])\b\)?(?=\s*(?:$|[).,:;*\n]))")
# "(B) …", "B. …", "B: …", "B" — but not "A dog".
_FIRST = re.compile(r"\(([A-Za-z])\)|([A-Z])(?:[).:,\n]|$)")
_IN_BRACKETS = re.compile(r"\(([A-Z])\)")


def lettered(choices: Sequence[str]) -> str:
    """Return options, a line each.

    Examples
    --------
    >>> print(lettered(["red", "blue"]))
    (A) red
    (B) blue

    """
    return "\n".join(f"({letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False))


def chosen(answer: str, choices: Sequence[str]) -> int | None:
    """Return the place of the choice that an answer means, by its text or its letter; None if that cannot be told.

    Examples
    --------
    >>> [chosen(text, ["red", "dark red"]) for text in ("(B)", "Red.", "The answer is B.", "It is dark red", "green")]
    [1, 0, 1, 1, None]

    """
    texts = [_plain(choice) for choice in choices]
    said = _plain(answer)
    if texts.count(said) == 1:
        return texts.index(said)
    place = _lettered_place(answer.strip())
    if place is None and len(said) == 1 and said.upper() in LETTERS:
        place = LETTERS.index(said.upper())
    return place if place is not None and place < len(choices) else _mentioned(said, texts)


def _lettered_place(answer: str) -> int | None:
    """Place of the letter that an answer names, in one of the ways in which answers do."""
    if said := _SAID.findall(answer):
        return LETTERS.index(said[-1])
    if first := _FIRST.match(answer):
        return LETTERS.index((first[1] or first[2]).upper())
    named = set(_IN_BRACKETS.findall(answer))
    return LETTERS.index(named.pop()) if len(named) == 1 else None


def _mentioned(answer: str, texts: Sequence[str]) -> int | None:
    """Place of the one choice whose text stands in an answer; "red" does not count where "dark red" is meant."""
    found = [text for text in texts if text and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", answer)]
    widest = [text for text in found if not any(text != other and text in other for other in found)]
    return texts.index(widest[0]) if len(widest) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).removesuffix(".")
