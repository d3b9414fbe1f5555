"""Elections against a naive count, and that nobody is elected too early."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.cot import Way, decided, delta_of, elect, fault_of
from octograph.nodes.decoding import Branch
from octograph.nodes.generation import Finish
from octograph.nodes.worker import AnswerPath

WAYS: tuple[Way, ...] = get_args(Way)


def path(answer: str | None, delta: float = 0.5, *, branch: int = 0, fault: str | None = None) -> AnswerPath:
    return AnswerPath(branch=branch, text=str(answer), answer=answer, delta=delta, fault=fault)


PATHS = st.lists(
    st.builds(
        path,
        st.sampled_from([None, "1", "2", "3"]),
        # Eighths: their sums are exact, so that both ways of adding agree.
        st.integers(0, 8).map(lambda eighths: eighths / 8),
        fault=st.sampled_from([None, None, "empty"]),
    ),
    max_size=10,
)


def naive(paths: list[AnswerPath], way: Way) -> dict[str, float]:
    """Weights by the definition, an answer at a time."""
    weights = {}
    for answer in ("1", "2", "3"):
        deltas = [one.delta or 0.0 for one in paths if one.answer == answer and one.fault is None]
        if deltas:
            weights[answer] = {"aggregate": sum(deltas), "maximum": max(deltas), "vote": len(deltas)}[way]
    return weights


@given(PATHS, st.sampled_from(WAYS))
def test_the_answer_with_the_most_weight_is_taken(paths: list[AnswerPath], way: Way) -> None:
    weights, found = naive(paths, way), elect(paths, way)
    if found is None:
        assert not weights
        return
    assert found.weights == weights
    assert weights[found.answer] == max(weights.values())
    mine = [one for one in paths if one.answer == found.answer and one.fault is None]
    assert found.path in mine
    assert found.path.delta == max(one.delta or 0.0 for one in mine)


@given(PATHS, st.sampled_from(WAYS), st.data())
def test_what_is_decided_stays_decided(paths: list[AnswerPath], way: Way, data: st.DataObject) -> None:
    done = data.draw(st.integers(0, len(paths)))
    if decided(paths[:done], way, left=len(paths) - done):
        early, late = elect(paths[:done], way), elect(paths, way)
        assert (early and early.answer) == (late and late.answer)


def test_it_is_decided_when_nobody_can_overtake() -> None:
    ahead = [path("1", 1.0), path("1", 1.0), path("1", 1.0), path("2", 0.5)]
    assert decided(ahead, "aggregate", left=2)
    assert not decided(ahead, "aggregate", left=3)
    assert decided(ahead, "vote", left=1)
    assert not decided(ahead, "vote", left=2)
    assert not decided(ahead, "maximum", left=1)


def test_one_sure_path_can_outweigh_several_unsure_ones() -> None:
    paths = [path("1", 0.2), path("1", 0.2), path("2", 0.9)]
    assert [elect(paths, way).answer for way in WAYS] == ["2", "2", "1"]  # type: ignore[union-attr]  # there is one


def test_delta_is_the_mean_margin() -> None:
    assert delta_of([0.25, 0.5, 0.75]) == 0.5


@pytest.mark.parametrize(
    ("text", "finish", "fault"),
    [
        ("It is 4.", "stop", None),
        (" \n", "stop", "empty"),
        ("It is", "length", "too long"),
        ("It is", "cancelled", "stopped"),
        ("Is it 4? ", "stop", "a question"),
    ],
)
def test_texts_that_do_not_count(text: str, finish: Finish, fault: str | None) -> None:
    assert fault_of(Branch(branch=0, text=text, tokens=(1,), finish=finish)) == fault
