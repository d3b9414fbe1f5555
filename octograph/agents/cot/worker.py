"""A worker that writes several texts and takes the answer that it was surest of, or came to most often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from octograph import graph
from octograph.agents.cot.options import Options
from octograph.agents.cot.paths import Way, decided, elect
from octograph.agents.cot.reading import PathsModel, Reading
from octograph.agents.cot.spans import Numbers
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Branch, Chat, DecodeRequest, Part, TokenMeasures, Tokens
from octograph.nodes.generation import Generation, Sampling, TextDelta
from octograph.nodes.worker import Outcome, Task, conversation

__all__ = ["PathsWorker"]

SEED = 0
"""The same question has the same answer each time."""

HALF = "\N{REPLACEMENT CHARACTER}"
"""Ends a text whose last character was not written whole."""

BYTES = 4
"""Of the longest character, so the tokens that it takes at most."""


class PathsWorker:
    """A language model whose texts are weighed by their answers.

    With ``decoding = "cot"`` the likeliest first tokens are each continued greedily, and the answer is taken whose
    Delta is largest in sum; with ``"self-consistency"`` all texts are sampled, and the commonest answer is taken.

    Parameters
    ----------
    node
        The worker as the graph describes it.
    model
        The model.
    adapter
        The GGUF file of the worker's adapter, if it has one.
    stopping
        Whether texts are stopped once they cannot change the answer any more.

    """

    def __init__(
        self, node: graph.Worker, model: PathsModel, *, adapter: Path | None = None, stopping: bool = True
    ) -> None:
        self._node = node
        self._model = model
        self._adapter = adapter
        self._stopping = stopping
        self._way: Way = "vote" if node.decoding == "self-consistency" else "aggregate"

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`. The text comes when the last branch has ended."""
        prompt: tuple[Part, ...] = (Chat(conversation(self._node, task)),)
        spans = Numbers() if self._node.answer == "number" else Options.of(task.query)
        reading = Reading(model=self._model, prompt=prompt, spans=spans, adapter=self._adapter, cancel=cancel)
        branches, generation = await self._branches(prompt, reading, cancel)
        if cancel.cancelled:
            yield Outcome(finish="cancelled", source="model", generation=generation)
            return
        started = time.perf_counter()
        read = await asyncio.gather(*map(reading.path, branches))
        paths = tuple(path for path, _ in read)
        heard = sum(tokens for _, tokens in read)
        if generation is not None and heard:
            generation = replace(
                generation,
                completion_tokens=generation.completion_tokens + heard,
                decode_seconds=generation.decode_seconds + time.perf_counter() - started,
            )
        if cancel.cancelled:
            yield Outcome(finish="cancelled", source="model", generation=generation, paths=paths)
            return
        if generation is not None:
            generation = replace(generation, finish="stop")  # whatever became of texts that were not needed
        election = elect(paths, self._way)
        if election is None:
            yield Outcome(finish="stop", source="model", generation=generation, paths=paths)
            faults = sorted({path.fault or "without an answer" for path in paths})
            raise ToolError(
                f"none of its {len(paths)} texts comes to an answer: {', '.join(faults)}",
                hint="Ask for one number, or list the options, or give the worker more 'max_tokens';"
                " where its context is full, fewer 'branches' or a shorter conversation.",
            )
        yield TextDelta(text=election.path.text)
        branch = next(branch for branch in branches if branch.branch == election.path.branch)
        answered = Answered.of(branch, prompt=prompt, adapter=self._adapter)
        yield Outcome(finish="stop", source="model", generation=generation, paths=paths, answered=answered)

    async def _branches(
        self, prompt: tuple[Part, ...], reading: Reading, cancel: CancelToken
    ) -> tuple[list[Branch], Generation | None]:
        """Write all texts, or as many as decide the matter, in the order of their first tokens."""
        node = self._node
        request = DecodeRequest(
            prompt=prompt,
            branches=node.width,
            start="sample" if node.decoding == "self-consistency" else "top",
            max_tokens=node.max_tokens,
            sampling=self._sampling,
            measured=True,
            adapter=self._adapter,
        )
        if not node.branch_at:
            return await self._written(request, reading, cancel)
        stem, before = await self._stem(request, cancel)
        if stem.finish != "length":
            return [stem], before  # it is over before the texts part
        left = node.max_tokens - len(stem.tokens)
        request = replace(request, prompt=(*prompt, Tokens(stem.tokens)), max_tokens=left)
        branches, after = await self._written(request, reading, cancel, stem=stem)
        return branches, after if before is None or after is None else _together(before, after)

    async def _stem(self, request: DecodeRequest, cancel: CancelToken) -> tuple[Branch, Generation | None]:
        """Write what all texts begin with: to `branch_at`, and to the end of the character that stands there.

        Each half of a character would be decoded by itself. It is written anew with a token more, and the cache
        knows what it begins with.
        """
        at = self._node.branch_at
        for size in range(at, min(at + BYTES, self._node.max_tokens)):
            alone = replace(request, branches=1, start="sample", max_tokens=size)
            (stem,), generation = await self._written(alone, None, cancel)
            if stem.finish != "length" or not stem.text.endswith(HALF):
                break
        return stem, generation

    async def _written(
        self, request: DecodeRequest, reading: Reading | None, cancel: CancelToken, *, stem: Branch | None = None
    ) -> tuple[list[Branch], Generation | None]:
        """Have texts written; those that cannot change the answer any more are stopped if a reading is given."""
        watched = reading if self._stopping and reading is not None and reading.local else None
        branches: dict[int, Branch] = {}
        generation, enough = None, CancelToken()
        with cancel.calling(enough.cancel):
            async for piece in self._model.decode(request, cancel=enough):
                if isinstance(piece, Generation):
                    generation = piece
                elif isinstance(piece, Branch):
                    branches[piece.branch] = piece if stem is None else _grown(stem, piece)
                    if watched is not None:
                        ended = [watched.measured(branch) for branch in branches.values()]
                        if decided(ended, self._way, left=request.branches - len(ended)):
                            enough.cancel()
        return [branches[index] for index in sorted(branches)], generation

    @property
    def _sampling(self) -> Sampling:
        node = self._node
        if node.decoding != "self-consistency":
            return Sampling(repetition_penalty=node.repetition_penalty)
        return Sampling(
            temperature=node.temperature,
            top_p=node.top_p,
            min_p=node.min_p,
            repetition_penalty=node.repetition_penalty,
            seed=SEED,
        )


def _grown(stem: Branch, branch: Branch) -> Branch:
    """A branch with the text before it put in front."""
    if stem.measures is None or branch.measures is None:
        raise RuntimeError("the measures were asked for")
    size = len(stem.text)
    return Branch(
        branch=branch.branch,
        text=stem.text + branch.text,
        tokens=stem.tokens + branch.tokens,
        finish=branch.finish,
        measures=TokenMeasures(
            logprobs=np.concatenate([stem.measures.logprobs, branch.measures.logprobs]),
            margins=np.concatenate([stem.measures.margins, branch.measures.margins]),
            entropies=np.concatenate([stem.measures.entropies, branch.measures.entropies]),
        ),
        ends=(*stem.ends, *(size + end for end in branch.ends)),
    )


def _together(before: Generation, after: Generation) -> Generation:
    """The counts of a text that was written in two requests."""
    return replace(
        after,
        prompt_tokens=before.prompt_tokens,
        cached_tokens=before.cached_tokens,
        completion_tokens=before.completion_tokens + after.completion_tokens,
        prefill_seconds=before.prefill_seconds,
        decode_seconds=before.decode_seconds + after.prefill_seconds + after.decode_seconds,
    )
