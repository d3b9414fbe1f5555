"""Marginalising over passages, against plain sums of probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.errors import UsageError
from octograph.nodes.marginal import passage_posterior, sequence_marginals

IMPOSSIBLE = -math.inf


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[float], NDArray[np.float64]]:
    """Weights of some passages, and log-likelihoods of some answers behind each, some of them impossible."""
    passages, count = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    weights = draw(st.lists(st.floats(1e-3, 1e3), min_size=passages, max_size=passages))
    logprob = st.one_of(st.floats(-60, 0), st.just(IMPOSSIBLE))
    row = st.lists(logprob, min_size=passages, max_size=passages)
    return weights, np.array(draw(st.lists(row, min_size=count, max_size=count)))


@given(answers())
def test_marginals_are_the_plain_sums(case: tuple[list[float], NDArray[np.float64]]) -> None:
    weights, logprobs = case
    total = math.fsum(weights)
    for found, row in zip(sequence_marginals(weights, logprobs), logprobs, strict=True):
        p = math.fsum(weight / total * math.exp(one) for weight, one in zip(weights, row, strict=True))
        assert math.exp(found) == pytest.approx(p, rel=1e-9)


@given(answers())
def test_posteriors_are_those_of_bayes(case: tuple[list[float], NDArray[np.float64]]) -> None:
    weights, logprobs = case
    marginals, posterior = sequence_marginals(weights, logprobs), passage_posterior(weights, logprobs)
    assert posterior.sum(axis=1) == pytest.approx(1)
    prior = np.array(weights) / math.fsum(weights)
    for row, marginal, shares in zip(logprobs, marginals, posterior, strict=True):
        expected = prior if marginal == IMPOSSIBLE else prior * np.exp(row - marginal)
        assert shares == pytest.approx(expected, rel=1e-9)


@given(answers(), st.floats(-1e4, 0))
def test_a_factor_of_all_likelihoods_is_one_of_the_marginal(
    case: tuple[list[float], NDArray[np.float64]], shift: float
) -> None:
    weights, logprobs = case
    moved = sequence_marginals(weights, logprobs + shift)
    assert moved == pytest.approx(sequence_marginals(weights, logprobs) + shift, rel=1e-9, abs=1e-9)
    assert passage_posterior(weights, logprobs + shift) == pytest.approx(passage_posterior(weights, logprobs), abs=1e-9)


@given(answers(), st.floats(1e-3, 1e3))
def test_the_unit_of_the_weights_and_the_order_do_not_matter(
    case: tuple[list[float], NDArray[np.float64]], unit: float
) -> None:
    weights, logprobs = case
    expected = sequence_marginals(weights, logprobs)
    assert sequence_marginals([unit * one for one in weights], logprobs) == pytest.approx(expected)
    assert sequence_marginals(weights[::-1], logprobs[:, ::-1]) == pytest.approx(expected)


@given(answers())
def test_an_impossible_answer_adds_nothing(case: tuple[list[float], NDArray[np.float64]]) -> None:
    """A marginal lies between the likelihoods it is made of."""
    weights, logprobs = case
    marginals = sequence_marginals(weights, logprobs)
    assert (marginals <= logprobs.max(axis=1) + 1e-9).all()
    assert (marginals >= logprobs.min(axis=1) - 1e-9).all()
    assert ((marginals == IMPOSSIBLE) == np.isneginf(logprobs).all(axis=1)).all()


def test_a_passage_without_weight_counts_for_nothing() -> None:
    table = np.log([[0.5, 0.9]])
    assert sequence_marginals([1, 0], table) == pytest.approx(np.log([0.5]))
    assert passage_posterior([1, 0], table).tolist() == [[1.0, 0.0]]
    assert sequence_marginals([1, 0], [[IMPOSSIBLE, 0.0]]).tolist() == [IMPOSSIBLE]


def test_likelihoods_beyond_what_a_float_holds() -> None:
    assert sequence_marginals([0.5, 0.5], [[-5000.0, -5000.0]]).tolist() == [-5000.0]
    assert passage_posterior([0.5, 0.5], [[-5000.0, -5000.0]]).tolist() == [[0.5, 0.5]]


def test_no_answers_have_no_marginals() -> None:
    assert sequence_marginals([0.5, 0.5], np.empty((0, 2))).shape == (0,)
    assert passage_posterior([0.5, 0.5], []).shape == (0, 2)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1.0], [1.0, math.nan], [math.inf, 1.0]])
def test_what_is_no_distribution_is_refused(weights: list[float]) -> None:
    with pytest.raises(UsageError, match="cannot be weights"):
        sequence_marginals(weights, np.zeros((1, 2)))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match=r"2 weights and log-likelihoods of shape \[1, 3\]"):
        sequence_marginals([1, 1], np.zeros((1, 3)))
    with pytest.raises(UsageError, match=r"shape \[2\]"):
        passage_posterior([1, 1], np.zeros(2))
