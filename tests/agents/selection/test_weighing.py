"""How much the self-evaluation counts: never more than it is shown to be worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from octograph.agents.selection import auroc
from octograph.agents.selection.weighing import Weighing, weigh
from octograph.errors import UsageError


def drawn(seed: int, *, tells: float, n: int = 120) -> tuple[list[float], list[float], list[bool]]:
    """Answers whose likelihood tells a little, and whose self-evaluation tells this much."""
    rng = np.random.default_rng(seed)
    right = rng.random(n) < 0.5
    likely, correct = rng.normal(size=n) + 0.5 * right, rng.normal(size=n) + tells * right
    return likely.tolist(), correct.tolist(), right.tolist()


def found(seed: int, *, tells: float) -> Weighing:
    weighing = weigh(*drawn(seed, tells=tells), seed=seed)
    assert weighing is not None
    return weighing


def test_noise_counts_nothing_and_promises_nothing() -> None:
    weighings = [found(seed, tells=0) for seed in range(10)]
    assert [one.alpha for one in weighings] == [0.0] * 10
    # The best of 21 weights on these very answers would look like a gain each time.
    assert np.mean([one.aspire - one.likelihood for one in weighings]) < 0.01


def test_what_tells_more_counts() -> None:
    weighing = found(0, tells=2)
    assert weighing.alpha > 0.5
    assert weighing.aspire > weighing.likelihood + 0.1
    assert weighing.n == 120
    assert found(0, tells=2) == weighing


def test_the_likelihood_is_measured_over_the_same_halves() -> None:
    likely, correct, right = drawn(3, tells=0, n=2000)
    weighing = weigh(likely, correct, right)
    assert weighing is not None
    assert weighing.likelihood == pytest.approx(auroc(likely, right), abs=0.01)


def test_infinite_parts_of_no_weight_do_not_count() -> None:
    likely, correct, right = drawn(0, tells=2)
    sure_wrong = right.index(False)
    correct[sure_wrong] = -math.inf
    weighing = weigh(likely, correct, right)
    assert weighing is not None
    assert weighing.alpha > 0


@pytest.mark.parametrize("right", [[True] * 30, [False] * 30, [True] * 9 + [False] * 30])
def test_of_too_few_of_a_kind_nothing_can_be_told(right: list[bool]) -> None:
    scores = [-float(place) for place in range(len(right))]
    assert weigh(scores, scores, right) is None


def test_without_answers_it_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="none of the held-out questions") as caught:
        weigh([], [], [])
    assert "eval answers" in caught.value.hint
