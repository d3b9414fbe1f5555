"""A functional call as it is written: ``<fn_i>(q_h)<fn_end>`` (Octopus v2, v4).

Invariant: nothing is escaped, and what `FunctionalCall.text` writes, `parse_call` reads back, whatever the argument
holds: the last ``)<fn_end>`` of a text closes the call, and in a whole text that is always its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from octograph.errors import GraphError
from octograph.graph.problems import shown
from octograph.graph.vocabulary import END, NONE, parse_token

__all__ = ["FunctionalCall", "parse_call"]

_TOKEN: Final = re.compile(r"<fn_[^<>]*>")
_CALL: Final = re.compile(rf"\s*((?:{_TOKEN.pattern})+)\((.*)", re.DOTALL)
_CLOSING: Final = f"){END}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalCall:
    """A functional token with its argument.

    Parameters
    ----------
    token
        A functional token; several, such as ``<fn_1><fn_4>``, are one for each master on the way, as in a route.
    argument
        The query for whom the token names (``q_h``), verbatim: any text.

    Raises
    ------
    GraphError
        The token is none.

    Examples
    --------
    >>> FunctionalCall(token="<fn_3>", argument="What's 2 * (3 + 4)?").text
    "<fn_3>(What's 2 * (3 + 4)?)<fn_end>"

    """

    token: str
    argument: str

    def __post_init__(self) -> None:
        tokens = _TOKEN.findall(self.token)
        if not tokens or "".join(tokens) != self.token:
            tokens = [self.token]
        for place, token in enumerate(tokens, start=1):
            if token != NONE or place < len(tokens):
                parse_token(token)

    @property
    def text(self) -> str:
        """The call as a model writes it."""
        return f"{self.token}({self.argument}{_CLOSING}"


def parse_call(text: str) -> FunctionalCall:
    """Read a call that a model wrote.

    Parameters
    ----------
    text
        Begins with a functional token and an opening parenthesis. What follows the last ``)<fn_end>`` is left out.
        Without one, the text was cut off and is read as far as it goes: a last ``<fn_end>`` is dropped, and a last
        ``)`` if it is one more than there are ``(``.

    Raises
    ------
    GraphError
        The text does not begin like a call.

    Notes
    -----
    A whole call survives with any argument, ``)<fn_end>`` within it included. Three things cannot, because nothing is
    escaped: of a call without its closing ``)<fn_end>``, an argument that holds ``)<fn_end>`` is read up to there,
    and one that ends in a ``)`` of its own without a ``(``, such as ``:)``, is read without it; and of a call that
    lacks only its closing ``)``, an argument that ends in one is read without it.

    Examples
    --------
    >>> parse_call("<fn_3>(What's (2 + 3) * 4?)<fn_end>").argument
    "What's (2 + 3) * 4?"
    >>> parse_call("<fn_3>(cos(0)").argument
    'cos(0)'

    """
    match = _CALL.fullmatch(text)
    if match is None:
        raise GraphError(
            f"{shown(text)} is not a functional call",
            hint=f"A functional call reads '<fn_3>(the query){END}'.",
        )
    argument, closing, _ = match[2].rpartition(_CLOSING)
    return FunctionalCall(token=match[1], argument=argument if closing else _cut_off(match[2]))


def _cut_off(rest: str) -> str:
    """The argument of a call whose ``)<fn_end>`` is missing."""
    rest = rest.removesuffix(END)
    ended = rest.rstrip()
    if ended.endswith(")") and ended.count(")") > ended.count("("):
        return ended[:-1]
    return rest
