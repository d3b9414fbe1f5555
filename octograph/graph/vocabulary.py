"""Functional tokens: one token for each outgoing ``routes_to`` edge of a master (Octopus v2, v4).

Invariant: a token, once given to a target, never changes hands. Adding or removing a target leaves every other
token as it was, and a new target gets an index that this vocabulary has never used: a row fitted for one target
can never come to stand for another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from octograph.errors import GraphError
from octograph.graph.problems import did_you_mean, shown

__all__ = ["END", "NONE", "FunctionalVocabulary", "parse_token", "token_text"]

NONE: Final = "<fn_none>"
"""The token for a query that no neighbour of the master fits."""

END: Final = "<fn_end>"
"""The token that closes the arguments; it is never a choice of the master."""

_TOKEN = re.compile(r"<fn_(0|[1-9][0-9]*)>")
_HIGHEST_INDEX = 999_999


def parse_token(text: str) -> int:
    """Return the index of a functional token.

    Parameters
    ----------
    text
        A token such as ``<fn_3>``.

    Raises
    ------
    GraphError
        The text is not such a token; neither ``<fn_none>`` nor ``<fn_end>`` has an index.

    Examples
    --------
    >>> parse_token("<fn_3>")
    3

    """
    match = _TOKEN.fullmatch(text)
    # The length is looked at first: int() refuses very long digits with an error of its own.
    if match is None or len(match[1]) > len(str(_HIGHEST_INDEX)):
        raise GraphError(
            f"{shown(text)} is not a functional token",
            hint=f"A functional token reads '<fn_0>', '<fn_1>' and so on, up to '<fn_{_HIGHEST_INDEX}>'.",
        )
    return int(match[1])


def token_text(index: int) -> str:
    """Return the functional token with this index.

    Raises
    ------
    GraphError
        The index is negative or too high.

    Examples
    --------
    >>> token_text(3)
    '<fn_3>'

    """
    if not 0 <= index <= _HIGHEST_INDEX:
        raise GraphError(
            f"there is no functional token with the index {index}",
            hint=f"Indices run from 0 to {_HIGHEST_INDEX}: give the edges lower tokens.",
        )
    return f"<fn_{index}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalVocabulary:
    """The functional tokens of one master: a bijection between tokens and targets, plus ``<fn_none>``.

    Build one with `assign`. It is immutable: `add` and `remove` return a new one.

    Examples
    --------
    >>> words = FunctionalVocabulary.assign([("math", None), ("law", None)])
    >>> words.tokens
    ('<fn_0>', '<fn_1>', '<fn_none>')
    >>> words.remove("law").add("code").token_of("code")
    '<fn_2>'

    """

    _index_of: tuple[tuple[str, int], ...]
    # The lowest index never used; kept when targets go. Two vocabularies that map alike are equal whatever they
    # have forgotten.
    _next_index: int = field(compare=False)

    @classmethod
    def assign(cls, targets: Iterable[tuple[str, str | None]], *, next_index: int = 0) -> FunctionalVocabulary:
        """Give a token to every target that has none.

        Parameters
        ----------
        targets
            Pairs of a target and its token or None. Targets without one get the indices after the highest, in order.
        next_index
            No index below this one is given out, because it may have been used before.

        Raises
        ------
        GraphError
            A target or a token comes twice, or a token is malformed.

        """
        pairs = [(target, None if token is None else parse_token(token)) for target, token in targets]
        following = max([next_index, *(index + 1 for _, index in pairs if index is not None)])
        index_of: dict[str, int] = {}
        target_of: dict[int, str] = {}
        for target, given in pairs:
            if given is None:
                index, following = following, following + 1
            else:
                index = given
            if target in index_of:
                raise GraphError(
                    f"the target {shown(target)} has two functional tokens",
                    hint="Keep one 'routes_to' edge from a master to each target.",
                )
            if index in target_of:
                raise GraphError(
                    f"{token_text(index)} stands for both {shown(target_of[index])} and {shown(target)}",
                    hint="Give each target a token of its own.",
                )
            token_text(index)
            index_of[target], target_of[index] = index, target
        ordered = sorted(index_of.items(), key=lambda pair: pair[1])
        return cls(_index_of=tuple(ordered), _next_index=following)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens a master chooses among: by index, then ``<fn_none>``."""
        return (*(token_text(index) for _, index in self._index_of), NONE)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, in the order of their tokens."""
        return tuple(target for target, _ in self._index_of)

    def token_of(self, target: str | None) -> str:
        """Return the token of a target; None has ``<fn_none>``.

        Raises
        ------
        GraphError
            The target is not in this vocabulary.

        """
        if target is None:
            return NONE
        for known, index in self._index_of:
            if known == target:
                return token_text(index)
        raise GraphError(
            f"no functional token stands for {shown(target)}",
            hint=did_you_mean(target, self.targets, what="Targets"),
        )

    def target_of(self, token: str) -> str | None:
        """Return the target that a token stands for; None for ``<fn_none>``.

        Raises
        ------
        GraphError
            The token is malformed or stands for nothing here.

        """
        if token == NONE:
            return None
        wanted = parse_token(token)
        for target, index in self._index_of:
            if index == wanted:
                return target
        raise GraphError(f"{token} stands for no target of this master", hint=f"Tokens: {', '.join(self.tokens)}.")

    def add(self, target: str) -> FunctionalVocabulary:
        """Return a vocabulary with one more target, under an index never used before.

        Raises
        ------
        GraphError
            The target is there already.

        """
        if target in self.targets:
            raise GraphError(
                f"{shown(target)} has the token {self.token_of(target)} already",
                hint="Remove it first, or choose another name.",
            )
        token_text(self._next_index)
        return replace(
            self,
            _index_of=(*self._index_of, (target, self._next_index)),
            _next_index=self._next_index + 1,
        )

    def remove(self, target: str) -> FunctionalVocabulary:
        """Return a vocabulary without a target; its token is not given out again.

        Raises
        ------
        GraphError
            The target is not in this vocabulary.

        """
        self.token_of(target)
        return replace(self, _index_of=tuple(pair for pair in self._index_of if pair[0] != target))
