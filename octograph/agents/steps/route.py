"""The first step: the master chooses."""

from __future__ import annotations

import time
import uuid

from octograph.agents.events import Routed, StepName, StepStarted
from octograph.agents.noting import timed
from octograph.agents.state import State, unbegun
from octograph.agents.steps.step import Emit
from octograph.cancellation import CancelToken
from octograph.nodes.master import Router
from octograph.nodes.tools import Clock

__all__ = ["RouteStep"]


class RouteStep:
    """Asks the router, unless the user named the worker."""

    name: StepName = "route"

    def __init__(self, router: Router, *, clock: Clock) -> None:
        self._router = router
        self._clock = clock

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        fresh: State = {**unbegun(), "turn": self._turn(state)}
        named = state.get("named")
        if named is not None:
            return {**fresh, "worker": named}
        emit(StepStarted(step="route"))
        started = time.perf_counter()
        route = await self._router.route(state["query"], cancel=cancel)
        if route is None:
            return {**fresh, "worker": None}
        seconds = time.perf_counter() - started
        emit(Routed(route=route, seconds=seconds))
        return {**fresh, "route": route.document(), "worker": route.worker, "times": timed(fresh, {"route": seconds})}

    def _turn(self, state: State) -> dict[str, str]:
        """Return the turn in progress; inside another graph nobody has begun one."""
        turn, turns = state.get("turn"), state.get("turns", [])
        if turn is None or (turns and turns[-1]["id"] == turn["id"]):
            return {"id": uuid.uuid4().hex, "thread": "", "started": self._clock.now().isoformat()}
        return turn
