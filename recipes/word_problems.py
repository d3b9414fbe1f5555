"""Word problems drawn from templates: a text, the lines of arithmetic that answer it, and the answer.

`recipes/problems/README.md` describes the files.
"""

from __future__ import annotations

import ast
import operator
import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from octograph.nodes.tools.decimals import exact_decimal

__all__ = ["Problem", "Template", "read_templates"]

TRIES: Final = 400
"""Draws of values until the conditions of a template hold."""

MOST_DECIMALS: Final = 3

HE: Final = (
    "Adam", "Ahmed", "Ben", "Carlos", "Daniel", "Elias", "Felix", "George", "Hiro", "Ivan", "Jamal", "Kevin",
    "Leo", "Marco", "Noah", "Omar", "Pedro", "Quentin", "Ravi", "Samuel", "Tom", "Umar", "Victor", "Walter",
    "Xavier", "Yusuf", "Zack", "Mike", "Fred", "Keith", "Sam", "Roger", "Luke", "Henry", "Oliver", "Paul",
)  # fmt: skip
SHE: Final = (
    "Anna", "Bella", "Clara", "Diana", "Emma", "Fatima", "Grace", "Hannah", "Ines", "Julia", "Kate", "Laura",
    "Maria", "Nina", "Olivia", "Priya", "Rosa", "Sara", "Tina", "Ursula", "Vera", "Wendy", "Xenia", "Yuki",
    "Zoe", "Sally", "Joan", "Mary", "Lisa", "Amy", "Ruth", "Helen", "Molly", "Nora", "Paige", "Robin",
)  # fmt: skip
SMALL: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
                "twelve")  # fmt: skip

_PLACE = re.compile(r"\{(\w+)\}")
_STEP_RESULT = re.compile(r"#(\d+)")
_DOLLARS = re.compile(r"\$([0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)")
_COUNT = re.compile(r"(?<![\w$.,])([0-9]{1,2})(?= [a-z])")
_CENTS = re.compile(r"(\$[0-9,]+\.[0-9])(?![0-9])")
_MARKS = re.compile(r"(?<=\w)([.,?!;])(?= |$)")
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv, ast.Pow: operator.pow,
}  # fmt: skip
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A word problem with its solution.

    Attributes
    ----------
    text
        The question.
    steps
        Lines such as ``12*4=48``; the last one's result is the answer.
    answer
        As a plain decimal.

    """

    text: str
    steps: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One situation in several wordings, and how its answer is computed."""

    texts: tuple[str, ...]
    steps: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    picks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    decimal: bool = False

    def draw(self, draw: random.Random) -> Problem:
        """Return one of its problems.

        Raises
        ------
        ValueError
            Its conditions hardly ever hold, or it names what is not there.

        """
        for _ in range(TRIES):
            values = {name: _drawn(rule, draw) for name, rule in self.values.items()}
            results = self._results(values)
            if results is not None:
                return self._written(values, results, draw)
        raise ValueError(f"no values fit: {self.texts[0]!r}")

    def _results(self, values: Mapping[str, Fraction]) -> list[Fraction] | None:
        """What the steps come to, None if that is not wanted."""
        known = dict(values)
        results: list[Fraction] = []
        for number, step in enumerate(self.steps, start=1):
            try:
                result = Fraction(_value(step, known))
            except ZeroDivisionError:
                return None
            whole = (result * (10**MOST_DECIMALS if self.decimal else 1)).denominator == 1
            if result <= 0 or not whole:
                return None
            known[f"step{number}"] = result
            results.append(result)
        return results if all(_value(condition, known) for condition in self.where) else None

    def _written(self, values: Mapping[str, Fraction], results: Sequence[Fraction], draw: random.Random) -> Problem:
        words = {name: draw.choice(options) for name, options in self.picks.items()} | _people(draw)
        shown = {name: _plain(value) for name, value in values.items()}
        text = draw.choice(self.texts)
        if self.extras and draw.random() < 0.5:
            text = _with_sentence(text, draw.choice(self.extras), draw)
        texts = words | {name: _grouped(number, draw) for name, number in shown.items()}
        text = _PLACE.sub(lambda place: texts[place[1]], text)
        lines = []
        for step, result in zip(self.steps, results, strict=True):
            line = _STEP_RESULT.sub(lambda place: _plain(results[int(place[1]) - 1]), step)
            line = re.sub(r"[A-Za-z_]\w*", lambda place: shown[place[0]], line).replace(" ", "")
            lines.append(f"{line}={_plain(result)}")
        return Problem(text=_varied(text, draw), steps=tuple(lines), answer=_plain(results[-1]))


def read_templates(path: Path) -> list[Template]:
    """Return the templates of a file."""
    with path.open("rb") as file:
        entries = tomllib.load(file)["problem"]
    return [
        Template(
            texts=tuple(entry["texts"]),
            steps=tuple(entry["steps"]),
            values=entry.get("values", {}),
            picks=entry.get("pick", {}),
            where=tuple(entry.get("where", ())),
            extras=tuple(entry.get("extras", ())),
            decimal=entry.get("decimal", False),
        )
        for entry in entries
    ]


def _drawn(rule: str, draw: random.Random) -> Fraction:
    """A value by its rule: ``"2..90"``, ``"10..200 by 10"`` or ``"20 | 50"``."""
    if "|" in rule:
        return Fraction(draw.choice(rule.split("|")).strip())
    bounds, _, step = rule.partition(" by ")
    low, _, high = bounds.partition("..")
    first, unit = Fraction(low.strip()), Fraction(step.strip() or "1")
    count = (Fraction((high or low).strip()) - first) // unit
    return first + unit * draw.randint(0, int(count))


def _value(text: str, known: Mapping[str, Fraction]) -> Any:
    """Compute an expression over values and earlier steps, exactly."""
    return _node(ast.parse(_STEP_RESULT.sub(r"step\1", text), mode="eval").body, known)


def _node(node: ast.expr, known: Mapping[str, Fraction]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Fraction(str(value))
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=sign, right=right):
            return _OPERATORS[type(sign)](_node(left, known), _node(right, known))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_node(operand, known)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_node(value, known) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_node(value, known) for value in values)
        case ast.Compare(left=left, ops=signs, comparators=rest):
            sides = [_node(side, known) for side in (left, *rest)]
            return all(
                _COMPARISONS[type(sign)](one, other) for sign, one, other in zip(signs, sides, sides[1:], strict=False)
            )
    raise ValueError(f"no arithmetic: {ast.unparse(node)!r}")


def _plain(value: Fraction) -> str:
    text = exact_decimal(value)
    if text is None:
        raise ValueError(f"{value} is no plain decimal")
    return text


def _people(draw: random.Random) -> dict[str, str]:
    """Three names and their pronouns."""
    found: dict[str, str] = {}
    names = draw.sample([*HE, *SHE], 3)
    for number, name in enumerate(names, start=1):
        he, him, his = ("he", "him", "his") if name in HE else ("she", "her", "her")
        found |= {f"name{number}": name, f"he{number}": he, f"him{number}": him, f"his{number}": his}
        found |= {f"He{number}": he.title(), f"Him{number}": him.title(), f"His{number}": his.title()}
    return found


def _with_sentence(text: str, sentence: str, draw: random.Random) -> str:
    """Put a further sentence behind any but the last one."""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z{])", text)
    place = draw.randint(min(1, len(sentences) - 1), max(0, len(sentences) - 1))
    return " ".join([*sentences[:place], sentence, *sentences[place:]])


def _grouped(number: str, draw: random.Random) -> str:
    whole, point, decimals = number.partition(".")
    return f"{int(whole):,}{point}{decimals}" if len(whole) > 3 and draw.random() < 0.5 else number


def _varied(text: str, draw: random.Random) -> str:
    """The text as others might have typed it."""
    text = _CENTS.sub(r"\g<1>0", text)
    if draw.random() < 0.2:
        text = _COUNT.sub(lambda found: SMALL[int(found[1])] if int(found[1]) < len(SMALL) else found[0], text)
        text = re.sub(r"(^|[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), text)
    if draw.random() < 0.15:
        text = _DOLLARS.sub(r"\1 dollars", text)
    if draw.random() < 0.12:
        text = _MARKS.sub(r" \1", _DOLLARS.sub(r"$ \1", text))
    return text
