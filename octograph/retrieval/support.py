"""Which passages an answer rests on: its own words and numbers have to stand there."""

from __future__ import annotations

from collections.abc import Sequence

from octograph.retrieval.words import terms

__all__ = ["coverage", "supporting"]

ENOUGH = 0.6
"""Share of an answer's terms that a passage must have."""

MOST = 2
"""Passages that are named."""


def supporting(answer: str, question: str, passages: Sequence[str]) -> list[int]:
    """Return the places of the passages that support an answer, the best first; none if no passage does.

    What counts are the terms of the answer that the question does not have, or those of the question if the answer
    adds none, such as a plain yes. All numbers among them have to stand in the passage, and most of the words.

    Examples
    --------
    >>> supporting("It is three months.", "What is the notice period?", ["Notice is three months.", "Rent is due."])
    [0]
    >>> supporting("It is 6 months.", "What is the notice period?", ["Notice is 3 months."])
    []

    """
    asked = set(terms(question))
    claimed = {term for term in terms(answer) if not term.isspace()} - asked - {"yes", "no"} or asked
    numbers = {term for term in claimed if any(character.isdigit() for character in term)}
    shares = []
    for passage in passages:
        said = set(terms(passage))
        shares.append(len(claimed & said) / len(claimed) if claimed and numbers <= said else 0.0)
    best = max(shares, default=0.0)
    if best < ENOUGH:
        return []
    return [place for place, share in enumerate(shares) if share == best][:MOST]


def coverage(question: str, passage: str) -> float:
    """Return the share of a question's terms that stand in a passage, 0 if it has none.

    Examples
    --------
    >>> coverage("Are dogs allowed in the flat?", "Dogs are not allowed.")
    0.6666666666666666

    """
    asked = set(terms(question))
    return len(asked & set(terms(passage))) / len(asked) if asked else 0.0
