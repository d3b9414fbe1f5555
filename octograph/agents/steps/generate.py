"""The chosen worker answers."""

from __future__ import annotations

import time
from collections.abc import Mapping

from octograph.agents.events import Generated, StepName, StepStarted, TextWritten
from octograph.agents.state import State, current_step
from octograph.agents.steps.step import Emit
from octograph.agents.turn import Turn, as_messages
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.generation import Message, TextDelta
from octograph.nodes.worker import Outcome, Task, Worker

__all__ = ["GenerateStep"]


class GenerateStep:
    """Has a worker write its answer, and keeps what it wrote, also when it is cancelled."""

    name: StepName = "generate"

    def __init__(self, workers: Mapping[str, Worker]) -> None:
        self._workers = workers

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        name = state["worker"]
        if name is None or cancel.cancelled:
            return {"draft": {"text": "", "finish": "cancelled", "source": None, "problem": None}}
        emit(StepStarted(step="generate", worker=name))
        started = time.perf_counter()
        task = _task(state)
        pieces: list[str] = []
        outcome = Outcome(finish="cancelled", source="model")
        problem = None
        try:
            async for piece in self._workers[name].run(task, cancel=cancel):
                if isinstance(piece, TextDelta):
                    pieces.append(piece.text)
                    emit(TextWritten(worker=name, text=piece.text))
                else:
                    outcome = piece
        except ToolError as error:
            problem = error.message
            outcome = Outcome(finish="stop", source="tool")
        text = "".join(pieces).strip()
        if not text and problem is None and outcome.finish != "cancelled":
            problem = "it wrote nothing"
        emit(
            Generated(
                worker=name,
                finish=outcome.finish,
                source=outcome.source,
                seconds=time.perf_counter() - started,
                generation=outcome.generation,
                problem=problem,
            )
        )
        return {"draft": {"text": text, "finish": outcome.finish, "source": outcome.source, "problem": problem}}


def _task(state: State) -> Task:
    """What the worker is given: its step of the plan, with the steps before it as the conversation went on."""
    step, done = current_step(state), state["done"]
    before = [
        message
        for one in done
        for message in (Message(role="user", content=one["query"]), Message(role="assistant", content=one["text"]))
    ]
    return Task(
        query=state["query"] if step is None else step["query"],
        history=(*as_messages([Turn.from_document(turn) for turn in state.get("turns", [])]), *before),
        result=done[-1]["text"] if done else None,
    )
