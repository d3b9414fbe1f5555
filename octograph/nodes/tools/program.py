"""Programs of arithmetic: lines such as ``48/2=24``, of which a model writes the left sides and this the results.

The model chooses what to compute and never computes (program-aided: Gao et al. 2023; calculator marks: Cobbe et al.
2021, section 4).
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.arithmetic.evaluator import evaluate
from octograph.nodes.tools.arithmetic.parser import parse
from octograph.nodes.tools.arithmetic.tokens import tokenise
from octograph.nodes.tools.decimals import exact_decimal, round_places

__all__ = ["computed", "last_result", "pending"]

DECIMALS: Final = 6
"""Of a result that does not end before."""

LONGEST: Final = 120
"""Characters of an expression."""

_EXPRESSION = re.compile(r"[0-9.()+\-*/% ]+")


def computed(expression: str) -> str | None:
    """Return what an expression comes to, as a plain decimal; None if it is no arithmetic or has no value.

    Examples
    --------
    >>> computed("48/2"), computed("2*(3.5+1)"), computed("1/3"), computed("5/0")
    ('24', '9', '0.333333', None)

    """
    if len(expression) > LONGEST or not _EXPRESSION.fullmatch(expression):
        return None
    try:
        value = evaluate(parse(tokenise(expression)))
    except ToolError:
        return None
    if not isinstance(value, Fraction):
        return None
    return exact_decimal(value, max_decimals=DECIMALS) or round_places(value, DECIMALS)


def pending(program: str) -> str | None:
    r"""Return the result that is due behind a program whose last line ends in ``=``, None if none is.

    Examples
    --------
    >>> pending("48/2=24\n48+24="), pending("48/2=24\n48+"), pending("x=")
    ('72', None, None)

    """
    line = program.rpartition("\n")[2]
    if not line.endswith("=") or line.count("=") > 1:
        return None
    return computed(line[:-1])


def last_result(program: str) -> str | None:
    r"""Return what a program comes to: what stands behind the ``=`` of its last line, None if nothing does.

    Examples
    --------
    >>> last_result("48/2=24\n48+24=72"), last_result("I do not know")
    ('72', None)

    """
    _, sign, result = program.strip().rpartition("\n")[2].partition("=")
    return result.strip() or None if sign else None
