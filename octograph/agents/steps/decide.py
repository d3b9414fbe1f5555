"""What becomes of an answer: taken, passed on to another node, or withheld."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from langgraph.types import interrupt

from octograph.agents.events import Decided, StepName
from octograph.agents.limits import ABSTAIN, ANSWER, Limits
from octograph.agents.noting import decided, kept
from octograph.agents.state import State, asked, current_step
from octograph.agents.steps.step import Emit
from octograph.agents.turn import Attempt, Citation, DoneStep, Source, Status, Turn
from octograph.cancellation import CancelToken
from octograph.graph import ModelGraph
from octograph.nodes.master import NO_WORKER
from octograph.nodes.tools import Clock

__all__ = ["DecideStep"]

_DONE = ("worker", "query", "text", "source", "score")
_CITED = ("source", "title", "heading", "page", "text", "similarity")

_TRIED = ("worker", "reason", "step", "text", "score")

OFFERED = 3
"""Workers that a person can choose from, the likeliest first."""


class DecideStep:
    """Accepts, goes on with the plan, escalates or abstains.

    An accepted answer goes to the next step of the plan, if there is one. An answer that has a problem is passed on
    along ``escalates_to``, then to the next most probable worker that is likelier than `NO_WORKER`, never twice to
    one; when nobody is left, the answer is an abstention, or the person is asked what to do with the answers that were
    withheld, once those have been compared. From a worker that reads documents, or declines, only the edges lead on.

    Parameters
    ----------
    graph
        Whose edges lead on.
    clock
        Dates the turns.
    limits
        What a turn may cost, and whether the person is asked.

    """

    name: StepName = "decide"

    def __init__(self, graph: ModelGraph, *, clock: Clock, limits: Limits) -> None:
        self._graph = graph
        self._clock = clock
        self._limits = limits

    async def __call__(self, state: State, *, emit: Emit, cancel: CancelToken) -> State:
        """See `Step`."""
        worker, draft = state["worker"], state["draft"]
        if worker == NO_WORKER:
            state = _told(state, emit, Decided(decision="abstain", worker=None, reason="no worker fits the query"))
            return self._close(state, "abstained", _nobody(state), worker=None)
        if draft is None or worker is None or draft["finish"] == "cancelled":
            state = _told(state, emit, Decided(decision="cancel", worker=worker, reason="cancelled"))
            return self._close(state, "cancelled", draft["text"] if draft else "", worker=worker)
        place = len(state["done"]) + 1
        if draft["problem"] is None:
            return self._accepted(state, worker, draft, place, emit)
        tried = [*state["tried"], {"worker": worker, "step": place, "reason": draft["problem"], **_answer(draft)}]
        names = [one["worker"] for one in tried if one["step"] == place]
        spent = self._spent(state)
        following = None if spent else self._following(state, worker, names)
        if following is not None:
            passed = Decided(decision="escalate", worker=worker, reason=draft["problem"], next=following)
            return {**_on(state, emit, passed), "tried": tried}
        judged = state.get("judged", {})  # a turn that has waited since before there were judges is not to be judged
        withheld = _ranked([one for one in tried if one["step"] == place and one["text"]], judged or {})
        why = spent or draft["problem"]
        if withheld and self._limits.unsure == "ask":
            if judged is None:
                return {"comparing": withheld, "waiting": self._clock.now().isoformat()}
            chosen = interrupt(
                {
                    "attempts": [{key: one[key] for key in _TRIED} for one in withheld],
                    "choices": [ANSWER, ABSTAIN, *self._askable(state, names)],
                }
            )
            state, why = self._waited(state), "you chose"
            if chosen == ANSWER:
                best = withheld[0]
                others = [one for one in tried if one is not best]
                return self._accepted({**state, "tried": others}, best["worker"], best, place, emit)
            if chosen != ABSTAIN:
                passed = Decided(decision="escalate", worker=worker, reason=why, next=chosen)
                return {**_on(state, emit, passed), "tried": tried}
        state = _told(state, emit, Decided(decision="abstain", worker=worker, reason=why))
        abstained: State = {**state, "tried": tried}
        return self._close(abstained, "abstained", _failed(tried, spent), worker=None, nearest=draft["citations"])

    def _accepted(self, state: State, worker: str, draft: dict[str, Any], place: int, emit: Emit) -> State:
        """Go on with the next step of the plan, or end the turn."""
        plan = state["route"]["plan"] if state["route"] is not None else []
        done = [*state["done"], {"worker": worker, "query": asked(state), **_answer(draft)}]
        spent = self._spent(state) if place < len(plan) else None
        if spent is not None:
            state = _told(state, emit, Decided(decision="abstain", worker=worker, reason=spent))
            left = f"I stopped behind step {place} of {len(plan)}: {spent}."
            return self._close({**state, "done": done}, "abstained", left, worker=None)
        if place < len(plan):
            following = plan[place]["worker"]
            reason = f"step {place} of {len(plan)} is done"
            advanced = Decided(decision="advance", worker=worker, reason=reason, next=following)
            return {**_on(state, emit, advanced), "done": done}
        state = _told(state, emit, Decided(decision="accept", worker=worker, reason="answered"))
        source: Source = "tool" if all(one["source"] == "tool" for one in done) else "model"
        if len(plan) > 1:
            return self._close({**state, "done": done}, "answered", "", worker=worker, source=source)
        return self._close(
            state,
            "answered",
            draft["text"],
            worker=worker,
            source=source,
            score=draft["score"],
            nearest=draft["citations"],
        )

    def _following(self, state: State, worker: str, tried: Sequence[str]) -> str | None:
        """The next worker to ask, if any."""
        if len(tried) >= self._limits.workers:
            return None
        fallbacks = [name for name in self._graph.fallbacks(worker) if name not in tried]
        step = current_step(state)
        # What the user's documents do not say is not to be made up by somebody who has not read them, and what no
        # worker can do well is not to be done badly by one that it is not for.
        alone = self._graph.neighbours(worker, "reads") or self._graph.worker(worker).declines is not None
        if fallbacks or step is None or alone:
            return next(iter(fallbacks), None)
        distribution: dict[str, float] = step["distribution"]
        floor = distribution.get(NO_WORKER, 0.0)
        likely = [name for name, p in distribution.items() if name not in (*tried, NO_WORKER) and p > floor]
        return max(likely, key=lambda name: distribution[name], default=None)

    def _askable(self, state: State, tried: Sequence[str]) -> list[str]:
        """Who else could be asked, the likeliest first."""
        step = current_step(state)
        distribution: dict[str, float] = {} if step is None else step["distribution"]
        names = [node.name for node in self._graph.workers() if node.declines is None and node.name not in tried]
        return sorted(names, key=lambda name: -distribution.get(name, 0.0))[:OFFERED]

    def _spent(self, state: State) -> str | None:
        """Which bound the turn has reached, if any."""
        return self._limits.spent(tokens=state["spent"], seconds=self._seconds(state))

    def _seconds(self, state: State) -> float:
        """How long the turn took, without the time for which a person thought: the clock stands while one is asked."""
        worked = self._until(state) - datetime.fromisoformat(state["turn"]["started"])
        return worked.total_seconds() - state.get("waited", 0.0)

    def _waited(self, state: State) -> State:
        """Let the clock go on: the person has chosen."""
        waited = state.get("waited", 0.0) + (self._clock.now() - self._until(state)).total_seconds()
        return {**state, "waiting": None, "waited": waited}

    def _until(self, state: State) -> datetime:
        """Now, or when the clock was stopped."""
        waiting = state.get("waiting")
        return self._clock.now() if waiting is None else datetime.fromisoformat(waiting)

    def _close(
        self,
        state: State,
        status: Status,
        text: str,
        *,
        worker: str | None,
        source: Source | None = None,
        score: float | None = None,
        nearest: Sequence[dict[str, Any]] = (),
    ) -> State:
        """End the turn; `nearest` are the passages of what is not among the done steps."""
        turn, done = state["turn"], state["done"]
        steps = tuple(DoneStep(**{key: one[key] for key in _DONE}) for one in done)
        passages = [*(hit for one in done for hit in one["citations"]), *nearest]
        citations = tuple(
            Citation(number=number, **{key: hit[key] for key in _CITED}) for number, hit in enumerate(passages, start=1)
        )
        closed = Turn(
            id=turn["id"],
            thread=turn["thread"],
            query=state["query"],
            status=status,
            text="\n\n".join([*(step.text for step in steps), *([text] if text else [])]),
            worker=worker,
            source=source,
            score=steps[-1].score if steps else score,
            route=state["route"],
            steps=steps,
            tried=tuple(Attempt(**{key: one[key] for key in _TRIED}) for one in state["tried"]),
            citations=citations,
            started=turn["started"],
            seconds=self._seconds(state),
            **kept(state, citations, passages),
        )
        answer = closed.document()
        return {"turns": [answer], "answer": answer, "worker": None, "draft": None}


def _told(state: State, emit: Emit, event: Decided) -> State:
    """Tell what is decided, and keep it."""
    emit(event)
    return {**state, "decisions": decided(state, event)}


def _on(state: State, emit: Emit, event: Decided) -> State:
    """Go on to another worker, as is decided."""
    return {
        "worker": event.next,
        "draft": None,
        "judged": None,
        "waiting": None,
        "waited": state.get("waited", 0.0),
        "decisions": _told(state, emit, event)["decisions"],
    }


def _nobody(state: State) -> str:
    route = state["route"]
    share = f" ({route['probability']:.0%} sure)" if route is not None else ""
    return f"I don't know: none of my workers fits this{share}."


def _failed(tried: Sequence[dict[str, Any]], spent: str | None) -> str:
    reasons = "; ".join(f"{attempt['worker']}: {attempt['reason']}" for attempt in tried)
    return f"I don't know. Tried {reasons}." + (f" Nobody else was asked: {spent}." if spent else "")


def _answer(draft: dict[str, Any]) -> dict[str, Any]:
    return {key: draft[key] for key in ("text", "source", "score", "citations", "value")}


def _ranked(withheld: Sequence[dict[str, Any]], judged: Mapping[str, float]) -> list[dict[str, Any]]:
    """The surest first: as the judge says, and among those of which it says nothing or the same, by their scores."""

    def sureness(attempt: dict[str, Any]) -> tuple[float, float]:
        g = -math.inf if attempt["score"] is None else float(attempt["score"])
        return judged.get(attempt["worker"], -math.inf), g

    return sorted(withheld, key=sureness, reverse=True)
