"""One wording for a calculation, whatever words people ask with: "add up 4, 5 and 6" is the sum of 4, 5 and 6.

What is dropped says nothing about the result; what is not understood stays, and is refused later.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.tokens import tokenise
from octograph.nodes.tools.asides import words_of, words_that_change
from octograph.nodes.tools.numerals import ORDINALS, digits_for_words
from octograph.nodes.tools.phrasing import strip_request, strip_tail
from octograph.nodes.tools.spelling import nearest

__all__ = ["reword"]

_SHORTEST: Final = 6
_WORD: Final = re.compile(r"(?<![\w'])[a-z]+(?![\w'])")
_MENDED: Final = (
    "average", "calculate", "compute", "decrease", "decreased", "difference", "divide", "divided", "evaluate",
    "factorial", "increase", "increased", "logarithm", "median", "multiple", "multiplied", "multiply", "percent",
    "percentage", "product", "quotient", "remainder", "rounded", "square", "squared", "subtract", "subtracted",
)  # fmt: skip
# A sentence with one of these asks for something else, even if it has no number.
_OTHER_TASKS: Final = frozenset(
    {
        "base", "derivative", "differentiate", "integral", "integrate", "limit", "expand", "factor", "factorise",
        "factorize", "factors", "matrix", "vector", "system", "deviation", "variance", "mode", "range", "prime",
        "primes", "modulus", "interest", "probability", "degrees", "estimate", "even", "odd",
        "convert", "in", "into", "as", "to", "invert", "reciprocal", "negate", "truncate", "sort", "order", "plot",
        "graph", "verify",
    }
)  # fmt: skip
# What may be said in a request or before a colon: any other word could be what is to be done.
_ANNOUNCING: Final = frozenset(
    {
        "following", "this", "calculation", "expression", "sum", "question", "problem", "task", "my", "calculator",
        "is", "broken", "here", "it", "it's", "homework", "next", "help", "with", "for", "maths",
        "thank", "thanks", "you", "so", "very", "much",
    }
)  # fmt: skip
_SENTENCE: Final = re.compile(r"(?<=[.?!:;])\s+|, (?=i(?:'m|'ll)? )")
_OPENING: Final = re.compile(
    r"(?:(?:i|you|we) (?:would |will )?get )?(?:(?:if|when) (?:i|you|we) |for (?=[0-9(]))"
    r"|one: |(?:convert|change|turn|write|express) (?=.* (?:as|to|into|in) (?:an? )?(?:decimal|fraction|percent))"
    r"|(?:following )?(?:expression|calculation|(?:quadratic |linear )?equation|quadratic)[:,]? "
    r"|sum (?=[0-9(.]+ ?[-+*/])|reduce (?=.* terms)|fraction (?=[0-9]+ ?/)|number is |check (?:if|whether) "
    r"|list (?:all )?(?:the )?(?=prime)|u (?:do )?|(?:worked|working) out (?:what )?|solved "
)
_CLOSING: Final = re.compile(
    r"(?:,? what (?:does|do|would) (?:that|this|it) (?:come to|equal|give|make|be)"
    r"| (?:comes?|works out|amounts?) to| gives?| be|,? is how (?:much|many)|,? and nothing else|,? all digits)$"
)
_PURPOSE: Final = re.compile(r",? for (?:my|the|our|his|her) [a-z]+(?: [a-z]+)?$")
_VARIABLE: Final = re.compile(r"(?<![a-z])[b-df-hj-km-np-z](?![a-z])")
_ROOTS: Final = re.compile(
    r"(?:both |all |the )*(?P<kind>roots?|zeros?|solutions?) (?:of|to|for) (?:the )?"
    r"(?:(?:quadratic|linear|cubic) )?(?:(?:equation|polynomial|function) )?(?=[^,]*[0-9])"
)
_ORDINAL: Final = "|".join((r"[0-9]{1,3}(?:st|nd|rd|th)", *(word for word, n in ORDINALS.items() if 2 <= n <= 10)))


def _sum_of(match: re.Match[str]) -> str:
    return match[0] if "%" in match["list"] or "percent" in match["list"] else f"sum of {match['list']}"


_REWORDINGS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # "add up 4, 5 and 6", "4, 5 and 6 in total"
        (r"^(?:add|sum)(?: up| together)?:? (?=[0-9.]+(?: ?\+ ?[0-9.]+)+$)", ""),
        (r"^(?:add|sum|total)(?: up| together)?:? (?!of )(?P<list>[^,]+,.+?)(?: together| up)?$", _sum_of),
        (r"^(?:add|sum|total) (?:up|together):? (?P<list>.+ and .+?)(?: together)?$", _sum_of),
        (r"^(?P<list>[^,]+,.+?) (?:add|sum) up to$", _sum_of),
        (r"^average (?=[^,]+,)(?!of )", "average of "),
        (r"^multiply (?=[^,]+,)", "product of "),
        (r"^often (?=(?:does|will|can|do) )", "times "),
        (r"^(?P<list>.+ and .+?) (?:summed|added)(?: up| together)?$", _sum_of),
        (r"^(?:number )?(?:is )?halfway between (?=[^,]+ and [^,]+$)", "average of "),
        (rf"^rais(?:e|ing) (?=.* to (?:the|a) (?:power|{_ORDINAL}))", ""),
        (rf"(?<=[0-9)]) to the (?P<ordinal>{_ORDINAL})(?! power)(?![\w'])", r" to the \g<ordinal> power"),
        (r"^(square|cube) (?=[0-9(])", r"\1 of "),
        # "take" has been dropped already.
        (r"^(?P<a>[^,a-z]+) (?:away )?from (?P<b>[^,a-z]+)$", r"subtract \g<a> from \g<b>"),
        (r"(?<=[0-9)]) (?:take away|less) (?=[0-9(])", " minus "),
        (r"^remains? (?:after|when|if) (?=dividing )", "remainder when "),
        (r"^remains? (?:after|when|if) (?:i|you|we) divide ", "remainder when dividing "),
        (r"\bremainder (?:when|if) (?:i|you|we) divide ", "remainder when dividing "),
        (
            r"^(?P<division>[^,]+ divided by [^,]+?),? (?:and )?what(?:'s| is) the remainder$",
            r"remainder of \g<division>",
        ),
        (r" (?:in|as) (?:an? )?(?:percent|per cent|percentage)$", " as a percent"),
    )
)
_TOGETHER: Final = re.compile(
    r"(?:how much|what) (?:do|does|is|are) (?P<list>[^,]+,.+?)(?: (?:make|come to|add up to))?,? "
    r"(?:altogether|in total|together|all together|combined)[ ?.]*"
)
_ASKED_AFTER: Final = re.compile(
    r"(?P<equation>[^=]+=[^=,;]+)"
    r"(?:[,;.]? (?:and )?(?:solve(?: it| this)?|what are (?:the|its|both) (?:roots|solutions))"
    r"|[,;] (?:then )?(?P<name>[b-df-hj-km-np-z]))"
)


def reword(text: str) -> str:
    """Write a query in the words that the calculator reads.

    Parameters
    ----------
    text
        A normalised query.

    Returns
    -------
    str
        The query without asides, typing errors and words that only ask.

    Examples
    --------
    >>> reword("my calculator is broken. what do i get if i raise 1.05 to the 10th power?")
    '1.05 to the 10th power'
    >>> reword("x^2 - 5x + 6 = 0, what are the roots?")
    'x^2 - 5x + 6 = 0'

    """
    text = _question(_WORD.sub(_mended, text).replace('"', ""))
    if together := _TOGETHER.fullmatch(text):
        text = f"sum of {together['list']}"
    text = _unwrapped(text)
    for pattern, replacement in _REWORDINGS:
        text = pattern.sub(replacement, text)
    return _equation(text) if _VARIABLE.search(text) else text


def _mended(match: re.Match[str]) -> str:
    near = nearest(match[0], _MENDED, shortest=_SHORTEST)
    return near[0] if len(near) == 1 else match[0]


def _question(text: str) -> str:
    """Drop the sentences around the one that asks."""
    sentences = _SENTENCE.split(text)
    asking = [sentence for sentence in sentences if not _is_aside(sentence)]
    return " ".join(asking or sentences)


def _is_aside(sentence: str) -> bool:
    if re.search(r"[^a-z ,.:;?!']", digits_for_words(sentence).text) or words_that_change(sentence):
        return False
    asked = strip_request(sentence)
    if (asked != sentence and not sentence.startswith("i ")) or sentence.endswith((":", "?")):
        return set(words_of(asked)) <= _ANNOUNCING
    words = words_of(sentence)
    return not _OTHER_TASKS.intersection(words) and not any(_is_operation(word) for word in words)


def _is_operation(word: str) -> bool:
    """Return whether a word means something in a calculation: an operator, a function, an unknown."""
    if word in {"a", "i"}:
        return False
    try:
        return any(token.kind != "word" for token in tokenise(word))
    except ToolError:
        return False


def _unwrapped(text: str) -> str:
    """Drop what only asks, before and behind, as long as there is some."""
    while True:
        shorter = _CLOSING.sub("", strip_tail(strip_request(text)))
        if opening := _OPENING.match(shorter):
            shorter = shorter[opening.end() :]
        if (purpose := _PURPOSE.search(shorter)) and _is_aside(purpose[0]):
            shorter = shorter[: purpose.start()]
        if shorter == text:
            return text
        text = shorter


def _equation(text: str) -> str:
    """Write a question for the roots of something as an equation."""
    text = re.sub(r" (?:equals|is equal to) ", " = ", text)
    if (roots := _ROOTS.match(text)) is not None:
        text = text[roots.end() :]
        if "=" not in text and not roots["kind"].startswith("solution"):
            text = f"{text} = 0"
    if after := _ASKED_AFTER.fullmatch(text):
        return f"{after['equation']}, find {after['name']}" if after["name"] else after["equation"]
    return text
