"""Small tokenizers that say where each token ends, which those of models do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["LongestMatch", "Merges", "Tokenizer", "ids", "split_by_ends"]


class Tokenizer(Protocol):
    """Cuts a text into pieces."""

    def pieces(self, text: str) -> list[str]:
        """The tokens' texts; together they are the text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestMatch:
    """Takes the longest known piece each time; single characters are all known."""

    known: frozenset[str]

    def pieces(self, text: str) -> list[str]:
        found: list[str] = []
        place = 0
        while place < len(text):
            end = next((end for end in range(len(text), place, -1) if text[place:end] in self.known), place + 1)
            found.append(text[place:end])
            place = end
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    """Byte-pair encoding: the pair of the lowest rank is merged first, of equal ones the leftmost."""

    ranks: Mapping[tuple[str, str], int]

    def pieces(self, text: str) -> list[str]:
        found = list(text)
        while True:
            pairs = [(self.ranks[pair], place) for place in range(len(found) - 1) if (pair := self._pair(found, place))]
            if not pairs:
                return found
            _, place = min(pairs)
            found[place : place + 2] = [found[place] + found[place + 1]]

    def _pair(self, found: Sequence[str], place: int) -> tuple[str, str] | None:
        pair = (found[place], found[place + 1])
        return pair if pair in self.ranks else None


def ids(pieces: Sequence[str]) -> tuple[int, ...]:
    """One number for each piece, by what it spells."""
    return tuple(int.from_bytes(piece.encode(), "big") for piece in pieces)


def split_by_ends(pieces: Sequence[str], length: int) -> tuple[list[str], list[str]]:
    """The pieces that end within the first `length` characters, and the others: what a seam must find."""
    end = 0
    for place, piece in enumerate(pieces):
        end += len(piece)
        if end > length:
            return list(pieces[:place]), list(pieces[place:])
    return list(pieces), []
