"""The LangGraph graph: ``route -> answer steps -> decide``, and back to the answer steps on escalation.

Between ``route`` and ``decide`` stands a chain of answer steps. Generation is one; retrieval and reasoning
structures go before it, evaluation after it. From ``decide`` the way may lead over ``judge`` and back to it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import RetryPolicy

from octograph.agents.state import RunContext, State
from octograph.agents.steps import Steps, as_node
from octograph.errors import HostCrashedError
from octograph.nodes.master import NO_WORKER

__all__ = ["CompiledGraph", "orchestrate"]

CompiledGraph = CompiledStateGraph[State, RunContext, State, State]


def orchestrate(steps: Steps, *, checkpointer: BaseCheckpointSaver[Any] | None = None) -> CompiledGraph:
    """Build and compile the graph.

    A step whose host dies is tried once more: the host starts anew by itself.

    Parameters
    ----------
    steps
        What its nodes do.
    checkpointer
        Makes every step durable; None inside another graph, whose checkpointer then counts.

    """
    route, answer, decide, judge = steps.route, steps.answer, steps.decide, steps.judge
    builder: StateGraph[State, RunContext, State, State] = StateGraph(State, context_schema=RunContext)
    again = RetryPolicy(max_attempts=2, initial_interval=0.1, jitter=False, retry_on=HostCrashedError)
    for step in (route, *answer, decide, judge):
        builder.add_node(step.name, as_node(step), retry_policy=again)
    first = answer[0].name

    def after_route(state: State) -> str:
        return first if state["worker"] not in (None, NO_WORKER) else decide.name

    def after_decide(state: State) -> str:
        if state.get("comparing"):
            return judge.name
        return first if state["worker"] is not None else END

    builder.add_edge(START, route.name)
    builder.add_conditional_edges(route.name, after_route, [first, decide.name])
    for before, after in pairwise((*answer, decide)):
        builder.add_edge(before.name, after.name)
    builder.add_edge(judge.name, decide.name)
    builder.add_conditional_edges(decide.name, after_decide, [first, judge.name, END])
    return builder.compile(checkpointer=checkpointer)
