"""What the steps of a turn note on their way, as plain data in its state, and what the turn keeps of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypedDict

from octograph.agents.citation import Citation
from octograph.agents.decision import Decided, StepName
from octograph.agents.state import State
from octograph.agents.workings import Ranking, Workings

__all__ = ["Kept", "decided", "kept", "noted", "timed"]


class Kept(TypedDict):
    """The parts of a `Turn` that steps have noted."""

    workings: tuple[Workings, ...]
    decisions: tuple[Decided, ...]
    ranking: Ranking | None
    times: Mapping[StepName, float]


def noted(state: State, worker: str, **found: Any) -> list[dict[str, Any]]:
    """The workings so far, with more of those of the worker that is asked now; see `Workings.document`."""
    before, place = state.get("workings", []), len(state.get("done", [])) + 1
    same = bool(before) and (before[-1]["worker"], before[-1]["step"]) == (worker, place)
    one = before[-1] if same else {"worker": worker, "step": place}
    more = {key: value for key, value in found.items() if value is not None}
    return [*(before[:-1] if same else before), {**one, **more}]


def timed(state: State, seconds: Mapping[StepName, float]) -> dict[StepName, float]:
    """The seconds that were spent on each kind of step so far, with some more."""
    times = state.get("times", {})
    return {**times, **{step: times.get(step, 0.0) + more for step, more in seconds.items()}}


def decided(state: State, event: Decided) -> list[dict[str, Any]]:
    """The decisions so far, with one more."""
    return [*state.get("decisions", []), asdict(event)]


def kept(state: State, citations: Sequence[Citation] = (), passages: Sequence[Mapping[str, Any]] = ()) -> Kept:
    """Return what a turn keeps of what was noted.

    Parameters
    ----------
    state
        Where the turn stands; nothing is noted in one that an earlier version has written.
    citations, passages
        Those of the turn, as values and as `Hit.document`, in the same order.

    """
    numbers = {(hit["source"], hit["id"]): number for number, hit in enumerate(passages, start=1)}
    ranking = state.get("ranking")
    return {
        "workings": tuple(Workings.from_document(_cited(one, numbers), citations) for one in state.get("workings", [])),
        "decisions": tuple(Decided(**one) for one in state.get("decisions", [])),
        "ranking": None if ranking is None else Ranking(**ranking),
        "times": state.get("times", {}),
    }


def _cited(workings: Mapping[str, Any], numbers: Mapping[tuple[str, int], int]) -> Mapping[str, Any]:
    """The workings of a worker, in which passages are known by the numbers of their citations."""
    if "hits" not in workings:
        return workings
    hits = [{**hit, "cited": numbers.get((hit["source"], hit["id"]))} for hit in workings["hits"]]
    return {**workings, "hits": hits}
