"""A worker that answers by filling a reasoning structure.

Stage 2 of Self-Discover: ``A = M(D_I || t)``, one call for each query (Zhou et al. 2024,
https://arxiv.org/abs/2402.03620). The structure comes before the query, so queries of one task share its prefix in the
model's cache.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.errors import ToolError, UsageError
from octograph.graph.nodes import StructureForm
from octograph.nodes.decoding import Chat
from octograph.nodes.generation import Generation, GenerationRequest, Generator, Message, TextDelta, Written
from octograph.nodes.structure import FINAL, LONGEST_VALUE, ReasoningStructure
from octograph.nodes.worker import ModelWorker, Outcome, Task, conversation

__all__ = ["StructuredWorker"]

_JSON: Final = (
    "Fill in this plan, a JSON object, for the task below. Keep its keys. In place of each instruction write what it "
    "asks for, worked out for this task, in one short sentence. Do not copy the instructions."
)
_TEXT: Final = (
    "Work through this plan for the task below. For each line write its name, a colon, and what it asks for, worked "
    "out for this task, in one short sentence. Do not copy the instructions."
)
_TEXT_AGAIN: Final = "Fill in the plan for this task, down to the line that starts with"
"""Behind the task, with the key: a small model would answer at once otherwise."""

_CHARACTERS_A_TOKEN: Final = 3
"""A little below what English prose has, so that the last value still fits in the limit of tokens."""

_SHORTEST_VALUE: Final = 40
"""Characters that each value may always have: with less it says nothing."""

_OTHERWISE: Final = "Ask in other words, edit the structure, or have a stronger model fill it."


def no_choices(query: str) -> Sequence[str]:
    """Find no choices: every answer is free."""
    return ()


class StructuredWorker:
    """A language model that fills the structure that its task comes with, and answers plainly if there is none.

    Parameters
    ----------
    node
        The worker as the graph describes it.
    generator
        The model; for the form ``"json"`` one that keeps to schemas.
    adapter
        The GGUF file of the worker's adapter, if it has one.
    form
        How the structure is shown and filled.
    choices
        Reads the options off a query, of which the final answer is then one, in the form ``"json"``.

    """

    def __init__(
        self,
        node: graph.Worker,
        generator: Generator,
        *,
        adapter: Path | None = None,
        form: StructureForm = "json",
        choices: Callable[[str], Sequence[str]] = no_choices,
    ) -> None:
        self._node = node
        self._generator = generator
        self._adapter = adapter
        self._form = form
        self._choices = choices

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`. With a structure the text comes as a whole, when the structure is filled.

        Raises
        ------
        ToolError
            The structure was not filled: the model reached its limit of tokens, or wrote no final answer.

        """
        structure = task.structure
        if structure is None:
            async for piece in ModelWorker(self._node, self._generator, adapter=self._adapter).run(task, cancel=cancel):
                yield piece
            return
        filling = _Filling(self._generator, structure, form=self._form, choices=self._choices(task.query))
        written: list[str] = []
        async for piece in ModelWorker(self._node, filling, adapter=self._adapter).run(task, cancel=cancel):
            if isinstance(piece, TextDelta):
                written.append(piece.text)
                continue
            if piece.finish != "cancelled":
                yield TextDelta(text=self._told(structure, "".join(written), piece))
            if piece.answered is not None:  # it rests on what the model was shown
                prompt = (Chat(filling.shown(conversation(self._node, task))),)
                piece = replace(piece, answered=replace(piece.answered, prompt=prompt))
            yield piece

    def _told(self, structure: ReasoningStructure, text: str, outcome: Outcome) -> str:
        """A filled structure as people read it: its steps, an empty line, the answer."""
        cut = outcome.finish == "length"
        try:
            reasoning = structure.reasoning(text, self._form)
        except UsageError as error:
            raise self._cut_off() if cut else ToolError(error.message, hint=error.hint) from error
        answer = structure.final_answer(text, self._form)
        if answer is None:
            raise self._cut_off() if cut else ToolError("it wrote no final answer", hint=_OTHERWISE)
        answer = " ".join(answer.split()).removesuffix(".")
        if answer == structure.final.removesuffix("."):
            raise ToolError("it copied what to write as the final answer and wrote none", hint=_OTHERWISE)
        return f"{reasoning}\n\nThe answer is {answer}.".lstrip()

    def _cut_off(self) -> ToolError:
        return ToolError(
            f"the limit of {self._node.max_tokens} tokens cut its structure off before the final answer",
            hint="Raise `max_tokens` of the worker, or give the structure fewer steps.",
        )


class _Filling:
    """A `Generator` that is shown a structure before the last message, and writes it filled."""

    def __init__(
        self, generator: Generator, structure: ReasoningStructure, *, form: StructureForm, choices: Sequence[str]
    ) -> None:
        self._generator = generator
        self._structure = structure
        self._form = form
        self._choices = choices

    def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Written | Generation]:
        """See `Generator`."""
        schema = None  # what the worker writes otherwise, such as fields, is not what a structure is filled with
        if self._form == "json":
            schema = self._structure.schema(self._choices, longest=self._longest(request.max_tokens))
        filled = replace(request, messages=self.shown(request.messages), schema=schema)
        return self._generator.generate(filled, cancel=cancel)

    def shown(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages with the structure before what the last one asks."""
        *before, last = messages
        if self._form == "json":
            content = f"{_JSON}\n\n{self._structure.as_json()}\n\nTask: {last.content}"
        else:
            again = f'{_TEXT_AGAIN} "{FINAL}:".'
            content = f"{_TEXT}\n\n{self._structure.as_text()}\n\nTask: {last.content}\n\n{again}"
        return (*before, replace(last, content=content))

    def _longest(self, tokens: int) -> int:
        """Characters of a value with which all of them and their keys fit in so many tokens, as a rule."""
        keys = self._structure.keys
        room = tokens * _CHARACTERS_A_TOKEN - sum(len(key) + len('"": "", ') for key in keys)
        return min(LONGEST_VALUE, max(_SHORTEST_VALUE, room // len(keys)))
