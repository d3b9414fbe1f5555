"""Reading tokens into an expression: a precedence parser for formulas and for formulas in words.

Where two readings give two results ("the square root of 16 plus 9", "6/2(1 + 2)", "200 + 10%") the query is
refused: an exact answer to another question is worse than none.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.expression import (
    Angle,
    Binary,
    Call,
    Constant,
    Group,
    Negative,
    Node,
    Number,
    Operator,
    Percent,
    Variable,
    render,
)
from octograph.nodes.tools.arithmetic.joining import VULGAR, ambiguous, bare, join, listed
from octograph.nodes.tools.arithmetic.tokens import Token

__all__ = ["parse"]

_MAX_DEPTH: Final = 25

_INFIX: Final[dict[str, tuple[Operator, int]]] = {
    "+": ("+", 10),
    "-": ("-", 10),
    "*": ("*", 20),
    "times": ("*", 20),
    "/": ("/", 20),
    "mod": ("mod", 20),
    "choose": ("choose", 30),
}
_PRODUCT: Final = 20
_IMPLICIT: Final = 25
_UNARY: Final = 30
_POWER: Final = 40
_FRACTIONS: Final = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_NO_VARIABLES: Final = "aeilo"  # read as words, as constants or as digits


def parse(tokens: tuple[Token, ...], *, joined: bool = False) -> Node:
    """Read all of the tokens as one expression.

    Parameters
    ----------
    tokens
        The tokens.
    joined
        Whether number words held an "and", so that a list joined with "and" is ambiguous.

    Returns
    -------
    Node
        The expression.

    Raises
    ------
    ToolError
        The tokens are no expression, more than one, or an ambiguous one.

    """
    return _Parser(tokens, joined=joined).parse()


class _Parser:
    """One reading of one sequence of tokens."""

    def __init__(self, tokens: tuple[Token, ...], *, joined: bool) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self._joined = joined
        self._signed = -1  # where the operand of the last minus sign starts

    def parse(self) -> Node:
        node = self._expression(0)
        if (rest := self._peek()) is not None:
            raise ToolError(
                f"it is not clear how {rest.text!r} belongs to {render(node)!r}",
                hint="Ask for one calculation at a time, with all signs written.",
            )
        return node

    # Moving

    def _peek(self, ahead: int = 0) -> Token | None:
        index = self._position + ahead
        return self._tokens[index] if index < len(self._tokens) else None

    def _is(self, *texts: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind != "number" and token.text in texts

    def _take(self, *texts: str) -> bool:
        if self._is(*texts):
            self._position += 1
            return True
        return False

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise ToolError("the calculation is not complete", hint="Write it with all of its numbers.")
        self._position += 1
        return token

    def _expect(self, *texts: str) -> None:
        if not self._take(*texts):
            raise ToolError(f"{texts[0]!r} is missing in the calculation", hint="Write it out in full.")

    # Expressions

    def _expression(self, power: int) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ToolError("the expression is nested too deeply", hint="Compute the inner part first.")
        node = self._operand()
        while True:
            infix = self._infix()
            if infix is None or infix[1] < power:
                break
            operator, strength, width = infix
            spaced = width == 1 and self._tokens[self._position].spaced
            self._position += width
            # Powers are read from right to left, everything else from left to right.
            right = self._expression(_POWER if operator == "^" else strength + 1)
            if spaced and operator in {"/", "^"} and isinstance(right, Number):
                self._refuse_tight_fraction(operator, right)
            node = join(operator, node, right)
        self._depth -= 1
        return node

    def _refuse_tight_fraction(self, operator: Operator, number: Number) -> None:
        """Refuse "6 divided by 1/2": by the rules that is 3, and it looks like 12."""
        sign, below = self._peek(), self._peek(1)
        tight = sign is not None and sign.text == "/" and not sign.spaced
        if tight and below is not None and below.kind == "number" and not below.spaced:
            ambiguous(f"{operator} {number.text}/{below.text}", "put brackets around the fraction")

    def _infix(self) -> tuple[Operator, int, int] | None:
        """Return the operator here, how strongly it binds, and how many tokens it takes."""
        token = self._peek()
        if token is None:
            return None
        if token.kind == "operator":
            if token.text in _INFIX:
                return *_INFIX[token.text], 1
            if token.text == "^":
                return "^", _POWER, 1
            if token.text == "%":
                return "mod", _PRODUCT, 1
        if token.text == "of" and token.kind == "word":
            return "of", _PRODUCT, 1
        if token.kind in {"name", "function"} or token.text in {"(", "√"}:
            return "implicit", _IMPLICIT, 0
        return None

    def _operand(self) -> Node:
        """Read an operand with what stands before and after it."""
        if self._take("-"):
            self._signed = self._position
            return Negative(operand=self._expression(_UNARY))
        if self._take("+"):
            return self._expression(_UNARY)
        after_sign = self._position == self._signed
        return self._postfix(self._primary(), after_sign=after_sign)

    def _postfix(self, node: Node, *, after_sign: bool = False) -> Node:
        while (token := self._peek()) is not None and token.kind == "operator":
            if token.text == "!":
                if self._is("!", ahead=1):
                    raise ToolError("double factorials are not known here", hint="Use brackets: (3!)!.")
                node = Call(name="factorial", arguments=(node,))
            elif token.text in {"squared", "cubed"}:
                if after_sign:
                    ambiguous(f"-{render(node)} {token.text}", "use brackets around the part that is raised")
                exponent = 2 if token.text == "squared" else 3
                node = Binary(operator="^", left=node, right=Number(value=Fraction(exponent), text=str(exponent)))
            elif token.text == "percent" or (token.text == "%" and self._is_percent(token)):
                node = Percent(operand=node)
            elif token.text == "degrees":
                node = Angle(operand=node, unit="degrees")
            elif token.text == "radians":
                node = Angle(operand=node, unit="radians")
            else:
                break
            self._position += 1
        if self._is("factorial") and not self._is("(", "of", ahead=1):
            self._position += 1
            node = Call(name="factorial", arguments=(node,))
        return node

    def _is_percent(self, sign: Token) -> bool:
        """Tell the percent sign from the sign of a remainder."""
        after = self._peek(1)
        operand_follows = after is not None and (
            after.kind in {"number", "name", "function"} or after.text in {"(", "√"}
        )
        if not operand_follows:
            return True
        if not sign.spaced and after is not None and after.spaced:
            ambiguous("%", 'write "15% of 240" for a percentage and "17 mod 5" for a remainder')
        return False

    # Operands

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name":
            if token.text in {"pi", "e"}:
                return Constant(name="pi" if token.text == "pi" else "e")
            if token.text in _NO_VARIABLES:
                raise ToolError(f"{token.text!r} is no number", hint="Write the calculation in numbers.")
            return Variable(name=token.text)
        if token.text == "(":
            inner = self._expression(0)
            self._expect(")")
            return Group(inner=inner)
        if token.text == "√":
            return Call(name="sqrt", arguments=(bare(self._primary()),))
        if token.kind == "function":
            return self._function(token.text)
        if token.kind == "phrase":
            return self._phrase(token.text)
        if token.kind == "list":
            return self._list(token.text)
        if token.kind == "word":
            return self._word(token)
        raise ToolError(f"a number is missing before {token.text!r}", hint="Write the calculation in full.")

    def _number(self, token: Token) -> Node:
        following = self._peek()
        if following is not None and following.text in VULGAR and following.kind == "number":
            if token.value.denominator != 1:
                ambiguous(f"{token.text} {following.text}", "write one number")
            self._position += 1
            return Number(value=token.value + following.value, text=f"{token.text}{following.text}")
        if following is not None and following.kind == "word" and token.value.denominator == 1:
            singular = following.text.removesuffix("s")
            if (parts := _FRACTIONS.get(singular) or _FRACTIONS.get(following.text)) is not None:
                self._position += 1
                value = token.value / parts
                return Group(inner=Number(value=value, text=f"{value.numerator}/{value.denominator}"))
        return Number(value=token.value, text=token.text)

    def _word(self, token: Token) -> Node:
        """Read what starts with a plain word: an article, a fraction, an ordinal."""
        following = self._peek()
        if token.text in {"the", "a", "an"} and following is not None:
            known = following.kind in {"phrase", "list", "function", "number"}
            if known or following.text in _FRACTIONS or following.text == "th":
                return self._primary()
        if (parts := _FRACTIONS.get(token.text)) is not None and self._is("of"):
            return Group(inner=Number(value=Fraction(1, parts), text=f"1/{parts}"))
        degree = token.value if token.text == "th" else Fraction(_FRACTIONS.get(token.text, 0))
        if degree > 1 and self._take("root"):
            self._expect("of")
            return Call(name="root", arguments=(self._argument(), Number(value=degree, text=str(degree))))
        raise ToolError(f"{token.text!r} is no part of this calculation", hint="Write it with numbers and signs.")

    def _function(self, name: str) -> Node:
        if self._is("^"):
            raise ToolError(f"a power of {name!r} itself is not known here", hint=f"Write ({name}(x))^2.")
        self._take("of")
        if not self._is("("):
            return Call(name=name, arguments=(self._argument(),))
        self._position += 1
        arguments = [self._expression(0)]
        while self._take(","):
            arguments.append(self._expression(0))
        self._expect(")")
        if len(arguments) > (2 if name == "log" else 1):
            raise ToolError(f"{name!r} does not take {len(arguments)} numbers", hint="Give it one.")
        if len(arguments) > 1:
            self._refuse_commas()
        return Call(name=name, arguments=tuple(arguments))

    def _phrase(self, name: str) -> Node:
        if name == "remainder":
            return self._remainder()
        if name == "logbase":
            base = self._primary()
            self._expect("of")
            return Call(name="log", arguments=(self._argument(), base))
        if name in {"twice", "triple"}:
            factor = 2 if name == "twice" else 3
            return Binary(operator="*", left=Number(value=Fraction(factor), text=str(factor)), right=self._argument())
        self._expect("of")
        argument = self._argument()
        if name in {"square", "cube"}:
            exponent = 2 if name == "square" else 3
            base = argument if isinstance(argument, Number | Constant | Variable) else Group(inner=argument)
            return Binary(operator="^", left=base, right=Number(value=Fraction(exponent), text=str(exponent)))
        return Call(name=name, arguments=(argument,))

    def _argument(self) -> Node:
        """Read what a function without brackets applies to: one operand and nothing after it."""
        if self._is("the"):
            self._position += 1
        bracketed = self._is("(")
        negative = self._take("-")
        node = self._postfix(self._primary())
        if self._is("^") and not bracketed:
            self._position += 1
            node = Binary(operator="^", left=node, right=self._expression(_POWER))
            if not isinstance(node.left, Number | Constant) or negative:
                ambiguous(render(node), "use brackets")
        if not bracketed and self._infix() is not None:
            ambiguous(
                f"{render(node)} {self._next().text} ...",
                "use brackets, such as sqrt(16) + 9 or sqrt(16 + 9)",
            )
        return Negative(operand=bare(node)) if negative else bare(node)

    def _remainder(self) -> Node:
        self._take("of", "when", "from", "if")
        if self._take("dividing"):
            left = self._expression(_UNARY)
            self._expect("by")
        else:
            left = self._expression(_UNARY)
            self._take("is")
            self._expect("/", "by")
        right = self._expression(_UNARY)
        if self._infix() is not None:
            ambiguous(f"{render(left)} mod {render(right)} ...", "use brackets")
        return (
            Group(inner=Binary(operator="mod", left=left, right=right))
            if self._peek()
            else Binary(operator="mod", left=left, right=right)
        )

    def _list(self, name: str) -> Node:
        """Read "sum of 4, 5 and 6"."""
        if not self._take("of", "between", "from") and not self._is("("):
            raise ToolError(f"it is not clear what to take the {name} of", hint=f'Write "{name} of 4, 5 and 6".')
        while self._take("the", "following", "numbers", "all"):
            pass
        bracketed = self._take("(")
        starts, items = [self._position], [self._item(bracketed)]
        while self._take(",", "and"):
            self._take("and")
            starts.append(self._position)
            items.append(self._item(bracketed))
        if bracketed:
            self._expect(")")
        elif self._infix() is not None or (self._loose(starts[-1]) and not self._loose(starts[0])):
            ambiguous(f"{name} of ... and {render(items[-1])} ...", "use brackets")
        if len(items) < 2:
            raise ToolError(f"the {name} needs two numbers or more", hint=f'Write "{name} of 4, 5 and 6".')
        self._refuse_commas()
        if self._joined:
            ambiguous("and", "write the numbers in digits")
        return listed(name, tuple(items))

    def _item(self, bracketed: bool) -> Node:
        if bracketed:
            return self._expression(0)
        node = self._expression(_UNARY)
        if self._is("/") and isinstance(node, Number):
            self._position += 1
            below = self._primary()
            node = Binary(operator="/", left=node, right=below)
        return node

    def _loose(self, start: int) -> bool:
        """Whether what starts there may belong to the whole list: "the sum of 3 and 4 divided by 2"."""
        item = itertools.takewhile(
            lambda token: token.text not in {",", "and"}, self._tokens[start + 1 : self._position]
        )
        return any(token.spaced and (token.kind == "operator" or token.text == "factorial") for token in item)

    def _refuse_commas(self) -> None:
        """Refuse "100,200 and 300": the comma may separate thousands or numbers."""
        commas = [token.comma for token in self._tokens if token.kind == "number"]
        if any(commas) and not all(commas):
            ambiguous(",", "write the numbers of a list without commas inside, with a space after each")
