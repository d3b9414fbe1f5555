"""Worker nodes: what takes a query and answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from octograph import graph
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Chat
from octograph.nodes.generation import (
    Finish,
    Generation,
    GenerationRequest,
    Generator,
    Message,
    Sampling,
    TextDelta,
    Written,
)
from octograph.nodes.structure import ReasoningStructure
from octograph.nodes.tools import Tool, with_result

__all__ = [
    "AnswerPath",
    "DecliningWorker",
    "Evidence",
    "ModelWorker",
    "Outcome",
    "Task",
    "ToolWorker",
    "Worker",
    "conversation",
]


FIELDS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
"""What a worker whose output is JSON may write: one object, whose keys the query names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A passage that an answer may rest on.

    Attributes
    ----------
    text, title
        What it says, and what it is from.
    weight
        ``p(z|x)`` in any unit: how well it fits the question.

    """

    text: str
    title: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is given.

    Attributes
    ----------
    query
        The query, as the master passed it on.
    history
        The turns before it, oldest first, and the steps of a plan before this one.
    result
        What the step before it answered, None if this is the first.
    value
        What "it" is in the query: what the step before came to, exactly; None where only its text tells.
    evidence
        Passages to answer from, the best first.
    structure
        What to fill on the way to the answer, for a worker that reasons with one.

    """

    query: str
    history: tuple[Message, ...] = ()
    result: str | None = None
    value: str | None = None
    evidence: tuple[Evidence, ...] = ()
    structure: ReasoningStructure | None = None

    def asking(self, query: str) -> Task:
        """The same task with another query."""
        return replace(self, query=query)

    def resolved(self) -> str:
        """The query with what the step before came to in the place of the word that stands for it."""
        return self.query if self.result is None else with_result(self.query, self.value or self.result)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPath:
    """One of several texts that were weighed against each other.

    Attributes
    ----------
    branch
        Which one, from 0.
    text
        What it says.
    answer
        What it comes to, in the spelling in which equal answers are equal; None if there is no answer in it.
    delta
        How sure the model was of that answer, see CoT-decoding (Wang and Zhou 2024, equation 1); None without one.
    start, end
        The characters of the answer in the text, None where it does not stand there in so many words.
    fault
        Why it does not count, None if it does.

    """

    branch: int
    text: str
    answer: str | None = None
    delta: float | None = None
    start: int | None = None
    end: int | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A worker's answer as a whole; comes after its text.

    Attributes
    ----------
    finish
        Why the text ended.
    source
        ``"model"``, or ``"tool"`` for an exact answer.
    generation
        Counts and times, None for a tool.
    posterior
        ``p(z|x,y)`` of each passage, what it has to do with the answer, where that was computed.
    paths
        The texts that were weighed, if there were several.
    answered
        The answer in tokens with their measures, if the model told them: from these it can be evaluated.
    value
        What a following step works with: exact, with its unit where it has one; None where only the text tells.

    """

    finish: Finish
    source: Literal["model", "tool"]
    generation: Generation | None = None
    posterior: tuple[float, ...] = ()
    paths: tuple[AnswerPath, ...] = ()
    answered: Answered | None = None
    value: str | None = None


class Worker(Protocol):
    """A node that answers."""

    def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """Yield the answer's text piece by piece, then one `Outcome`.

        Raises
        ------
        ToolError
            It cannot answer this query.
        ContextOverflowError
            Query and history do not fit in the model's context.
        HostError
            The model's process failed.

        """
        ...


class ModelWorker:
    """A worker that is a language model under a system prompt.

    Parameters
    ----------
    node
        The worker as the graph describes it.
    generator
        The model.
    adapter
        The GGUF file of the worker's adapter, if it has one.

    """

    def __init__(self, node: graph.Worker, generator: Generator, *, adapter: Path | None = None) -> None:
        self._node = node
        self._generator = generator
        self._adapter = adapter

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        node = self._node
        sampling = Sampling(repetition_penalty=node.repetition_penalty)
        if node.decoding == "sample":
            sampling = replace(sampling, temperature=node.temperature, top_p=node.top_p, min_p=node.min_p)
        request = GenerationRequest(
            messages=conversation(node, task),
            max_tokens=node.max_tokens,
            sampling=sampling,
            schema=FIELDS if node.output == "json" else None,
            measured=True,
            adapter=self._adapter,
        )
        text, answered = "", None
        async for piece in self._generator.generate(request, cancel=cancel):
            if isinstance(piece, Generation):
                yield Outcome(finish=piece.finish, source="model", generation=piece, answered=answered)
            elif isinstance(piece, Written):
                answered = Answered(
                    prompt=(Chat(request.messages),),
                    text=text,
                    tokens=piece.tokens,
                    measures=piece.measures,
                    adapter=self._adapter,
                )
            else:
                text += piece.text
                yield piece


def conversation(node: graph.Worker, task: Task) -> tuple[Message, ...]:
    """What a model is given for a task: the worker's system prompt, what came before, and the query.

    A worker without history finds what "it" is in the query itself: a number in its place, a text behind it.
    """
    system = (Message(role="system", content=node.system),) if node.system else ()
    if node.history:
        return (*system, *task.history, Message(role="user", content=task.query))
    query = task.query
    if node.decoding == "program":
        query = task.resolved()
    elif task.result is not None:
        query = f"{query}\n\n{task.result}"
    return (*system, Message(role="user", content=query))


class DecliningWorker:
    """A worker of a graph that has nothing good enough for its queries: it says so."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        raise ToolError(self._reason, hint="Use a graph with a model that can, or train one: octograph train worker.")
        yield Outcome(finish="stop", source="tool")  # makes it a generator


class ToolWorker:
    """A worker that computes its answer exactly.

    In a plan, "it" is what the step before came to.
    """

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        """See `Worker`."""
        answer = self._tool.answer(task.resolved())
        yield TextDelta(text=answer.text)
        yield Outcome(finish="cancelled" if cancel.cancelled else "stop", source="tool", value=answer.value)
