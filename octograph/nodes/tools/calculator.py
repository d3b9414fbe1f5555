"""The calculator: exact arithmetic from a query in natural language.

It refuses what it does not understand in full, down to the last word and number.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.equation import solve, variables
from octograph.nodes.tools.arithmetic.evaluator import Value, evaluate
from octograph.nodes.tools.arithmetic.expression import (
    Angle,
    Binary,
    Call,
    Constant,
    Group,
    Negative,
    Node,
    Number,
    render,
)
from octograph.nodes.tools.arithmetic.integers import read_integers
from octograph.nodes.tools.arithmetic.parser import parse
from octograph.nodes.tools.arithmetic.result import Rounding, write, write_fraction
from octograph.nodes.tools.arithmetic.sentences import Sentence, read_sentence
from octograph.nodes.tools.arithmetic.tokens import Token, tokenise
from octograph.nodes.tools.arithmetic.wording import reword
from octograph.nodes.tools.numerals import ORDINALS, digits_for_words
from octograph.nodes.tools.phrasing import normalise, strip_request, strip_tail
from octograph.nodes.tools.tool import ToolAnswer

__all__ = ["Calculator"]

_MAX_PRECISION: Final = 100

_ROUND: Final = (
    r"[\s,]*(?:and )?(?:(?:rounded|correct|accurate|round|precise|exact) (?:it |that |the (?:result|answer) )?)?"
)
_PRECISION: Final = re.compile(
    rf"{_ROUND}(?:to|with|at) (?P<count>[0-9]{{1,4}}) "
    r"(?:(?P<places>decimal places?|decimals?|places?|d\.?p|digits? after the (?:decimal )?point)|"
    r"digits?|significant (?:digits?|figures?)|sig figs?)$"
)
_NEAREST: Final = re.compile(
    rf"{_ROUND}to the nearest "
    r"(?P<kind>integer|whole number|whole|one|tenth|hundredth|thousandth|cent)$"
)
_PLACES_OF: Final = {"tenth": 1, "hundredth": 2, "cent": 2, "thousandth": 3}
_POWERS: Final = {word: number for word, number in ORDINALS.items() if 2 <= number <= 10}
_ORDINAL_POWER: Final = re.compile(
    rf" (?:raised )?to the (?:(?P<digits>[0-9]{{1,3}})(?:st|nd|rd|th)|(?P<word>{'|'.join(_POWERS)})) power"
)
_AS_FRACTION: Final = re.compile(
    r",? (?:as|to|into) (?:an? |1 )?(?:exact |single |simple )?fraction(?: in (?:its )?(?:lowest|simplest) terms)?$"
    r"|,? (?:in|to) (?:its )?(?:lowest|simplest) terms$"
)
_AS_PERCENT: Final = re.compile(r" as a percent$")
_AS_FORM: Final = re.compile(r",? (?:as|in|to) (?:a |an )?(?:decimal|number)(?: form)?$")
_FOR_VARIABLE: Final = re.compile(
    r"(?:for )?(?P<name>[b-df-hj-km-np-z])(?: "
    r"(?:if|when|where|in|given|given that|such that)|[:,])[\s,:]+(?P<rest>.*=.*)"
)
_AND_FIND: Final = re.compile(
    r"(?:(?:if|when|given|let) )?(?P<rest>.*=.*?)(?:[,;]? (?:then )?"
    r"(?:solve for|find|what is|what's)|[,;]? for) (?P<name>[b-df-hj-km-np-z])"
)


class Calculator:
    """Exact arithmetic, percentages, roots, trigonometry and equations in one unknown."""

    name: ClassVar[str] = "calculator"

    def answer(self, query: str) -> ToolAnswer:
        """Compute the one calculation of a query.

        Parameters
        ----------
        query
            What the user asked.

        Returns
        -------
        ToolAnswer
            The result, exact, with a decimal beside it where that is no plain number.

        Raises
        ------
        ToolError
            The query holds no calculation, several, one that can be read in two ways, or one without a value.

        Examples
        --------
        >>> Calculator().answer("calculate 3/7 + 2/5").text
        '3 / 7 + 2 / 5 = 29/35 ≈ 0.828571429'

        """
        query = normalise(query)
        digits = digits_for_words(reword(query))
        text = strip_tail(strip_request(digits.text))
        if statement := read_integers(text):
            return self._answer(statement.text, statement.value)
        text, rounding = _take_rounding(_ORDINAL_POWER.sub(_power_sign, text))
        text, fraction = _AS_FRACTION.subn("", _AS_FORM.sub("", text))
        if "=" in text:
            return self._equation(text, joined=digits.joined)
        if fraction and rounding:
            raise ToolError("a fraction is not rounded", hint="Ask for the one or the other.")
        sentence = _sentence(text, joined=digits.joined)
        if isinstance(_peeled(sentence.node), Number) and not (rounding or fraction or sentence.percent):
            raise ToolError(
                "there is only a number, and nothing to calculate", hint="Ask for something such as 48 * 17."
            )
        if not query.startswith(text) and _may_exclaim(text, sentence.node):
            raise ToolError(
                "the '!' can be a factorial or the end of the sentence", hint="Leave it out, or use brackets."
            )
        value = evaluate(sentence.node)
        expression = render(sentence.node.inner if isinstance(sentence.node, Group) else sentence.node)
        if fraction:
            result = write_fraction(value)
        elif sentence.percent:
            result = write(value * 100, rounding=rounding, unit="%")
        else:
            result = write(value, rounding=rounding, expression=expression)
        return self._answer(result.after(expression) + _note(sentence.node), result.value)

    def _equation(self, text: str, *, joined: bool) -> ToolAnswer:
        """Solve an equation."""
        named = _FOR_VARIABLE.fullmatch(text) or _AND_FIND.fullmatch(text)
        wanted = named["name"] if named else None
        sides = (named["rest"] if named else text).strip(" ,").split("=")
        if len(sides) != 2:
            raise ToolError("an equation has one equals sign", hint="Write one such as 3x + 5 = 20.")
        tokens = tuple(tokenise(side.strip()) for side in sides)
        left, right = (parse(side, joined=joined) for side in tokens)
        names = sorted(variables(left) | variables(right))
        if len(names) != 1 or wanted not in {None, *names}:
            unknowns = f"the unknowns {', '.join(names)}" if names else "no unknown"
            raise ToolError(f"the equation has {unknowns}", hint="Write it with the one to solve for, such as x.")
        if names == ["x"] and any(_is_letter_product(token) for side in tokens for token in side):
            raise ToolError("'x' can be the unknown or a product here", hint='Write "*" for the product.')
        return self._solved(f"{render(left)} = {render(right)}", names[0], solve(left, right))

    def _solved(self, equation: str, name: str, roots: tuple[Value, ...] | None) -> ToolAnswer:
        if roots is None:
            return self._answer(f"{equation} holds for every {name}", f"every {name}")
        if not roots:
            return self._answer(f"{equation} has no solution", "no solution")
        results = [write(root) for root in roots]
        solutions = " or ".join(result.after(name) for result in results)
        return self._answer(f"{equation}: {solutions}", ", ".join(result.value for result in results))

    def _answer(self, text: str, value: str) -> ToolAnswer:
        return ToolAnswer(text=text, value=value, tool=self.name)


def _sentence(text: str, *, joined: bool) -> Sentence:
    """Read a form of words, or else a formula."""
    if sentence := read_sentence(text, joined=joined):
        return sentence
    text, percent = _AS_PERCENT.subn("", text)
    tokens = tokenise(text)
    if not tokens:
        raise ToolError("there is nothing to calculate", hint="Ask for something such as 48 * 17.")
    return Sentence(node=parse(tokens, joined=joined), percent=percent > 0)


def _power_sign(match: re.Match[str]) -> str:
    """Write "to the third power" as a sign."""
    return f"^{match['digits'] or _POWERS[match['word']]}"


def _take_rounding(text: str) -> tuple[str, Rounding | None]:
    """Take the wanted precision off the end."""
    if nearest := _NEAREST.search(text):
        rounding = Rounding(count=_PLACES_OF.get(nearest["kind"], 0), places=True)
        return text[: nearest.start()].removeprefix("round "), rounding
    if (precision := _PRECISION.search(text)) is None:
        return text, None
    count = int(precision["count"])
    if not 1 <= count <= _MAX_PRECISION:
        raise ToolError(f"{count} digits are too many or too few", hint=f"Ask for 1 to {_MAX_PRECISION}.")
    rounding = Rounding(count=count, places=precision["places"] is not None)
    return text[: precision.start()].removeprefix("round "), rounding


def _is_letter_product(token: Token) -> bool:
    return token.kind == "operator" and token.text == "times"


def _may_exclaim(text: str, node: Node) -> bool:
    """Return whether the "!" at the end of a sentence may be no factorial."""
    return text.endswith("!") and text.count("!") == 1 and not (isinstance(node, Call) and node.name == "factorial")


def _peeled(node: Node) -> Node:
    while isinstance(node, Group | Negative):
        node = node.inner if isinstance(node, Group) else node.operand
    return node


def _note(node: Node) -> str:
    """Say what was assumed where schools and countries differ."""
    if _has_plain_angle(node):
        return " (angles in radians)"
    return ""


def _has_plain_angle(node: Node) -> bool:
    match node:
        case Call():
            if node.name in {"sin", "cos", "tan"}:
                inner = _peeled(node.arguments[0])
                return not isinstance(inner, Angle) and not _mentions_pi(inner)
            return node.name in {"asin", "acos", "atan"} or any(_has_plain_angle(part) for part in node.arguments)
        case Group():
            return _has_plain_angle(node.inner)
        case Binary():
            return _has_plain_angle(node.left) or _has_plain_angle(node.right)
        case Negative():
            return _has_plain_angle(node.operand)
        case _:
            return False


def _mentions_pi(node: Node) -> bool:
    match node:
        case Constant():
            return node.name == "pi"
        case Group():
            return _mentions_pi(node.inner)
        case Binary():
            return _mentions_pi(node.left) or _mentions_pi(node.right)
        case _:
            return False
