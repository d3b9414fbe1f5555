"""The choice between words, which models see as tokens.

Shapes: ``m`` tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from octograph.errors import UsageError
from octograph.nodes.decoding import Tokenize

__all__ = ["first_tokens"]


async def first_tokens(sides: Sequence[Sequence[str]], tokenize: Tokenize) -> tuple[tuple[int, ...], ...]:
    """Return the tokens with which the spellings of each side begin, each once.

    Raises
    ------
    UsageError
        Two sides begin with the same token, so that the choice cannot be told from it.

    """
    found = []
    for side in sides:
        spelled = [await tokenize(spelling) for spelling in side]
        found.append(tuple(dict.fromkeys(tokens[0] for tokens in spelled)))
    everything = [token for tokens in found for token in tokens]
    if len(set(everything)) < len(everything):
        raise UsageError(
            f"to this model some of {[list(side) for side in sides]!r} begin alike",
            hint="Choose words that its tokenizer tells apart from their first token on.",
        )
    return tuple(found)
