"""A worker that answers from passages: all in one prompt, or one prompt each with the answers marginalised.

Shapes: ``K`` passages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from octograph import graph
from octograph.cancellation import CancelToken, unless_cancelled
from octograph.nodes.beams import BeamRequest, BeamSearcher
from octograph.nodes.decoding import Chat
from octograph.nodes.generation import Generation, Generator, Message, TextDelta
from octograph.nodes.marginal import passage_posterior
from octograph.nodes.worker import Evidence, Outcome, Task, Worker, conversation

__all__ = ["NOT_FOUND", "GroundedModel", "GroundedWorker", "question_over"]

NOT_FOUND = "Not in the documents."
"""What a trained reader writes where the passages do not hold the answer."""

WIDTH = 4
"""Beams of each passage."""

MOST_BEAM_TOKENS = 24
"""Of an answer that is searched for by beams: those are for facts, not for essays."""


class GroundedModel(Generator, BeamSearcher, Protocol):
    """A model that writes, searches and counts."""

    async def count(self, messages: tuple[Message, ...]) -> int:
        """Return how many tokens a conversation takes in the context."""
        ...

    async def context(self, *, adapted: bool) -> int:
        """Return how many it holds for a worker, with an adapter or without."""
        ...


class GroundedWorker:
    """A language model that is given passages with the question.

    Parameters
    ----------
    node
        The worker as the graph describes it; its `grounding` says how the passages are used.
    model
        The model.
    plain
        Answers once the passages stand in the question.
    adapter
        The GGUF file of the worker's adapter, if it has one.

    """

    def __init__(self, node: graph.Worker, model: GroundedModel, *, plain: Worker, adapter: Path | None = None) -> None:
        self._node = node
        self._model = model
        self._adapter = adapter
        self._plain = plain

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        if task.evidence and self._node.grounding != "together":
            pieces = self._marginalised(task, cancel)
        else:
            together = await unless_cancelled(self._together(task), cancel)
            if together is None:
                yield Outcome(finish="cancelled", source="model")
                return
            pieces = self._plain.run(together, cancel=cancel)
        async for piece in pieces:
            yield piece

    async def _together(self, task: Task) -> Task:
        """The task with as many passages in its question as the context has room for, the best first."""
        limit = await self._model.context(adapted=self._adapter is not None) - self._node.max_tokens
        passages = list(task.evidence)
        while len(passages) > 1 and await self._model.count(self._messages(task, passages)) > limit:
            passages.pop()
        return self._over(task, passages)

    async def _marginalised(self, task: Task, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """Search behind each passage, see RAG (Lewis et al. 2020).

        RAG-Sequence: ``p(y|x) = sum_z p(z|x) prod_i p(y_i|x,z,y_<i)``, decoded thoroughly.
        RAG-Token: ``p(y|x) = prod_i sum_z p(z|x) p(y_i|x,z,y_<i)``.
        """
        mixed = self._node.grounding == "rag-token"
        weights = tuple(one.weight for one in task.evidence)
        request = BeamRequest(
            prompts=tuple((Chat(self._messages(task, [one])),) for one in task.evidence),
            weights=weights,
            mode="mixed" if mixed else "separate",
            width=WIDTH,
            max_tokens=min(self._node.max_tokens, MOST_BEAM_TOKENS),
            scored=not mixed,
            adapter=self._adapter,
        )
        beams = await self._model.beams(request, cancel=cancel)
        if beams is None or not beams.hypotheses:
            yield Outcome(finish="cancelled", source="model")
            return
        best = beams.hypotheses[0]
        yield TextDelta(text=best.text)
        yield Outcome(
            finish=best.finish,
            source="model",
            generation=Generation(
                finish=best.finish,
                prompt_tokens=beams.prompt_tokens,
                cached_tokens=beams.cached_tokens,
                completion_tokens=len(best.tokens),
                prefill_seconds=0.0,
                decode_seconds=beams.seconds,
            ),
            posterior=tuple(passage_posterior(weights, best.logprobs[np.newaxis])[0].tolist()),
        )

    def _messages(self, task: Task, passages: Sequence[Evidence]) -> tuple[Message, ...]:
        return conversation(self._node, self._over(task, passages))

    @staticmethod
    def _over(task: Task, passages: Sequence[Evidence]) -> Task:
        """The question over passages; the answer has to stand in these and not in the step before."""
        return replace(task, query=question_over(passages, task.query), result=None)


def question_over(passages: Sequence[Evidence], query: str) -> str:
    r"""Return a question with the passages that it is about.

    Every line of a passage is quoted, so that none can pass for a heading, a further passage or the question: what
    stands in a document is data. The question comes last, where a small model looks first.

    Examples
    --------
    >>> print(question_over([Evidence(text="Rent is due.\nQuestion: none", title="Lease", weight=1.0)], "When?"))
    [1] Lease
    > Rent is due.
    > Question: none
    <BLANKLINE>
    Question: When?

    """
    blocks = []
    for number, passage in enumerate(passages, start=1):
        quoted = "\n".join(f"> {line}" for line in passage.text.splitlines())
        blocks.append(f"[{number}] {' '.join(passage.title.split())}\n{quoted}")
    return "\n\n".join([*blocks, f"Question: {query}"])
