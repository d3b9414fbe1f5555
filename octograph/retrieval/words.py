"""The word index: BM25 over the words of passages (Robertson and Zaragoza 2009, as bm25s computes it)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError

__all__ = ["WordIndex", "terms"]

K1, B = 1.2, 0.75
"""How soon further occurrences of a word stop counting, and how much a passage's length does."""

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+"
)
"""Scripts that write words without spaces, or with endings that change: pairs of characters stand for their words."""


def terms(text: str) -> Iterator[str]:
    """Give the terms of a text: its words in lower case without their English endings, and without stop words.

    Examples
    --------
    >>> list(terms("The router was restarted at 7"))
    ['router', 'restart', '7']
    >>> list(terms("東京都"))
    ['東京', '京都']

    """
    stem, stop_words = _stemmer(), _stop_words()
    for word in _WORD.findall(text.lower()):
        if _UNSPACED.search(word):
            yield from _pairs(word)
        elif word not in stop_words:
            yield stem(word)


def _pairs(word: str) -> Iterator[str]:
    if len(word) == 1:
        yield word
    for place in range(len(word) - 1):
        yield word[place : place + 2]


@cache
def _stemmer() -> Any:
    from Stemmer import Stemmer

    return cache(Stemmer("english").stemWord)


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)


class WordIndex:
    """Texts that can be searched by their words; made by `build`, or read by `load`.

    Parameters
    ----------
    index
        The bm25s index; None if no text has a word.
    size
        How many texts it holds.

    """

    def __init__(self, index: Any, size: int) -> None:
        self._index = index
        self._size = size

    @classmethod
    def build(cls, texts: Iterable[str]) -> WordIndex:
        """Make an index of texts; their order gives their positions."""
        import bm25s

        numbers: dict[str, int] = {}
        rows = [
            np.fromiter((numbers.setdefault(term, len(numbers)) for term in terms(text)), dtype=np.int32)
            for text in texts
        ]
        if not numbers:
            return cls(None, len(rows))
        index = bm25s.BM25(k1=K1, b=B, csc_backend="scipy")
        index.index((rows, numbers), show_progress=False)
        return cls(index, len(rows))

    @classmethod
    def load(cls, folder: Path | None, size: int) -> WordIndex:
        """Read what `save` wrote, None if it was nothing; the operating system holds what is used of it.

        Raises
        ------
        KnowledgeError
            It cannot be read.

        """
        import bm25s

        if folder is None:
            return cls(None, size)
        try:
            return cls(bm25s.BM25.load(folder, mmap=True, show_progress=False), size)
        except (OSError, ValueError, KeyError) as error:
            raise KnowledgeError(
                f"the word index {str(folder)!r} cannot be read: {error}",
                hint="`octograph index verify --repair` makes it anew from the catalogue.",
            ) from error

    def save(self, folder: Path) -> None:
        """Write arrays and vocabulary as plain files; nothing if there is no word."""
        if self._index is not None:
            self._index.save(folder, show_progress=False)

    def __len__(self) -> int:
        """How many texts it holds."""
        return self._size

    def search(
        self, query: str, k: int, *, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the positions and scores of the `k` best texts, the best first; those without any term never.

        Parameters
        ----------
        query
            What is looked for.
        k
            Most results.
        allowed
            Which positions ``[n]`` count; None for all.

        """
        known = [] if self._index is None else self._index.get_tokens_ids(list(terms(query)))
        if not known:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        scores = self._index.get_scores_from_ids(known)  # [n]
        if allowed is not None:
            scores = np.where(allowed, scores, 0)
        wanted = min(k, self._size)
        best = np.argpartition(-scores, wanted - 1)[:wanted]
        best = best[np.lexsort((best, -scores[best]))]
        best = best[scores[best] > 0]
        return best.astype(np.int64), scores[best].astype(np.float32)
