"""Policies: the scores that the equations give, the candidates that may be chosen, and nobody else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from octograph.agents.learning import POLICIES, UCB, Greedy, Policy, Posteriors, Thompson
from octograph.agents.learning.policies import ScoredPolicy
from octograph.nodes.master import NO_WORKER

WORKERS = ("a", "b", "c", "d")
SHARES = st.dictionaries(st.sampled_from([*WORKERS, NO_WORKER]), st.floats(min_value=0.0, max_value=1.0), min_size=1)
COUNTS = st.dictionaries(
    st.tuples(st.just("k"), st.sampled_from(WORKERS)), st.tuples(st.integers(0, 50), st.integers(0, 50))
)


def choose(policy: Policy, prior: Mapping[str, float], posteriors: Posteriors | None = None, seed: int = 0) -> str:
    return policy.choose(prior, posteriors or Posteriors(), cluster="k", rng=np.random.default_rng(seed))


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
class TestEveryPolicy:
    """What holds for each of them."""

    @given(prior=SHARES, counts=COUNTS, seed=st.integers(0, 9))
    def test_chooses_a_candidate_or_leaves_it_to_nobody(
        self, policy: Policy, prior: dict[str, float], counts: dict[tuple[str, str], tuple[int, int]], seed: int
    ) -> None:
        chosen = choose(policy, prior, Posteriors(counts=counts), seed)
        largest = max((share for name, share in prior.items() if name != NO_WORKER), default=-1.0)
        assert (chosen == NO_WORKER) is (prior.get(NO_WORKER, -1.0) > largest)
        assert chosen == NO_WORKER or prior[chosen] >= 0.05 * largest

    def test_follows_overwhelming_feedback(self, policy: Policy) -> None:
        posteriors = Posteriors(counts={("k", "a"): (0, 200), ("k", "b"): (200, 0), ("other", "a"): (200, 0)})
        assert choose(policy, {"a": 0.6, "b": 0.3, NO_WORKER: 0.1}, posteriors) == "b"

    def test_takes_nobody_below_the_floor(self, policy: Policy) -> None:
        posteriors = Posteriors(counts={("k", "a"): (0, 10_000), ("k", "b"): (10_000, 0)})
        assert choose(policy, {"a": 0.961, "b": 0.039}, posteriors) == "a"

    def test_scores_many_at_once_as_one_by_one(self, policy: ScoredPolicy) -> None:
        rng = np.random.default_rng(0)
        prior, alpha, beta = rng.random((7, 4)), 1 + rng.random((7, 4)), 1 + rng.random((7, 4))
        together = policy.scores(prior, alpha, beta, np.random.default_rng(1))
        again = np.random.default_rng(1)
        for row in range(7):
            alone = policy.scores(prior[row], alpha[row], beta[row], again)
            np.testing.assert_allclose(together[row], alone)


@pytest.mark.parametrize("policy", [Greedy(), UCB()], ids=["greedy", "ucb"])
@given(prior=SHARES)
def test_without_feedback_and_chance_the_master_has_its_way(policy: Policy, prior: dict[str, float]) -> None:
    assert prior[choose(policy, prior)] == max(prior.values()) or prior.get(NO_WORKER) == max(prior.values())


def test_greedy_takes_the_largest_product_of_prior_and_mean() -> None:
    posteriors = Posteriors(counts={("k", "a"): (1, 3), ("k", "b"): (4, 0)})  # means 1/3 and 5/6
    assert choose(Greedy(), {"a": 0.7, "b": 0.3}, posteriors) == "b"
    assert choose(Greedy(), {"a": 0.72, "b": 0.28}, posteriors) == "a"


def test_of_equals_the_more_probable_is_taken_and_then_the_first_by_name() -> None:
    posteriors = Posteriors(counts={("k", "a"): (1, 0), ("k", "b"): (0, 1)})  # 1/4 x 2/3 = 1/2 x 1/3
    assert choose(Greedy(), {"a": 0.25, "b": 0.5}, posteriors) == "b"
    assert choose(Greedy(), {"b": 0.5, "a": 0.5}) == "a"


def test_ucb_adds_the_square_root_of_c_over_n() -> None:
    alpha, beta = np.array([1.0, 10.0]), np.array([1.0, 15.0])
    scores = UCB(constant=2.0).scores(np.array([0.3, 0.7]), alpha, beta, np.random.default_rng(0))
    assert scores == pytest.approx([0.3 * (1 / 2 + math.sqrt(2 / 2)), 0.7 * (10 / 25 + math.sqrt(2 / 25))])


def test_ucb_tries_what_is_little_known_and_greedy_does_not() -> None:
    posteriors = Posteriors(counts={("k", "a"): (60, 40)})
    prior = {"a": 0.5, "b": 0.4}
    assert choose(Greedy(), prior, posteriors) == "a"
    assert choose(UCB(), prior, posteriors) == "b"


@pytest.mark.parametrize(
    ("prior", "counts"),
    [
        ({"a": 0.5, "b": 0.5}, {}),
        ({"a": 0.8, "b": 0.2}, {}),
        ({"a": 0.5, "b": 0.3, "c": 0.2}, {"a": (2, 3), "b": (3, 1), "c": (1, 0)}),
        ({"a": 0.6, "b": 0.25, "c": 0.15}, {"a": (1, 6), "b": (2, 2)}),
    ],
)
def test_thompson_chooses_as_often_as_a_worker_has_the_largest_product(
    prior: dict[str, float], counts: dict[str, tuple[float, float]]
) -> None:
    posteriors = Posteriors(counts={("k", worker): pair for worker, pair in counts.items()})
    exact = {worker: chance_of_largest(worker, prior, counts) for worker in prior}
    assert sum(exact.values()) == pytest.approx(1)
    rng, draws = np.random.default_rng(0), 4_000
    chosen = Counter(Thompson().choose(prior, posteriors, cluster="k", rng=rng) for _ in range(draws))
    for worker, chance in exact.items():
        assert chosen[worker] / draws == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / draws))


def test_an_untried_worker_costs_half_its_share_of_the_prior() -> None:
    assert chance_of_largest("b", {"a": 0.8, "b": 0.2}, {}) == pytest.approx(0.25 / 2)


def chance_of_largest(worker: str, prior: Mapping[str, float], counts: Mapping[str, tuple[float, float]]) -> float:
    """``P(p_i theta_i > p_j theta_j for all j) = int f_i(x) prod_j F_j(p_i x / p_j) dx``, by quadrature."""

    def posterior(name: str) -> tuple[float, float]:
        successes, failures = counts.get(name, (0, 0))
        return 1 + successes, 1 + failures

    def density(x: float) -> float:
        others = (
            beta_distribution.cdf(min(1.0, prior[worker] * x / prior[name]), *posterior(name))
            for name in prior
            if name != worker
        )
        return float(beta_distribution.pdf(x, *posterior(worker)) * math.prod(others))

    kinks = sorted({prior[name] / prior[worker] for name in prior if prior[name] < prior[worker]})
    return float(quad(density, 0, 1, points=kinks or None)[0])
