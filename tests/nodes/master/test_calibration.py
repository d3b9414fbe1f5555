"""Temperature and threshold against naive searches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.master.calibration import fitted_temperature, log_loss, softmax, threshold


@given(st.integers(0, 10_000))
def test_the_loss_is_that_of_the_naive_softmax(seed: int) -> None:
    random = np.random.default_rng(seed)
    logits, codes = random.normal(scale=8, size=(6, 4)), random.integers(0, 4, 6)
    naive = [-np.log(np.exp(row[code]) / np.exp(row).sum()) for row, code in zip(logits, codes, strict=True)]
    np.testing.assert_allclose(log_loss(logits, codes), np.mean(naive), rtol=1e-9)
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1)


def test_the_temperature_undoes_a_scale() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3))
    codes = np.array([random.choice(3, p=row) for row in softmax(logits)])
    assert 2.6 < fitted_temperature(logits * 3, codes) < 3.4


@given(st.integers(0, 10_000))
def test_no_threshold_does_better(seed: int) -> None:
    random = np.random.default_rng(seed)
    outside = np.array([True, False, *(random.random(10) < 0.4)])
    p_none = np.round(random.random(12), 1)  # with ties
    right = random.random(12) < 0.8

    def value(limit: float) -> float:
        none = p_none >= limit
        return float(none[outside].mean() + (~none & right)[~outside].mean())

    best = max(value(limit) for limit in np.linspace(-0.01, 1.01, 103))
    assert abs(value(threshold(p_none, outside, right)) - best) < 1e-9


def test_of_equally_good_thresholds_it_is_the_middle_one() -> None:
    p_none = np.array([0.9, 0.6, 0.4, 0.1])  # the two in the middle go wrong anyhow
    limit = threshold(p_none, np.array([True, False, False, False]), np.array([True, False, False, True]))
    assert abs(limit - 0.5) < 1e-9
