"""Batches of queries of about the same length, and small variations of their wording."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

__all__ = ["batches", "varied"]

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_JITTER = 4
_MOST = 64


def batches(lengths: Sequence[int], *, tokens: int, draw: random.Random) -> list[list[int]]:
    """Places of the queries in batches of at most `tokens` with the padding, in random order."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place] + draw.uniform(0, _JITTER))
    made: list[list[int]] = [[]]
    longest = 0
    for place in order:
        longest = max(longest, lengths[place])
        if made[-1] and (longest * (len(made[-1]) + 1) > tokens or len(made[-1]) >= _MOST):
            made.append([])
            longest = lengths[place]
        made[-1].append(place)
    draw.shuffle(made)
    return made


def varied(text: str, draw: random.Random) -> str:
    """A query as somebody else might have written it: in lower case, without its last mark, without a sentence."""
    if draw.random() < 0.1:
        text = text.lower()
    if draw.random() < 0.1:
        text = text.rstrip(".?! ") or text
    if draw.random() < 0.15:
        sentences = _SENTENCE_END.split(text)
        if len(sentences) > 2:
            text = " ".join(sentences[1:] if draw.random() < 0.5 else sentences[:-1])
    return text
