"""Workers and models that write what they are given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal

import numpy as np

from octograph.cancellation import CancelToken
from octograph.errors import OctographError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Chat
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta, TokenMeasures
from octograph.nodes.worker import Outcome, Task
from octograph.testing.clock import pause

__all__ = ["FakeGenerator", "ScriptedWorker"]


class ScriptedWorker:
    """A `Worker` that always writes the same pieces of text.

    Parameters
    ----------
    pieces
        What it writes; no pieces are an empty answer.
    delay
        Seconds before each piece.
    errors
        Raised after the first piece, one a run; runs after that are whole.
    source
        What it claims to be.

    Attributes
    ----------
    tasks
        What it was given, in order.

    """

    def __init__(
        self,
        pieces: Sequence[str] = (),
        *,
        delay: float = 0.0,
        errors: Sequence[OctographError] = (),
        source: Literal["model", "tool"] = "model",
    ) -> None:
        self.tasks: list[Task] = []
        self._pieces = tuple(pieces)
        self._delay = delay
        self._errors = list(errors)
        self._source = source

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        self.tasks.append(task)
        error = self._errors.pop(0) if self._errors else None
        async for text in _written(self._pieces, self._delay, cancel):
            yield TextDelta(text=text)
            if error is not None:
                raise error
        if error is not None:
            raise error
        yield Outcome(
            finish="cancelled" if cancel.cancelled else "stop",
            source=self._source,
            answered=self._answered(task) if self._source == "model" else None,
        )

    def _answered(self, task: Task) -> Answered:
        """A token for each piece, each certain."""
        certain = np.zeros(len(self._pieces), np.float32)
        return Answered(
            prompt=(Chat((*task.history, Message(role="user", content=task.query))),),
            text="".join(self._pieces),
            tokens=tuple(range(len(self._pieces))),
            measures=TokenMeasures(logprobs=certain, margins=1 + certain, entropies=certain),
        )


class FakeGenerator:
    """A `Generator` that always writes the same pieces of text.

    Parameters
    ----------
    pieces
        What it writes.
    delay
        Seconds before each piece.

    Attributes
    ----------
    requests
        What it was asked for, in order.

    """

    def __init__(self, pieces: Sequence[str], *, delay: float = 0.0) -> None:
        self.requests: list[GenerationRequest] = []
        self._pieces = tuple(pieces)
        self._delay = delay

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        """See `Generator`; a piece counts as a token."""
        self.requests.append(request)
        written = 0
        async for text in _written(self._pieces[: request.max_tokens], self._delay, cancel):
            written += 1
            yield TextDelta(text=text)
        yield Generation(
            finish="cancelled" if cancel.cancelled else "stop" if written == len(self._pieces) else "length",
            prompt_tokens=sum(len(message.content.split()) for message in request.messages),
            cached_tokens=0,
            completion_tokens=written,
            prefill_seconds=0.0,
            decode_seconds=written * self._delay,
        )


async def _written(pieces: Sequence[str], delay: float, cancel: CancelToken) -> AsyncIterator[str]:
    for text in pieces:
        await pause(delay, cancel)
        if cancel.cancelled:
            return
        yield text
