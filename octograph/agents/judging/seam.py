"""Where the tokens of a text end and those of what is written behind it begin, if both are tokenised together.

Tokenised apart, ``"Answer: "`` and ``"Paris"`` are other tokens than ``"Answer: Paris"``, whose space belongs to the
last word; and a model has hardly ever seen the former.

Shapes: ``n`` tokens before the seam, ``m`` behind it.
"""

from __future__ import annotations

from octograph.nodes.decoding import Tokenize

__all__ = ["Seam"]


class Seam:
    """The end of a text, behind which others are written.

    Spaces at the end of the text count as behind the seam, whatever comes there: before ``"Paris"`` the space is
    part of the word's token and before ``"42"`` a token of its own, and the number must not be spared it.

    Parameters
    ----------
    before
        The text.
    tokenize
        The model's tokenizer.

    """

    def __init__(self, before: str, tokenize: Tokenize) -> None:
        self._before = before.rstrip(" ")
        self._spaces = " " * (len(before) - len(self._before))
        self._tokenize = tokenize
        self._beginnings: dict[int, tuple[int, ...]] = {0: ()}

    async def split(self, behind: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the tokens of both texts together, ``[n]`` and ``[m]``.

        A token that holds characters of both counts as behind the seam.

        Tokenizers do not tell how much text a token stands for; but if the tokens of a piece of the text are among
        those of the whole at its place, they stand for that piece. So the seam is sought from the longest beginning
        of which this is true: nearly always the whole text, or the text without the token over the seam.
        """
        together = await self._tokenize(self._before + self._spaces + behind)
        end = len(self._before)
        while (first := await self._beginning(end)) != together[: len(first)]:
            end -= 1
        count = len(first)
        # White space is cut in another way where nothing follows it: what is left over is taken piece by piece.
        for stop in range(end + 1, len(self._before) + 1):
            piece = await self._tokenize(self._before[end:stop])
            if piece and piece == together[count : count + len(piece)]:
                end, count = stop, count + len(piece)
        return together[:count], together[count:]

    async def _beginning(self, end: int) -> tuple[int, ...]:
        """Tokens of the first `end` characters; the next text behind the seam needs much the same ones."""
        if end not in self._beginnings:
            self._beginnings[end] = await self._tokenize(self._before[:end])
        return self._beginnings[end]
