"""How much of a model's context a conversation takes, and which of its turns the model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from octograph.agents.turn import Turn, as_messages
from octograph.graph import ModelGraph
from octograph.graph import Worker as WorkerNode
from octograph.nodes.generation import Message
from octograph.nodes.worker import Task, conversation

__all__ = ["ContextUse", "CountingModel", "answered", "context_use", "first_shown", "worker_shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUse:
    """How full a worker's context is when the next question is asked.

    Attributes
    ----------
    worker
        Who would be asked.
    tokens
        With which that begins, by the model's own tokenizer and chat template: the system prompt, the earlier turns
        that the worker is shown, and what stands around a question. Passages and reasoning structures, which come with
        a question, are not among them.
    limit
        How many the context holds.
    room
        For the answer, in tokens: at most as long as the worker's answers may be; 0 if the question does not fit.
    shown
        Earlier turns that the worker is shown.
    hidden
        Earlier turns that it would be shown if the conversation were not compacted.

    """

    worker: str
    tokens: int
    limit: int
    room: int
    shown: int
    hidden: int


class CountingModel(Protocol):
    """A model that counts."""

    async def count(self, messages: tuple[Message, ...]) -> int:
        """Return how many tokens a conversation takes in the context."""
        ...

    async def context(self, *, adapted: bool) -> int:
        """Return how many it holds for a worker, with an adapter or without."""
        ...


def worker_shown(graph: ModelGraph, turns: Sequence[Turn]) -> WorkerNode | None:
    """Return the worker that answered last of those that are shown earlier turns, or else the graph's first of them."""
    nodes = {node.name: node for node in graph.workers() if node.model is not None and node.history}
    last = (turn.worker for turn in reversed(turns) if turn.status == "answered" and turn.worker in nodes)
    name = next(last, next(iter(nodes), None))
    return None if name is None else nodes[name]


async def context_use(
    node: WorkerNode, model: CountingModel, turns: Sequence[Turn], *, hidden: int, query: str = ""
) -> ContextUse:
    """Count what a worker would be given.

    Parameters
    ----------
    node, model
        The worker, and the model that it runs on.
    turns
        The conversation.
    hidden
        How many of its turns, from the first on, are not shown.
    query
        The question, if there is one already.

    """
    history = as_messages(turns[hidden:])
    tokens = await model.count(conversation(node, Task(query=query, history=history)))
    limit = await model.context(adapted=node.adapter is not None)
    return ContextUse(
        worker=node.name,
        tokens=tokens,
        limit=limit,
        room=max(0, min(node.max_tokens, (limit - tokens) // node.width)),
        shown=answered(turns[hidden:]) if node.history else 0,
        hidden=answered(turns[:hidden]) if node.history else 0,
    )


def answered(turns: Sequence[Turn]) -> int:
    """Return how many of the turns were answered: models are shown no others."""
    return sum(turn.status == "answered" for turn in turns)


def first_shown(turns: Sequence[Turn], keep: int | None) -> int:
    """Return the place of the first turn that is shown if only the last `keep` answered ones are; None keeps all."""
    places = [place for place, turn in enumerate(turns) if turn.status == "answered"]
    if keep is None or keep >= len(places):
        return 0
    return places[-keep] if keep else len(turns)
