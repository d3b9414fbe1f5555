"""The curve and its measures, against plain definitions."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.selection import accuracy_coverage, auacc, auroc, bootstrap_intervals, coverage_at
from octograph.errors import UsageError
from tests.agents.selection.naive import naive_auacc, naive_auroc, naive_points

# Few different scores, so that most are ties.
SCORES = st.sampled_from([-math.inf, -2.5, -1.0, 0.0, 0.1, 3.0, math.inf])
ANSWERS = st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=40)
FEW = st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=6)


def columns(answers: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [score for score, _ in answers], [hit for _, hit in answers]


@given(ANSWERS)
def test_auroc_is_that_of_all_pairs(answers: list[tuple[float, bool]]) -> None:
    scores, right = columns(answers)
    found, expected = auroc(scores, right), naive_auroc(scores, right)
    assert found == (None if expected is None else pytest.approx(expected))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=60))
def test_auroc_is_that_of_scikit_learn(answers: list[tuple[float, bool]]) -> None:
    from sklearn.metrics import roc_auc_score

    scores, right = columns(answers)
    found = auroc(scores, right)
    if found is not None:
        assert found == pytest.approx(roc_auc_score(right, scores))


@settings(deadline=None)
@given(FEW)
def test_auacc_is_the_mean_over_all_orders(answers: list[tuple[float, bool]]) -> None:
    scores, right = columns(answers)
    assert auacc(scores, right) == pytest.approx(naive_auacc(scores, right))


@given(ANSWERS, st.floats(0, 1))
def test_the_curve_has_a_point_for_each_threshold(answers: list[tuple[float, bool]], wanted: float) -> None:
    scores, right = columns(answers)
    curve = accuracy_coverage(scores, right)
    points = list(zip(curve.thresholds.tolist(), curve.coverages.tolist(), curve.accuracies.tolist(), strict=True))
    expected = naive_points(scores, right)
    assert points == expected
    reached = max((coverage for _, coverage, accuracy in expected if accuracy >= wanted), default=0.0)
    assert coverage_at(scores, right, wanted) == curve.coverage_at(wanted) == reached


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(answers: list[tuple[float, bool]], chance: random.Random) -> None:
    mixed = answers.copy()
    chance.shuffle(mixed)
    for measure in (auroc, auacc, lambda *of: bootstrap_intervals(*of, seed=1, resamples=5)):
        assert measure(*columns(answers)) == measure(*columns(mixed))


@given(ANSWERS)
def test_only_ranks_count(answers: list[tuple[float, bool]]) -> None:
    scores, right = columns(answers)
    ranks = [float(sorted(set(scores)).index(score)) for score in scores]
    assert (auroc(scores, right), auacc(scores, right)) == (auroc(ranks, right), auacc(ranks, right))


@pytest.mark.parametrize("hit", [True, False])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_all_right_and_all_wrong(hit: bool, count: int) -> None:
    scores, right = list(range(count)), [hit] * count
    assert auroc(scores, right) is None
    assert auacc(scores, right) == float(hit)
    assert coverage_at(scores, right, 0.5) == float(hit)
    intervals = bootstrap_intervals(scores, right, seed=0)
    assert intervals.auroc is None
    assert intervals.auacc == (float(hit), float(hit))


def test_a_score_that_says_nothing() -> None:
    scores, right = [1.0] * 4, [True, False, False, False]
    assert (auroc(scores, right), auacc(scores, right)) == (0.5, 0.25)
    assert accuracy_coverage(scores, right).coverages.tolist() == [1.0]


def test_a_perfect_and_a_perverse_score() -> None:
    right = [True, True, False, False]
    assert auroc([4, 3, 2, 1], right) == 1.0
    assert auacc([4, 3, 2, 1], right) == pytest.approx((1 + 1 + 2 / 3 + 0.5) / 4)
    assert auroc([1, 2, 3, 4], right) == 0.0
    assert auacc([1, 2, 3, 4], right) == pytest.approx((0 + 0 + 1 / 3 + 0.5) / 4)


def test_intervals_are_those_of_resampled_answers() -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(size=120).round(1)  # with ties
    right = rng.random(120) < 1 / (1 + np.exp(-2 * scores))
    drawn = [rng.integers(0, 120, size=120) for _ in range(2000)]
    areas = [naive_auroc(scores[places].tolist(), right[places].tolist()) for places in drawn]
    expected = np.quantile([area for area in areas if area is not None], [0.025, 0.975])
    found = bootstrap_intervals(scores, right, seed=3, resamples=4000)
    assert found.auroc == pytest.approx(expected.tolist(), abs=0.012)
    for interval, point in ((found.auroc, auroc(scores, right)), (found.auacc, auacc(scores, right))):
        assert interval is not None
        assert point is not None
        assert interval[0] < point < interval[1]


def test_a_seed_repeats_the_intervals() -> None:
    scores, right = [0.1, 0.4, 0.3, 0.9, 0.5, 0.2], [False, True, False, True, False, True]
    assert bootstrap_intervals(scores, right, seed=1) == bootstrap_intervals(scores, right, seed=1)
    assert bootstrap_intervals(scores, right, seed=1) != bootstrap_intervals(scores, right, seed=2)


def test_resamples_of_one_kind_are_left_out_of_auroc() -> None:
    # A third of the draws of three answers are of one kind.
    low, high = bootstrap_intervals([1, 2, 3], [False, True, True], seed=0).auroc or (0, 0)
    assert low <= high == 1.0


def test_more_resamples_than_are_held_in_memory_at_once() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(5000)
    right = rng.random(5000) < scores
    found = bootstrap_intervals(scores, right, seed=0, resamples=300)  # 210 at once
    area = auroc(scores, right)
    assert found.auroc is not None
    assert area is not None
    assert area - 0.02 < found.auroc[0] < area < found.auroc[1] < area + 0.02


@pytest.mark.parametrize(
    ("scores", "right", "problem"),
    [
        ([], [], "no answers"),
        ([0.5], [], "1 scores"),
        ([0.5, 0.1], [True], "2 scores"),
        ([0.5, math.nan], [True, False], "answer 1 is not a number"),
        ([[0.5], [0.1]], [True, False], "no answers"),
    ],
)
def test_what_cannot_be_measured_is_an_error(scores: list[float], right: list[bool], problem: str) -> None:
    for measure in (accuracy_coverage, auroc, auacc, lambda *of: bootstrap_intervals(*of, seed=0)):
        with pytest.raises(UsageError, match=problem):
            measure(scores, right)


def test_arguments_that_make_no_sense() -> None:
    with pytest.raises(UsageError, match=r"accuracy is 1\.2"):
        coverage_at([1.0], [True], 1.2)
    with pytest.raises(UsageError, match="resamples is 0"):
        bootstrap_intervals([1.0], [True], seed=0, resamples=0)
