"""The measures of a position against naive references."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.nodes.llama.log_softmax import likeliest
from octograph.nodes.llama.measures import choose_among, measure

seeds = st.integers(0, 2**32 - 1)


def logits_of(seed: int, size: int = 900, scale: float = 4.0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(scale=scale, size=size).astype(np.float32)


def naive(logits: NDArray[np.float32]) -> list[float]:
    """The full softmax, one number at a time."""
    values = [float(value) for value in logits]
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


@given(seeds, st.integers(0, 899), st.sampled_from([0.01, 1.0, 4.0, 30.0]))
def test_measures_are_the_naive_ones(seed: int, token: int, scale: float) -> None:
    logits = logits_of(seed, scale=scale)
    found, p = measure(logits, token), naive(logits)
    first, second = sorted(p, reverse=True)[:2]
    assert found.margin == pytest.approx(first - second, abs=1e-5)
    assert found.entropy == pytest.approx(-math.fsum(x * math.log(x) for x in p if x > 0), abs=1e-4)
    if p[token] > 0:
        assert found.logprob == pytest.approx(math.log(p[token]), rel=1e-4, abs=1e-4)


def test_two_equal_tops_have_no_margin() -> None:
    assert measure(np.array([1.0, 5.0, 5.0], np.float32), 0).margin == pytest.approx(0, abs=1e-7)


def test_the_logits_are_left_alone() -> None:
    logits = logits_of(1)
    before = logits.copy()
    measure(logits, 3)
    choose_among(logits, [1, 2])
    likeliest(logits, 5)
    np.testing.assert_array_equal(logits, before)


@given(seeds, st.lists(st.integers(0, 899), min_size=1, max_size=9, unique=True))
def test_a_choice_is_the_renormalised_softmax(seed: int, tokens: list[int]) -> None:
    logits = logits_of(seed)
    choice, p = choose_among(logits, tokens), naive(logits)
    mass = math.fsum(p[token] for token in tokens)
    assert choice.mass == pytest.approx(mass, rel=1e-3)
    assert choice.probabilities.sum() == pytest.approx(1)
    assert choice.probabilities.tolist() == pytest.approx([p[token] / mass for token in tokens], rel=1e-3)


def test_a_choice_between_hopeless_tokens_is_still_one() -> None:
    choice = choose_among(np.array([0.0, -900.0, -901.0], np.float32), [1, 2])
    assert choice.mass == 0
    assert choice.probabilities.tolist() == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.e)])


@given(seeds, st.integers(1, 40))
def test_top_tokens_are_those_of_a_sort(seed: int, count: int) -> None:
    logits = logits_of(seed)
    assert likeliest(logits, count) == np.argsort(-logits, kind="stable")[:count].tolist()
    assert len(likeliest(logits, 5000)) == 900
