"""The ways in which texts name one of several choices; answers are elected and graded by the same ones."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LETTERS", "Named", "Naming"]

LETTERS = string.ascii_uppercase

_NEVER = "(?!)"
# What letters are wrapped in: (B), [B], **B**, `B`, "B", \boxed{B}. A model that repeats itself may write thousands.
_OPEN = r"(?:\\[a-z]+\{|[*`\"'\u201c\u2018(\[{])"
_CLOSE = r"[*`\"'\u201d\u2019)\]}]"
_OPENED = rf"{_OPEN}{{0,8}}"
_CLOSED = rf"{_CLOSE}{{1,8}}+(?!\w)"
# A bare "A" is a letter in "the answer is A." and a word in "the answer is A dog".
_END = rf"(?:{_CLOSED}|(?=\s*(?:\Z|\n|[.,:;!](?!\d)|(?i:because|since)\b)))"
# "Option A:" heads what is said of it, and "the option is A" chooses it.
_SAYS = (
    r"\b(?i:(?:answer|option|choice)(?:\s+is\b|\s*:)|(?:answer|choose|pick|select)\b)[\s:*]*"
    r"(?i:(?:the\s+)?(?:option|choice)\b\s*)?"
)
_CORRECT = rf"(?:{_CLOSED})?\s+is\s+(?:the\s+)?(?i:correct|right|answer)(?:\s+(?i:answer|option|choice|one))?{_END}"
# "(A) is too cold" weighs a choice.
_WEIGHS = r"(?!\s+(?:is|was|does|has|can|cannot|would)\b)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A choice that a text names.

    Attributes
    ----------
    place
        Which one, None where several are spelled so.
    start, end
        The characters of its letter or its text.

    """

    place: int | None
    start: int
    end: int


class Naming:
    """Finds choices in texts, by their letters and by their own texts.

    A choice's text counts as it is spelled, and but for case if no other choice is spelled so.

    Parameters
    ----------
    choices
        Their texts.
    lettered
        Whether they have letters, from A on.

    Examples
    --------
    >>> Naming(["red", "blue"]).stated("The answer is (B), not (A).")
    Named(place=1, start=15, end=16)

    """

    def __init__(self, choices: Sequence[str], *, lettered: bool = True) -> None:
        self._spelled = [r"\s+".join(map(re.escape, choice.split())) for choice in choices]
        letters = LETTERS[: len(choices)] if lettered else ""
        letter, text = _NEVER, _NEVER
        if letters:
            letter = rf"(?:(?P<letter>[{letters}])|(?<=[(\[])(?P<small>[{letters.lower()}])(?=[)\]]))"
        # The longest first: "not valid" is not "valid".
        texts = "|".join(sorted(filter(None, self._spelled), key=len, reverse=True))
        if texts:
            text = rf"(?P<text>(?i:{texts}))(?!\w|[.,]\d)"
        either = rf"{_OPENED}(?:{letter}|{text})"
        line = rf"[ \t]*(?:[-*]|\(?[A-Z][).:])[ \t]+(?i:{texts or _NEVER})[ \t\r]*(?:\n|\Z)"
        self._listed = re.compile(rf"^{line}(?:{line})+", re.MULTILINE)
        self._said = (re.compile(f"{_SAYS}{either}{_END}"), re.compile(rf"(?<!\w){either}{_CORRECT}"))
        self._first_letter = re.compile(rf"\s*{_OPENED}{letter}{_END}{_WEIGHS}")
        self._first_text = re.compile(rf"\s*{_OPENED}{text}{_END}{_WEIGHS}")
        self._letters = re.compile(
            rf"(?:(?<!\w){_OPEN}{{1,8}}(?=\S{_CLOSED})|(?:^[ \t]*|\b(?i:option|choice)\s+){_OPENED}){letter}{_END}",
            re.MULTILINE,
        )
        self._texts = re.compile(rf"(?<!\w)(?<!\d[.,]){text}")

    def unlisted(self, text: str) -> str:
        """Return a text with blanks in the place of a list of choices that it repeats."""
        return self._listed.sub(lambda found: " " * len(found[0]), text)

    def stated(self, text: str) -> Named | None:
        """Return the choice that a text says is its answer, the last if there are several, or opens with by letter."""
        said = [found for pattern in self._said for found in pattern.finditer(text)]
        found = max(said, key=lambda found: found.end(), default=self._first_letter.match(text))
        return None if found is None else self._named(found)

    def letters(self, text: str) -> list[Named]:
        """Return the choices whose letters stand in brackets, are set off, begin a line or are called options."""
        return [self._named(found) for found in self._letters.finditer(text)]

    def opening(self, text: str) -> Named | None:
        """Return the choice with whose own text a text begins."""
        found = self._first_text.match(text)
        return None if found is None else self._named(found)

    def mentions(self, text: str) -> list[Named]:
        """Return the choices whose own texts stand in a text."""
        return [self._named(found) for found in self._texts.finditer(text)]

    def _named(self, found: re.Match[str]) -> Named:
        kind = found.lastgroup or "text"
        start, end = found.span(kind)
        place = self._place(found[kind]) if kind == "text" else LETTERS.index(found[kind].upper())
        return Named(place=place, start=start, end=end)

    def _place(self, said: str) -> int | None:
        """Return which choice is spelled so, or so but for case; None if several are."""
        for flags in (0, re.IGNORECASE):
            alike = [place for place, spelled in enumerate(self._spelled) if re.fullmatch(spelled, said, flags)]
            if alike:
                return alike[0] if len(alike) == 1 else None
        return None
