"""The sampler against naive references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.nodes.generation import Sampling
from octograph.nodes.llama.sampling import PENALTY_WINDOW, Sampler

seeds = st.integers(0, 2**32 - 1)


def logits_of(seed: int, size: int = 700) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(scale=4, size=size).astype(np.float32)


def naive(logits: NDArray[np.float32], sampling: Sampling) -> dict[int, float]:
    """Sort everything, as textbooks do."""
    scaled = logits.astype(np.float64) / sampling.temperature
    p = np.exp(scaled - scaled.max())
    p /= p.sum()
    order = [int(token) for token in np.argsort(-p, kind="stable")]
    kept = [token for token in order if p[token] >= sampling.min_p * p.max()]
    nucleus, mass = [], 0.0
    for token in kept:
        nucleus.append(token)
        mass += p[token]
        if mass >= sampling.top_p:
            break
    total = sum(p[token] for token in nucleus)
    return {token: p[token] / total for token in nucleus}


@given(seeds, st.floats(0.1, 3), st.sampled_from([0.1, 0.5, 0.9, 0.99, 1.0]), st.sampled_from([0.0, 0.02, 0.3]))
def test_the_distribution_is_the_naive_one(seed: int, temperature: float, top_p: float, min_p: float) -> None:
    sampling = Sampling(temperature=temperature, top_p=top_p, min_p=min_p, seed=0)
    logits = logits_of(seed)
    tokens, probabilities = Sampler(sampling).distribution(logits)
    expected = naive(logits, sampling)
    assert probabilities.sum() == pytest.approx(1)
    found = dict(zip(tokens.tolist(), probabilities.tolist(), strict=True))
    # A token at the very edge of the nucleus may fall either way by rounding.
    for token in set(found) ^ set(expected):
        assert max(found.get(token, 0.0), expected.get(token, 0.0)) < 1 - top_p + 1e-6
    for token in set(found) & set(expected):
        assert found[token] == pytest.approx(expected[token], rel=1e-2)


@given(seeds)
def test_no_temperature_is_greedy(seed: int) -> None:
    logits = logits_of(seed)
    assert Sampler(Sampling())(logits) == int(logits.argmax())


@given(seeds, st.lists(st.integers(0, 699), min_size=1, max_size=300), st.floats(1.01, 2))
def test_the_penalty_is_the_naive_one(seed: int, written: list[int], penalty: float) -> None:
    logits = logits_of(seed)
    penalised = Sampler(Sampling(repetition_penalty=penalty)).penalised(logits, written)
    for token in range(len(logits)):
        value = float(logits[token])
        if token in written[-PENALTY_WINDOW:]:
            value = value / penalty if value > 0 else value * penalty
        assert penalised[token] == pytest.approx(value, rel=1e-5)


def test_draws_follow_the_distribution() -> None:
    sampler = Sampler(Sampling(temperature=1.0, seed=1))
    logits = np.log(np.array([0.5, 0.3, 0.2], dtype=np.float32))
    draws = np.bincount([sampler(logits) for _ in range(6000)], minlength=3) / 6000
    np.testing.assert_allclose(draws, [0.5, 0.3, 0.2], atol=0.03)


def test_a_seed_repeats_the_draws() -> None:
    logits = logits_of(3)
    first, second = (Sampler(Sampling(temperature=1.0, seed=5)) for _ in range(2))
    assert [first(logits) for _ in range(20)] == [second(logits) for _ in range(20)]


@given(seeds, st.sampled_from([1, 200, 256, 257, 1000, 5000]), st.floats(0.2, 3))
def test_a_draw_is_the_inverse_of_the_running_sum(seed: int, size: int, temperature: float) -> None:
    logits = logits_of(seed, size)
    token = Sampler(Sampling(temperature=temperature, seed=seed))(logits)
    weights = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    sums = np.cumsum(weights) / weights.sum()
    chance = np.random.default_rng(seed).random()
    # Rounding may move the borders between tokens a little.
    assert (sums[token - 1] if token else 0.0) - 1e-5 <= chance <= sums[token] + 1e-5


def test_forbidden_tokens_are_never_drawn() -> None:
    logits = np.full(1000, -np.inf, np.float32)
    logits[[3, 700]] = 0.0
    sampler = Sampler(Sampling(temperature=1.0, seed=2))
    assert {sampler(logits) for _ in range(200)} == {3, 700}


@pytest.mark.parametrize("temperature", [1e-3, 1e-9, 1e-300])
def test_a_temperature_next_to_nothing_is_greedy(temperature: float) -> None:
    logits = logits_of(1)
    assert Sampler(Sampling(temperature=temperature, seed=1))(logits) == int(logits.argmax())
