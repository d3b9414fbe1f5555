"""Answers that were withheld are compared, before a person is asked which of them to take."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from octograph.agents.events import Judged, StepName, StepStarted
from octograph.agents.judging import Judgement
from octograph.agents.noting import timed
from octograph.agents.state import State, asked
from octograph.agents.steps.step import Emit
from octograph.agents.workings import Ranking
from octograph.cancellation import CancelToken
from octograph.errors import OctographError

__all__ = ["Comparison", "JudgeStep"]

_MARKS = re.compile(r" (\[\d+\])+$")
"""The numbers of its passages behind an answer: they are no words of its worker's."""


class Comparison(Protocol):
    """Something that tells what answers to a question are worth beside each other; a graph's judge does."""

    async def __call__(
        self, question: str, answers: Sequence[str], *, context: str | None, cancel: CancelToken
    ) -> tuple[Judgement, ...] | None:
        """Return what each answer is worth, in their order; None if cancelled. `context` is what they may rest on."""
        ...


class JudgeStep:
    """Has withheld answers compared, since the scores of two workers mean nothing beside each other.

    A step of its own, so that a turn which waits for days, or is killed, does not judge again and offers the same,
    whether or not there was anything to judge, or a judge, when it began to wait.
    Whatever keeps the judge from it costs the judgement and never the turn, and is told; that it was stopped, too.

    Parameters
    ----------
    compare
        The judge; None if the graph has none.

    """

    name: StepName = "judge"

    def __init__(self, compare: Comparison | None) -> None:
        self._compare = compare

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        withheld = state["comparing"] or []
        answers = [_words(attempt) for attempt in withheld]
        if self._compare is None or len(set(answers)) < 2:
            return {"comparing": None, "judged": {}}
        emit(StepStarted(step="judge"))
        started = time.perf_counter()
        found, problem = None, "it was stopped"
        try:
            found = await self._compare(asked(state), answers, context=_passages(withheld), cancel=cancel)
        except OctographError as error:
            problem = error.message
        by_worker = [] if found is None else zip((attempt["worker"] for attempt in withheld), found, strict=True)
        judgements = dict(sorted(by_worker, key=lambda one: one[1].mean, reverse=True))
        means = {worker: one.mean for worker, one in judgements.items()}
        seconds, why = time.perf_counter() - started, problem if found is None else None
        emit(Judged(judgements=judgements, seconds=seconds, problem=why))
        return {
            "comparing": None,
            "judged": means,
            "ranking": asdict(Ranking(means=means, problem=why)),
            "times": timed(state, {"judge": seconds}),
        }


def _words(attempt: Mapping[str, Any]) -> str:
    """What the worker of an attempt answered, without the numbers of the passages that it rests on."""
    text: str = attempt["text"]
    return _MARKS.sub("", text) if attempt["citations"] else text


def _passages(withheld: Sequence[Mapping[str, Any]]) -> str | None:
    """The passages that any of the answers rests on, each once; None if none does."""
    texts = (f"{hit['title']}\n{hit['text']}" for attempt in withheld for hit in attempt["citations"])
    return "\n\n".join(dict.fromkeys(texts)) or None
