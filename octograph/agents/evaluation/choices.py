"""Lettered options of a question, and which of them an answer means."""

from __future__ import annotations

from collections.abc import Sequence

from octograph.agents.evaluation.naming import LETTERS, Named, Naming

__all__ = ["LETTERS", "chosen", "lettered"]


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
    for plain in (_spaced, _plain):
        texts = [plain(choice) for choice in choices]
        said = plain(answer)
        if texts.count(said) == 1:
            return texts.index(said)
    naming = Naming(choices)
    answer = naming.unlisted(answer)
    if stated := naming.stated(answer):
        return stated.place
    letters = {named.place for named in naming.letters(answer)}
    if len(letters) == 1:
        return letters.pop()
    if len(said) == 1 and said.upper() in LETTERS[: len(choices)]:
        return LETTERS.index(said.upper())
    opening = naming.opening(answer)
    return _widest(naming.mentions(answer), texts) if opening is None else opening.place


def _widest(mentions: Sequence[Named], texts: Sequence[str]) -> int | None:
    """Place of the one choice that is mentioned; "red" does not count beside "dark red"."""
    places = {named.place for named in mentions}
    told = [place for place in places if place is not None]
    widest = [one for one in told if not any(one != other and texts[one] in texts[other] for other in told)]
    return widest[0] if len(widest) == 1 and len(told) == len(places) else None


def _spaced(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")


def _plain(text: str) -> str:
    return _spaced(text.casefold())
