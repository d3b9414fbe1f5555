"""What every tool does first: one spelling of the query, without the words that only ask.

The words dropped here say nothing about the answer ("what is", "please", "thanks").
Everything else stays, so that a tool can refuse a query of which it does not understand a part.
"""

from __future__ import annotations

import re
from typing import Final

from octograph.errors import ToolError

__all__ = ["MAX_QUERY", "normalise", "spell", "strip_request", "strip_tail"]

MAX_QUERY: Final = 400

_SPELLINGS: Final = {
    **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)},  # full-width forms
    "\u3000": " ",
    "−": "-", "–": "-", "‐": "-", "‑": "-", "﹣": "-",  # noqa: RUF001  the signs that people paste
    "×": "*", "✕": "*", "✖": "*", "⋅": "*", "·": "*", "∙": "*",  # noqa: RUF001
    "÷": "/", "∕": "/", "⁄": "/",  # noqa: RUF001
    "’": "'", "‘": "'", "′": "'", "“": '"', "”": '"', "″": '"',  # noqa: RUF001
    "π": " pi ", "√": " √ ", "∛": " cube root of ", "º": "°", "˚": "°",
    "℃": "°c", "℉": "°f", "µ": "μ",
    "½": " ½", "¼": " ¼", "¾": " ¾", "⅓": " ⅓", "⅔": " ⅔", "⅛": " ⅛", "⅜": " ⅜", "⅝": " ⅝", "⅞": " ⅞",
}  # fmt: skip
_TABLE: Final = str.maketrans(_SPELLINGS)
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT_RUN: Final = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")

_REQUEST_WORDS: Final = frozenset(
    {
        "what", "what's", "whats", "is", "are", "was", "how", "much", "many", "calculate", "compute",
        "evaluate", "find", "determine", "give", "tell", "me", "us", "please", "can", "could", "would",
        "will", "you", "value", "of", "result", "answer", "the", "work", "out", "figure", "solve",
        "simplify", "hi", "hello", "hey", "ok", "okay", "so", "now", "quickly", "exactly", "exact", "do",
        "does", "want", "know", "get", "show", "then", "and", "take", "put", "say", "state", "express",
        "let's", "lets", "need", "just", "quick", "math",
    }
)  # fmt: skip
_REQUEST_PHRASES: Final = re.compile(
    r"(?:i (?:want|need|would like|'d like|have) to (?:know|find|get|see)|i need|do you know)\b",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(r"[a-z]+(?:'[a-z]+)?(?![\w'-])", re.IGNORECASE)
_LEADING: Final = re.compile(r"(?:[\s,:;]|[.!](?=\s))*")
_TAIL: Final = re.compile(
    r"(?:[\s,;:?]|\.(?![0-9])|(?<=[\s?])!|(?<![\w'-])"
    r"(?:please|thanks|thank you|now|for me|equal to|equals?|exactly|"
    r"is what|is|what|in total|altogether|make|makes|pls|too|as well)(?![\w'-]))+$",
    re.IGNORECASE,
)


def spell(query: str) -> str:
    """Spell a query one way: plain signs, single spaces; capitals stay.

    Parameters
    ----------
    query
        What the user asked.

    Returns
    -------
    str
        The query in one spelling.

    Raises
    ------
    ToolError
        The query is empty or too long for a tool.

    """
    if len(query) > MAX_QUERY:
        raise ToolError(
            f"the query has {len(query)} characters, a tool reads {MAX_QUERY}",
            hint="Ask for one thing at a time.",
        )
    text = _SUPERSCRIPT_RUN.sub(lambda run: f"^{run[0].translate(_SUPERSCRIPTS)} ", query)
    text = " ".join(text.translate(_TABLE).split())
    if not text:
        raise ToolError("the query is empty", hint="Ask a question.")
    return text


def normalise(query: str) -> str:
    r"""Spell a query one way, in lower case.

    Raises
    ------
    ToolError
        The query is empty or too long for a tool.

    Examples
    --------
    >>> normalise("What  is\t48 * 17?")
    'what is 48 * 17?'

    """
    return spell(query).lower()


def strip_request(text: str) -> str:
    """Drop the words at the start that only ask.

    Examples
    --------
    >>> strip_request("hello, can you tell me what is 5 + 3")
    '5 + 3'

    """
    position = 0
    while True:
        start = _leading_end(text, position)
        phrase = _REQUEST_PHRASES.match(text, start) or _REQUEST.match(text, start)
        if phrase is None or (phrase.re is _REQUEST and phrase[0].lower() not in _REQUEST_WORDS):
            return text[start:]
        position = phrase.end()


def strip_tail(text: str) -> str:
    """Drop the words and marks at the end that only ask.

    Examples
    --------
    >>> strip_tail("5 + 3 equals what, please?")
    '5 + 3'

    """
    return _TAIL.sub("", text).removesuffix("=").rstrip()


def _leading_end(text: str, position: int) -> int:
    match = _LEADING.match(text, position)
    return match.end() if match else position
