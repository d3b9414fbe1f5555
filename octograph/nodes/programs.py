"""A worker that answers by a program: lines of arithmetic whose results a calculator writes.

With several branches it draws as many programs and takes the result that most of them come to (self-consistency,
Wang et al. 2022, https://arxiv.org/abs/2203.11171, with programs in the place of chains of thought).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Branch, BranchDecoder, BranchDelta, Chat, DecodeRequest
from octograph.nodes.generation import Generation, Sampling, TextDelta
from octograph.nodes.tools.program import last_result
from octograph.nodes.worker import Outcome, Task, conversation

__all__ = ["ProgramWorker", "elected"]

SEED = 0
"""The same question has the same answer each time."""


class ProgramWorker:
    """A language model that chooses what to compute.

    Parameters
    ----------
    node
        The worker as the graph describes it; one branch is decoded greedily, several are at its temperature.
    model
        The model.
    adapter
        The GGUF file of the worker's adapter, if it has one.

    """

    def __init__(self, node: graph.Worker, model: BranchDecoder, *, adapter: Path | None = None) -> None:
        self._node = node
        self._model = model
        self._adapter = adapter

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`. The text of several branches comes when the last has ended."""
        node, voting = self._node, self._node.width > 1
        request = DecodeRequest(
            prompt=(Chat(conversation(node, task)),),
            branches=node.width,
            max_tokens=node.max_tokens,
            sampling=Sampling(temperature=node.temperature, seed=SEED) if voting else Sampling(),
            program=True,
            measured=True,
            adapter=self._adapter,
        )
        branches: list[Branch] = []
        async for piece in self._model.decode(request, cancel=cancel):
            if isinstance(piece, Branch):
                branches.append(piece)
            elif isinstance(piece, Generation):
                if piece.finish == "cancelled" or cancel.cancelled:
                    yield Outcome(finish="cancelled", source="model", generation=piece)
                    return
                try:
                    program = elected(branches)
                except ToolError:
                    yield Outcome(finish="stop", source="model", generation=piece)  # they cost what they cost
                    raise
                written = f"{program.text.strip()}\n\n" if voting else "\n\n"
                yield TextDelta(text=f"{written}The answer is {last_result(program.text)}.")
                answered = Answered.of(program, prompt=request.prompt, adapter=self._adapter)
                yield Outcome(finish=program.finish, source="model", generation=piece, answered=answered)
            elif isinstance(piece, BranchDelta) and not voting:
                yield TextDelta(text=piece.text)


def elected(programs: Sequence[Branch]) -> Branch:
    """Return the likeliest of the programs whose result is the commonest, of equally common ones the likeliest.

    Raises
    ------
    ToolError
        None of them comes to a result.

    """
    votes: defaultdict[str, list[Branch]] = defaultdict(list)
    for program in programs:
        result = last_result(program.text)
        if result is not None:
            votes[result].append(program)
    if not votes:
        raise ToolError("it found no calculation that answers this", hint="State all numbers and what is asked for.")
    most = max(votes.values(), key=lambda alike: (len(alike), max(map(_likelihood, alike))))
    return max(most, key=_likelihood)


def _likelihood(program: Branch) -> float:
    """``log p`` of its tokens, in nats."""
    return 0.0 if program.measures is None else float(program.measures.logprobs.sum())
