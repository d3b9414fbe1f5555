"""Posteriors: counts that only grow, means that move the way of the feedback, values that never change."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.learning import Posteriors, cluster_of
from octograph.errors import UsageError
from octograph.nodes.master import NO_WORKER

NAMES = st.sampled_from(["math", "law", "code"])
EVENTS = st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=30)


def learned(events: list[tuple[str, str, bool]]) -> Posteriors:
    posteriors = Posteriors()
    for cluster, worker, success in events:
        posteriors = posteriors.updated(cluster, worker, success=success)
    return posteriors


@given(events=EVENTS, cluster=NAMES, worker=NAMES)
def test_the_mean_is_that_of_the_events_and_of_one_success_and_one_failure_more(
    events: list[tuple[str, str, bool]], cluster: str, worker: str
) -> None:
    posteriors = learned(events)
    own = [success for *key, success in events if key == [cluster, worker]]
    assert posteriors.count(cluster, worker) == len(own)
    assert posteriors.mean(cluster, worker) == float(Fraction(1 + sum(own), 2 + len(own)))


@given(
    events=EVENTS,
    cluster=NAMES,
    worker=NAMES,
    success=st.booleans(),
    weight=st.floats(min_value=0.01, max_value=1e6),
)
def test_one_observation_moves_one_mean_and_the_right_way(
    events: list[tuple[str, str, bool]], cluster: str, worker: str, success: bool, weight: float
) -> None:
    before = learned(events)
    after = before.updated(cluster, worker, success=success, weight=weight)
    assert (after.mean(cluster, worker) > before.mean(cluster, worker)) is success
    assert (after.mean(cluster, worker) < before.mean(cluster, worker)) is not success
    assert after.count(cluster, worker) == pytest.approx(before.count(cluster, worker) + weight)
    for key in before.counts.keys() - {(cluster, worker)}:
        assert after.counts[key] == before.counts[key]
    assert before == learned(events)


@given(events=EVENTS)
def test_no_parameter_is_below_that_of_the_uniform(events: list[tuple[str, str, bool]]) -> None:
    posteriors = learned(events)
    for cluster in ("math", "law", "code"):
        alpha, beta = posteriors.parameters(cluster, ("math", "law", "code"))
        assert (alpha >= 1).all()
        assert (beta >= 1).all()
        np.testing.assert_allclose(
            alpha / (alpha + beta), [posteriors.mean(cluster, worker) for worker in ("math", "law", "code")]
        )


def test_parameters_come_in_the_order_asked_for() -> None:
    posteriors = Posteriors(counts={("math", "code"): (3, 1), ("law", "code"): (9, 9)})
    alpha, beta = posteriors.parameters("math", ("law", "code"))
    assert alpha.tolist() == [1, 4]
    assert beta.tolist() == [1, 2]
    assert [part.shape for part in posteriors.parameters("math", ())] == [(0,), (0,)]


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_what_is_no_count_is_refused(wrong: float) -> None:
    with pytest.raises(UsageError, match="weight"):
        Posteriors().updated("math", "math", success=True, weight=wrong)
    with pytest.raises(UsageError, match="'code' in 'math'"):
        Posteriors(counts={("math", "code"): (0, wrong)})


def test_the_table_cannot_be_written_to() -> None:
    counts = {("math", "math"): (1.0, 0.0)}
    posteriors = Posteriors(counts=counts)
    counts["math", "math"] = (0.0, 9.0)
    assert posteriors.counts["math", "math"] == (1.0, 0.0)
    with pytest.raises(TypeError):
        posteriors.counts["math", "math"] = (0.0, 9.0)  # type: ignore[index]  # what is tried here


def test_a_cluster_is_the_most_probable_target() -> None:
    assert cluster_of({"math": 0.3, "code": 0.6, NO_WORKER: 0.1}) == "code"
    assert cluster_of({"math": 0.3, "code": 0.1, NO_WORKER: 0.6}) == NO_WORKER
    assert cluster_of({"math": 0.5, NO_WORKER: 0.5}) == "math"
