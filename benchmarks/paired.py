"""Two ways of answering the same questions, compared question by question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from scipy.stats import binomtest

from octograph.agents.evaluation.answers import proportion_interval

__all__ = ["paired", "share", "verdict"]

SURE = 0.05


def share(hits: str) -> str:
    """The share of right answers with its 95 % interval (Wilson); of each there is a ``"1"`` or a ``"0"``."""
    right, total = hits.count("1"), len(hits)
    low, high = proportion_interval(right, total) or (0.0, 1.0)
    return f"{right / max(1, total):.3f} [{low:.3f}, {high:.3f}] of {total}"


def paired(one: Sequence[str], other: Sequence[str]) -> dict[str, Any]:
    """How many questions one way gains and loses beside another, and the p of a two-sided sign test.

    Of each way there is a ``"1"`` for each question that it answers rightly, else a ``"0"``.
    """
    beside = Counter(zip(one, other, strict=True))
    gained, lost = beside["1", "0"], beside["0", "1"]
    p = float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return {"gained": gained, "lost": lost, "p": p}


def verdict(one: str, other: str, pair: dict[str, Any]) -> str:
    """What `paired` comes to, as a sentence."""
    said = "cannot be told from"
    if pair["p"] < SURE:
        said = "is better than" if pair["gained"] > pair["lost"] else "is worse than"
    sure = "p < 0.001" if pair["p"] < 0.001 else f"p = {pair['p']:.3f}"
    questions = "question" if pair["gained"] == 1 else "questions"
    return f"*{one}* {said} *{other}*: {pair['gained']} {questions} gained, {pair['lost']} lost (sign test, {sure})."
