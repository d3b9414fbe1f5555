"""Cutting a text into the tokens of an expression.

A text of which a part is no token of arithmetic is refused here: dates, times, hexadecimal numbers, European
decimals and unknown words would otherwise be computed as something that nobody asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from octograph.errors import ToolError

__all__ = ["FUNCTIONS", "Token", "tokenise"]

Kind = Literal["number", "operator", "function", "phrase", "list", "name", "word"]

MAX_TOKENS: Final = 150
_MAX_NUMBER: Final = 100
_MAX_EXPONENT: Final = 300

FUNCTIONS: Final = frozenset(
    {
        "sqrt", "cbrt", "abs", "sin", "cos", "tan", "asin", "acos", "atan", "ln", "log", "log2", "exp",
        "floor", "ceil", "factorial",
    }
)  # fmt: skip
"""What is called with one number."""

_ALIASES: Final = {
    "log10": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "ceiling": "ceil",
    "mean": "average", "avg": "average", "maximum": "max", "minimum": "min", "hcf": "gcd", "gcf": "gcd",
    "total": "sum", "sine": "sin", "cosine": "cos", "tangent": "tan", "logarithm": "log",
}  # fmt: skip
_LISTS: Final = frozenset({"max", "min", "gcd", "lcm", "sum", "product", "average", "median", "difference", "quotient"})

# Longest first within what begins alike; each stands for one token.
_PHRASES: Final[tuple[tuple[str, Kind, str], ...]] = (
    (r"(?:raised )?to the power(?: of)?", "operator", "^"),
    (r"raised to", "operator", "^"),
    (r"(?:multiplied by|times)", "operator", "*"),
    (r"(?:divided by|over)", "operator", "/"),
    (r"(?:plus|added to)", "operator", "+"),
    (r"minus", "operator", "-"),
    (r"(?:mod|modulo)", "operator", "mod"),
    (r"choose", "operator", "choose"),
    (r"squared", "operator", "squared"),
    (r"cubed", "operator", "cubed"),
    (r"(?:percent|per cent|pct)", "operator", "percent"),
    (r"(?:degrees?|deg)", "operator", "degrees"),
    (r"(?:radians?|rad)", "operator", "radians"),
    (r"square root", "phrase", "sqrt"),
    (r"cube root", "phrase", "cbrt"),
    (r"(?:natural log(?:arithm)?)", "phrase", "ln"),
    (r"absolute value", "phrase", "abs"),
    (r"log(?:arithm)? base", "phrase", "logbase"),
    (r"square", "phrase", "square"),
    (r"cube", "phrase", "cube"),
    (r"(?:twice|double)", "phrase", "twice"),
    (r"triple", "phrase", "triple"),
    (r"remainder", "phrase", "remainder"),
    (r"greatest common (?:divisor|factor)", "list", "gcd"),
    (r"highest common factor", "list", "gcd"),
    (r"(?:least|lowest|smallest) common multiple", "list", "lcm"),
    (r"(?:largest|biggest|highest)", "list", "max"),
    (r"(?:smallest|lowest)", "list", "min"),
    (r"quotient", "list", "quotient"),
    (r"difference", "list", "difference"),
)
_PHRASE_PATTERNS: Final = tuple(
    (re.compile(rf"(?:{pattern})(?![\w'])"), kind, text) for pattern, kind, text in _PHRASES
)
_WORDS: Final = frozenset(
    {
        "of", "and", "the", "a", "an", "to", "from", "when", "is", "by", "if", "dividing", "numbers",
        "following", "between", "root", "th", "half", "third", "thirds", "quarter", "quarters", "fourth",
        "fourths", "fifth", "fifths", "sixth", "sixths", "seventh", "sevenths", "eighth", "eighths",
        "ninth", "ninths", "tenth", "tenths", "hundredth", "hundredths", "thousandth", "thousandths",
        "halves", "all", "power",
    }
)  # fmt: skip
_NUMBER: Final = re.compile(
    r"(?P<comma>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]|,[0-9]))?(?(comma)|[0-9]+)(?:\.[0-9]+)?"
    r"(?:e[+-]?[0-9]+)?|\.[0-9]+(?:e[+-]?[0-9]+)?"
)
_ORDINAL: Final = re.compile(r"([0-9]{1,3})(?:st|nd|rd|th)(?!\w)")
_CONSTANTS: Final = frozenset({"pi", "e"})
_LETTER_PRODUCT: Final = re.compile(r"x\s*[0-9.]")
_WORD: Final = re.compile(r"log(?:2|10)(?![0-9])|[a-z]+")
_VULGAR: Final = {
    "½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3),
    "⅛": Fraction(1, 8), "⅜": Fraction(3, 8), "⅝": Fraction(5, 8), "⅞": Fraction(7, 8),
}  # fmt: skip
_SIGNS: Final = ("**", "+", "-", "*", "/", "^", "%", "!", "(", ")", ",", "=", "√", "°")
_LOOKALIKES: Final = (
    (re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![0-9])"), "a date"),
    (re.compile(r"(?<![0-9])[0-9]{1,2}([/-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])"), "a date"),
    (re.compile(r"[0-9]\s*:\s*[0-9]"), "a time or a ratio"),
    (re.compile(r"(?<![0-9.])0[xbo][0-9a-f]"), "a number in another base"),
    (re.compile(r"[0-9]\.[0-9]+[.,][0-9]"), "a number that can be read in two ways"),
    (re.compile(r"//"), "a division that can be read in two ways"),
)
_MONEY: Final = re.compile(r"[$£€](?=[0-9.])|(?<=[0-9]) (?:dollar|euro|pound)s?(?![\w'])")
_CURRENCIES: Final = {"$": "dollar", "€": "euro", "£": "pound"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of an expression.

    Parameters
    ----------
    kind
        What it is.
    text
        Its canonical spelling.
    value
        Its value, for a number.
    comma
        Whether a number was written with a comma ("1,234").
    spaced
        Whether white space stands before it.

    """

    kind: Kind
    text: str
    value: Fraction = Fraction(0)
    comma: bool = False
    spaced: bool = False


def tokenise(text: str) -> tuple[Token, ...]:
    """Cut a normalised text into tokens.

    Parameters
    ----------
    text
        Lower-case text in plain signs, numbers in digits.

    Returns
    -------
    tuple[Token, ...]
        All of the text, in tokens.

    Raises
    ------
    ToolError
        A part of the text is no token of arithmetic.

    """
    for pattern, meaning in _LOOKALIKES:
        if found := pattern.search(text):
            raise ToolError(f"{found[0]!r} looks like {meaning}", hint="Write the calculation in plain numbers.")
    if len({_CURRENCIES.get(name, name.strip(" s")) for name in _MONEY.findall(text)}) > 1:
        raise ToolError("the query mixes currencies", hint="Write plain numbers of one currency.")
    text = _MONEY.sub("", text)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        token, position = _next_token(text, position, tokens)
        tokens.append(token)
        if len(tokens) > MAX_TOKENS:
            raise ToolError("the expression is too long", hint="Compute a part of it first.")
    return tuple(tokens)


def _next_token(text: str, position: int, before: list[Token]) -> tuple[Token, int]:
    """Return the token at a position, and where it ends."""
    spaced = position > 0 and text[position - 1] == " "
    if ordinal := _ORDINAL.match(text, position):
        value = Fraction(int(ordinal[1]))
        return Token(kind="word", text="th", value=value, spaced=spaced), ordinal.end()
    if number := _NUMBER.match(text, position):
        return _number(number, spaced=spaced), number.end()
    if text[position] in _VULGAR:
        value = _VULGAR[text[position]]
        return Token(kind="number", text=text[position], value=value, spaced=spaced), position + 1
    for sign in _SIGNS:
        if text.startswith(sign, position):
            name = {"**": "^", "°": "degrees"}.get(sign, sign)
            return Token(kind="operator", text=name, spaced=spaced), position + len(sign)
    # "5x3" and "5 x 3" are products; "5x" is not.
    if before and before[-1].kind == "number" and _LETTER_PRODUCT.match(text, position):
        return Token(kind="operator", text="times", spaced=spaced), position + 1
    for pattern, kind, name in _PHRASE_PATTERNS:
        if phrase := pattern.match(text, position):
            return Token(kind=kind, text=name, spaced=spaced), phrase.end()
    return _word(text, position, spaced=spaced)


def _word(text: str, position: int, *, spaced: bool) -> tuple[Token, int]:
    """Read a word that is a token of its own."""
    word = _WORD.match(text, position)
    if word is None or (word.end() < len(text) and text[word.end()] == "'"):
        raise _unknown(text, position)
    name = _ALIASES.get(word[0], word[0])
    kinds: tuple[tuple[frozenset[str], Kind], ...] = (
        (_LISTS, "list"),
        (FUNCTIONS, "function"),
        (_WORDS, "word"),
        (_CONSTANTS, "name"),
    )
    for names, kind in kinds:
        if name in names:
            return Token(kind=kind, text=name, spaced=spaced), word.end()
    if len(name) == 1:
        return Token(kind="name", text=name, spaced=spaced), word.end()
    raise _unknown(text, position)


def _number(match: re.Match[str], *, spaced: bool) -> Token:
    """Read a number, exactly."""
    written = match[0].replace(",", "")
    mantissa, _, exponent = written.partition("e")
    if (
        len(mantissa) > _MAX_NUMBER
        or len(exponent) > len(str(_MAX_EXPONENT)) + 1
        or abs(int(exponent or 0)) > _MAX_EXPONENT
    ):
        raise ToolError(
            f"the number {match[0][:20]!r}... is too long", hint=f"Numbers have up to {_MAX_NUMBER} digits."
        )
    return Token(kind="number", text=written, value=Fraction(written), comma=match["comma"] is not None, spaced=spaced)


def _unknown(text: str, position: int) -> ToolError:
    rest = text[position:].split(" ")[0][:30]
    return ToolError(f"{rest!r} is no part of a calculation", hint="Write it with numbers and signs, such as 48 * 17.")
