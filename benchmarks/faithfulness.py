"""What a rewriting lost of numbers, quotations and negations, by rules of this file's own.

It shares no code with the guard of `octograph.nodes.master.fidelity`, so that one checks the other.
"""

from __future__ import annotations

from collections import Counter

__all__ = ["lost"]

SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
PLACES = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
)  # fmt: skip
VALUES = (
    {word: value for value, word in enumerate(SMALL)}
    | {word: 10 * value for value, word in enumerate(TENS, start=2)}
    | {word: value for value, word in enumerate(PLACES, start=1)}
)
SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
PAIRS = (("“", "”"), ("«", "»"), ("„", "“"), ("‘", "’"), ("`", "`"), ('"', '"'), ("'", "'"))  # noqa: RUF001
DENIALS = frozenset(
    {
        "not", "no", "none", "never", "nobody", "nothing", "nowhere", "neither", "nor", "without", "except",
        "unless", "but", "hardly", "excluding",
    }
)  # fmt: skip
BARE = frozenset(
    {
        "cant", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "hasnt", "havent", "hadnt",
        "shouldnt", "couldnt",
    }
)  # fmt: skip


def lost(original: str, rewritten: str) -> dict[str, int]:
    """How many numbers, quotations and negations of a query its rewriting lacks."""
    numbers = Counter(_numbers(original)) - Counter(_numbers(rewritten))
    percent = max(_percents(original) - _percents(rewritten), 0)
    denials = Counter(_denials(original)) - Counter(_denials(rewritten))
    return {
        "numbers": numbers.total() + percent,
        "quotations": sum(quotation not in rewritten for quotation in _quotations(original)),
        "negations": denials.total(),
    }


def _tokens(text: str) -> list[str]:
    spaced = "".join(character if character.isalnum() or character in ".,'" else " " for character in _even(text))
    return [token for piece in spaced.split() if (token := piece.strip(".,'"))]


def _even(text: str) -> str:
    return text.lower().replace("’", "'")  # noqa: RUF001


def _numbers(text: str) -> list[float]:
    """Values of digits and of number words; what stands side by side in words is one number."""
    values: list[float] = []
    pending: float | None = None
    for token in [*_tokens(text), ""]:
        if token in VALUES and (pending is None or (pending % 100 == 0 and pending) or _joins(pending, VALUES[token])):
            pending = (pending or 0) + VALUES[token]
            continue
        if token in SCALES:
            pending = SCALES[token] * (1 if pending is None else pending)
            continue
        if token == "and" and pending is not None and pending >= 100:  # noqa: S105  a word and no password
            continue
        if pending is not None:
            values.append(pending)
            pending = None
        if token in VALUES:
            pending = VALUES[token]
        elif token[:1].isdigit():
            digits, letters = _split(token)
            values += digits
            # "2.5 million": the scale that follows belongs to it.
            if len(digits) == 1 and not letters:
                pending = values.pop()
    return values


def _joins(pending: float, value: int) -> bool:
    return pending % 100 >= 20 and pending % 10 == 0 and 0 < value < 10


def _split(token: str) -> tuple[list[float], str]:
    """The numbers at the beginning of a token such as ``1,200.5``, ``1,2`` or ``12kg``, and what follows them."""
    length = next((i for i, character in enumerate(token) if character not in "0123456789.,"), len(token))
    digits, letters = token[:length].strip(".,"), token[length:]
    groups = digits.split(",")
    whole = all(len(group.partition(".")[0]) == 3 for group in groups[1:]) and "." not in "".join(groups[:-1])
    parts = ["".join(groups)] if whole else groups
    # Of "1.2.3" each number counts.
    numbers = [float(part) if part.count(".") < 2 else float(part.replace(".", "")) for part in parts if part]
    return numbers, letters


def _percents(text: str) -> int:
    return text.count("%") + _even(text).replace("per cent", "percent").count("percent")


def _quotations(text: str) -> list[str]:
    return [quotation for opening, closing in PAIRS for quotation in _between(text, opening, closing)]


def _between(text: str, opening: str, closing: str) -> list[str]:
    found, start = [], None
    for place, character in enumerate(text):
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        if start is None:
            if character == opening and not before.isalnum() and after.strip():
                start = place + 1
        elif character == closing and not after.isalnum():
            found.append(text[start:place])
            start = None
    return found


def _denials(text: str) -> list[str]:
    words = "".join(character if character.isalpha() or character == "'" else " " for character in _even(text)).split()
    denials = []
    for word in (word.strip("'") for word in words):
        if word.endswith("n't") or word in BARE or word == "cannot":
            denials.append("not")
        elif word in DENIALS:
            denials.append(word)
    return denials
