"""A step of the orchestration: the contract, and how a step becomes a LangGraph node."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any, Protocol

from langchain_core.runnables import RunnableLambda
from langgraph.config import get_stream_writer
from langgraph.runtime import get_runtime

from octograph.agents.events import Event, StepName
from octograph.agents.state import RunContext, State
from octograph.cancellation import CancelToken

__all__ = ["Emit", "Step", "as_node"]

Emit = Callable[[Event], None]


class Step(Protocol):
    """One thing that happens to a query."""

    @property
    def name(self) -> StepName:
        """Name of the LangGraph node."""
        ...

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """Do it: read the state, tell what happens, return what changes."""
        ...


def as_node(step: Step) -> RunnableLambda[State, State]:
    """Wrap a step for LangGraph, sync and async.

    Inside somebody else's graph there is no `RunContext`; the step then runs to its end.
    """

    async def run(state: State) -> State:
        context = get_runtime().context
        cancel = context.cancel if isinstance(context, RunContext) else CancelToken()
        return await step(state, emit=get_stream_writer(), cancel=cancel)

    def run_blocking(state: State) -> State:
        # A thread of its own: the caller's may have an event loop running, which cannot be entered twice.
        outcome: dict[str, Any] = {}
        context = contextvars.copy_context()

        def work() -> None:
            try:
                outcome["value"] = context.run(asyncio.run, run(state))
            except BaseException as error:  # handed to the caller below
                outcome["error"] = error

        thread = threading.Thread(target=work, name=f"octograph-{step.name}")
        thread.start()
        thread.join()
        if "error" in outcome:
            raise outcome["error"]
        value: State = outcome["value"]
        return value

    return RunnableLambda(run_blocking, afunc=run, name=step.name)
