"""Thresholds, against plain definitions, and their promise over many draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.agents.selection import Threshold, threshold_for_accuracy, threshold_for_coverage
from octograph.errors import UsageError
from tests.agents.selection.naive import naive_bound, naive_tau

DRAWS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Scores uniform over the first `n` numbers divided by `n`, each with a chance of being right."""

    chance: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    values: int = 10_000

    def draw(self, rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        scores = rng.integers(0, self.values, size=n) / self.values
        return scores, rng.random(n) < self.chance(scores)

    def accuracy(self, tau: float) -> float:
        """Of all answers at or above a threshold."""
        scores = np.arange(self.values) / self.values
        return float(self.chance(scores[scores >= tau]).mean())


# Whatever the scores are like, the promise has to hold: rising chances, hardly any scores, nothing but answers that are
# a little too bad, the worst ones at the top, and chances that rise and fall around what is wanted.
WORLDS = {
    "rising": World(chance=lambda s: 0.1 + 0.9 * s),
    "ties": World(chance=lambda s: 0.1 + 0.9 * s, values=7),
    "flat": World(chance=lambda s: np.full(len(s), 0.7999)),
    "worst at the top": World(chance=lambda s: np.where(s > 0.93, 0.75, np.minimum(1, 0.25 + s))),
    "waves": World(chance=lambda s: 0.78 + 0.2 * np.sin(40 * s)),
}


@pytest.mark.parametrize("n", [80, 400])
@pytest.mark.parametrize("name", WORLDS)
def test_the_accuracy_is_what_was_promised_in_95_of_100_draws(name: str, n: int) -> None:
    world, rng, wanted = WORLDS[name], np.random.default_rng(17), 0.8
    broken = 0
    for seed in range(DRAWS):
        found = threshold_for_accuracy(*world.draw(rng, n), wanted, seed=seed)
        broken += found is not None and world.accuracy(found.tau) < wanted
    # Three standard deviations of a share of 0.05 over so many draws.
    assert broken / DRAWS <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / DRAWS)


def test_the_promise_is_not_kept_by_never_giving_one() -> None:
    rng, world = np.random.default_rng(3), WORLDS["rising"]
    for n, share, coverage in ((500, 0.8, 0.25), (2000, 0.98, 0.35)):
        found = [threshold_for_accuracy(*world.draw(rng, n), 0.8, seed=seed) for seed in range(100)]
        kept = [one for one in found if one is not None]
        assert len(kept) / 100 >= share
        # The best that could be known has 0.44: (0.1 + 0.9 s) is 0.8 on average from s = 0.56 on.
        assert np.mean([one.coverage for one in kept]) >= coverage


def test_the_accuracy_of_a_coverage_is_above_its_bound_in_95_of_100_draws() -> None:
    rng, world = np.random.default_rng(11), WORLDS["rising"]
    for coverage in (0.2, 0.7, 1.0):
        broken, bounds = 0, []
        for _ in range(DRAWS):
            found = threshold_for_coverage(*world.draw(rng, 120), coverage)
            broken += world.accuracy(found.tau) < found.bound
            bounds.append(found.bound)
        assert broken / DRAWS <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / DRAWS)
        assert np.mean(bounds) > world.accuracy(1 - coverage) - 0.2


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(12, 150),
    values=st.sampled_from([3, 20, 10_000]),
    wanted=st.sampled_from([0.3, 0.5, 0.62, 0.75]),
    confidence=st.sampled_from([0.8, 0.95]),
)
def test_the_sequence_is_that_of_plain_tests(seed: int, n: int, values: int, wanted: float, confidence: float) -> None:
    rng = np.random.default_rng(seed)
    world = World(chance=lambda s: np.minimum(1, 0.2 + s), values=values)
    scores, right = world.draw(rng, n)
    others, _ = world.draw(rng, 40)
    found = threshold_for_accuracy(scores, right, wanted, confidence=confidence, unlabelled=others)
    expected = naive_tau(scores.tolist(), right.tolist(), wanted, confidence, others.tolist())
    assert (None if found is None else found.tau) == expected
    if found is not None:
        reached = scores >= found.tau
        assert found == Threshold(
            tau=found.tau,
            accuracy=float(right[reached].mean()),
            coverage=float(reached.mean()),
            bound=wanted,
            confidence=confidence,
            n=n,
        )
        assert naive_bound(int(right[reached].sum()), int(reached.sum()), confidence) >= wanted


def test_a_tenth_is_spent_and_a_seed_repeats_it() -> None:
    scores, right = WORLDS["rising"].draw(np.random.default_rng(0), 1000)
    found = threshold_for_accuracy(scores, right, 0.8, seed=4)
    assert found is not None
    assert found.n == 900
    assert found == threshold_for_accuracy(scores, right, 0.8, seed=4)
    assert found.accuracy > found.bound == 0.8
    assert threshold_for_accuracy(scores, right, 0.8, seed=5) != found


def test_all_right_is_answered_whole() -> None:
    found = threshold_for_accuracy([0.5] * 100, [True] * 100, 0.9)
    assert found == Threshold(tau=-math.inf, accuracy=1.0, coverage=1.0, bound=0.9, confidence=0.95, n=90)


def test_what_cannot_be_had_is_none() -> None:
    scores = np.arange(100.0)
    assert threshold_for_accuracy(scores, [False] * 100, 0.5) is None
    # The surest answers are all wrong: from there on downwards nothing is known.
    assert threshold_for_accuracy(scores, scores < 50, 0.5) is None


def test_scores_of_others_that_nobody_here_reaches() -> None:
    assert threshold_for_accuracy(np.zeros(100), [True] * 100, 0.5, unlabelled=[7.0] * 10) is None


def test_infinite_scores_have_their_rank() -> None:
    scores = [math.inf] * 50 + [-math.inf] * 50
    found = threshold_for_accuracy(scores, [True] * 50 + [False] * 50, 0.8, unlabelled=scores)
    assert found is not None
    assert (found.tau, found.accuracy, found.coverage) == (math.inf, 1.0, 0.5)


@given(
    answers=st.lists(
        st.tuples(st.sampled_from([-math.inf, 0.0, 0.5, 1.0, 2.0]), st.booleans()), min_size=1, max_size=30
    ),
    coverage=st.floats(0, 1, exclude_min=True),
)
def test_a_coverage_is_reached_and_no_higher_threshold_would_do(
    answers: list[tuple[float, bool]], coverage: float
) -> None:
    scores, right = [score for score, _ in answers], [hit for _, hit in answers]
    found = threshold_for_coverage(scores, right, coverage)
    hits = [hit for score, hit in answers if score >= found.tau]
    assert found.coverage == len(hits) / len(scores) >= coverage
    assert found.accuracy == sum(hits) / len(hits)
    assert found.bound == pytest.approx(naive_bound(sum(hits), len(hits), 0.95), abs=1e-9)
    lowest = min(score for score in scores if score >= found.tau)
    assert sum(score > lowest for score in scores) / len(scores) < coverage


def test_shares_that_are_no_exact_numbers() -> None:
    # 0.07 * 100 is a little above 7.
    assert threshold_for_coverage(np.arange(100.0), [True] * 100, 0.07).coverage == 0.07


def test_everything_is_answered_if_all_is_wanted() -> None:
    found = threshold_for_coverage([1.0, 2.0, 3.0, 4.0], [False, True, True, True], 1.0)
    assert (found.tau, found.accuracy, found.coverage, found.n) == (-math.inf, 0.75, 1.0, 4)
    assert 0.2 < found.bound < 0.3


def test_too_few_answers_say_how_many_are_needed() -> None:
    with pytest.raises(UsageError, match=r"18 answers, and an accuracy of 0\.9 .* fewer than 29"):
        threshold_for_accuracy(np.arange(20.0), [True] * 20, 0.9)
    with pytest.raises(UsageError, match="0 answers"):
        threshold_for_accuracy([1.0], [True], 0.5)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_shares_out_of_range(share: float) -> None:
    scores, right = np.arange(50.0), [True] * 50
    with pytest.raises(UsageError, match="the accuracy is"):
        threshold_for_accuracy(scores, right, share)
    with pytest.raises(UsageError, match="the confidence is"):
        threshold_for_accuracy(scores, right, 0.5, confidence=share)
    with pytest.raises(UsageError, match="the confidence is"):
        threshold_for_coverage(scores, right, 0.5, confidence=share)
    if share != 1.0:
        with pytest.raises(UsageError, match="the coverage is"):
            threshold_for_coverage(scores, right, share)


def test_answers_that_cannot_be_measured() -> None:
    with pytest.raises(UsageError, match="no answers"):
        threshold_for_accuracy([], [], 0.5)
    with pytest.raises(UsageError, match="no answers"):
        threshold_for_coverage([], [], 0.5)
    with pytest.raises(UsageError, match="answer 0 is not a number"):
        threshold_for_accuracy(np.zeros(50), [True] * 50, 0.5, unlabelled=[math.nan])
