"""Models and an embedder that say what they are told, and keep what they were asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import (
    Branch,
    BranchDelta,
    Chat,
    DecodeRequest,
    Part,
    Scorer,
    ScoreRequest,
    Scores,
    TokenMeasures,
)
from octograph.nodes.generation import Finish, Generation, Message
from octograph.testing import pause

__all__ = ["FakeDecoder", "FakeScorer", "FixedEmbedder", "Recording", "answer", "chat", "measures", "spelled"]


def measures(logprobs: Sequence[float], margins: Sequence[float] | None = None) -> TokenMeasures:
    """Measures of tokens; no margins are zeros."""
    given = np.zeros(len(logprobs)) if margins is None else np.array(margins)
    return TokenMeasures(
        logprobs=np.array(logprobs, dtype=np.float32),
        margins=given.astype(np.float32),
        entropies=np.zeros(len(logprobs), dtype=np.float32),
    )


def chat(question: str) -> tuple[Part, ...]:
    """A prompt that asks a question."""
    return (Chat((Message(role="system", content="Answer."), Message(role="user", content=question))),)


def answer(
    logprobs: Sequence[float] = (-0.5, -1.5),
    *,
    margins: Sequence[float] | None = None,
    text: str = "Rome",
    prompt: tuple[Part, ...] | None = None,
    adapter: Path | None = None,
) -> Answered:
    """An answer whose tokens have these log-probabilities."""
    return Answered(
        prompt=chat("What is the capital of Italy?") if prompt is None else prompt,
        text=text,
        tokens=tuple(range(100, 100 + len(logprobs))),
        measures=measures(logprobs, margins),
        adapter=adapter,
    )


class FakeDecoder:
    """A `BranchDecoder` that writes the same texts each time, whose tokens have the same log-probabilities."""

    def __init__(self, written: Sequence[tuple[str, Sequence[float]]], *, delay: float = 0.0) -> None:
        self.requests: list[DecodeRequest] = []
        self._written = written
        self._delay = delay

    async def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        """The last texts end first."""
        self.requests.append(request)
        await pause(self._delay, cancel)
        finish: Finish = "cancelled" if cancel.cancelled else "stop"
        for index, (text, logprobs) in reversed(list(enumerate(self._written))):
            yield BranchDelta(branch=index, text=text)
            yield Branch(
                branch=index,
                text=text,
                tokens=tuple(range(len(logprobs))),
                finish=finish,
                measures=measures(logprobs),
            )
        yield Generation(
            finish=finish,
            prompt_tokens=1,
            cached_tokens=0,
            completion_tokens=1,
            prefill_seconds=0.0,
            decode_seconds=0.0,
        )


class FakeScorer:
    """A `Scorer` that gives each token of a choice the same weight each time, 0 to those it was not told of."""

    def __init__(self, weights: Mapping[int, float]) -> None:
        self.requests: list[ScoreRequest] = []
        self._weights = weights

    async def score(self, request: ScoreRequest, *, cancel: CancelToken) -> Scores | None:
        self.requests.append(request)
        if cancel.cancelled:
            return None
        given = np.array([self._weights.get(token, 0.0) for token in request.among])
        return Scores(continuations=(), probabilities=given / given.sum(), mass=1.0, prompt_tokens=10, cached_tokens=9)


class Recording:
    """A `Scorer` that passes everything on to another, and keeps what came back."""

    def __init__(self, scorer: Scorer) -> None:
        self.found: list[Scores | None] = []
        self._scorer = scorer

    async def score(self, request: ScoreRequest, *, cancel: CancelToken) -> Scores | None:
        self.found.append(await self._scorer.score(request, cancel=cancel))
        return self.found[-1]


class FixedEmbedder:
    """An `Embedder` with a vector for each text that it may be asked for."""

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._vectors = vectors

    async def space(self) -> Mapping[str, Any]:
        return {"model": "fixed", "dimension": 2, "metric": "cosine"}

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        self.asked.append(tuple(texts))
        if cancel.cancelled:
            return None
        return np.array([self._vectors[text] for text in texts], dtype=np.float32)


async def spelled(text: str) -> tuple[int, ...]:
    """A tokenizer with a token for each character."""
    return tuple(map(ord, text))
