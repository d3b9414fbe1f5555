"""Fitting outcome rows: each part against its naive self."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.composition import head_path, host_pool
from octograph.errors import HeadError
from octograph.graph import open_graph
from octograph.nodes.master import HeadFile, find_adapter
from octograph.nodes.master.landmarks import Landmarks
from octograph.nodes.master.outcome_fitting import PENALTIES, _directions, _regress, fit_outcomes, train_outcomes
from octograph.nodes.master.outcomes import OutcomeRows, chance_error
from octograph.settings import Settings


def fitted(features: NDArray[np.float32], scores: NDArray[np.float64], *, seed: int = 0) -> OutcomeRows:
    workers = [f"w{place}" for place in range(scores.shape[1])]
    return fit_outcomes(features, scores, workers=workers, system="", layer=0, adapter=None, model="", seed=seed)


@given(st.integers(0, 1000), st.integers(2, 6))
def test_the_directions_are_a_basis_that_begins_with_what_is_common(seed: int, width: int) -> None:
    scores = np.random.default_rng(seed).random((30, width))
    basis = _directions(scores - scores.mean(axis=0))
    np.testing.assert_allclose(basis.T @ basis, np.eye(width), atol=1e-9)
    np.testing.assert_allclose(basis[:, 0], width**-0.5)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000))
def test_the_regression_is_the_naive_one_with_the_penalty_of_least_leave_one_out_error(seed: int) -> None:
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(4), size=25)
    scores = random.random((25, 3)) * 0.4 + 0.6 * shares[:, :3]
    found_weight, found_bias = _regress(shares, scores)

    def naive(train: NDArray[np.float64], wanted: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
        solved: NDArray[np.float64] = np.linalg.inv(train.T @ train + penalty * len(shares) * np.eye(4)) @ (
            train.T @ wanted
        )
        return solved

    scaled = (shares - shares.mean(axis=0)) / shares.std(axis=0)
    middle = scores.mean(axis=0)
    basis = _directions(scores - middle)
    expected = np.zeros((4, 3))
    for place in range(3):
        wanted = (scores - middle) @ basis[:, place]
        errors = []
        for penalty in PENALTIES:
            # The mean is left in where a query is left out, as the closed form has it to first order.
            hat = scaled @ naive(scaled, np.eye(len(shares)), penalty) + 1 / len(shares)
            left_out = (wanted - hat @ wanted) / (1 - np.diag(hat))
            errors.append(float((left_out**2).sum()))
        best = PENALTIES[int(np.argmin(errors))]
        expected[:, place] = naive(scaled, wanted, best)
    outputs = scaled @ expected @ basis.T + middle
    np.testing.assert_allclose(shares @ found_weight.T + found_bias, outputs, atol=1e-6)


@given(st.integers(0, 1000), st.floats(0.1, 20))
def test_shares_are_the_naive_softmax_over_directions(seed: int, sharpness: float) -> None:
    random = np.random.default_rng(seed)
    features = (random.normal(size=(20, 5)) * 7 + 100).astype(np.float32)
    landmarks = Landmarks.among(features, 4, seed=seed)
    sharp = landmarks.sharpened(sharpness).shares(features)
    for row, shares in zip(features, sharp, strict=True):
        scaled = (row - features.mean(axis=0)) / features.std(axis=0)
        cosines = landmarks.points @ scaled / np.linalg.norm(scaled)
        weights = np.exp(sharpness * cosines)
        np.testing.assert_allclose(shares, weights / weights.sum(), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(landmarks.points, axis=1), 1, atol=1e-4)


def test_features_without_spread_still_have_shares() -> None:
    same = np.full((30, 4), 5, dtype=np.float32)
    shares = Landmarks(centre=same[0], scale=np.ones(4, np.float32), points=np.eye(4, dtype=np.float32)).shares(same)
    np.testing.assert_allclose(shares, 0.25)


def test_the_calibration_error_is_that_of_the_bins() -> None:
    chances = np.array([[0.05, 1.0], [0.05, 1.0], [0.95, 1.0], [0.95, 1.0]])
    scores = np.array([[0.0, 1.0], [0.5, 1.0], [1.0, 0.5], [1.0, 0.5]])
    # First worker: bins of 0.05 (mean score 0.25) and 0.95 (mean score 1); second: one bin (mean score 0.75).
    first = 0.5 * 0.2 + 0.5 * 0.05
    assert chance_error(chances, scores) == pytest.approx((first + 0.25) / 2)
    assert chance_error(scores, scores) == 0
    assert chance_error(np.zeros((3, 2)), np.ones((3, 2))) == 1


def test_a_worker_who_never_fails_is_not_held_for_infallible() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(40, 6)).astype(np.float32)
    scores = np.stack([np.ones(40), random.integers(0, 2, 40)], axis=1).astype(float)
    chances = fitted(features, scores).chances_of(features)
    assert chances[:, 0].min() > 0.8
    assert chances[:, 0].max() < 1


def test_noise_alone_gives_everybody_their_mean() -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(400, 10)).astype(np.float32)
    scores = (random.random((400, 2)) < [0.8, 0.3]).astype(float)
    rows = fitted(features, scores)
    np.testing.assert_allclose(rows.chances_of(features).mean(axis=0), [0.8, 0.3], atol=0.06)
    assert rows.report["held_out_score"] == pytest.approx(0.8, abs=0.06)


def test_the_same_seed_gives_the_same_rows() -> None:
    random = np.random.default_rng(2)
    features, scores = random.normal(size=(60, 5)).astype(np.float32), random.random((60, 3))
    one, same = fitted(features, scores, seed=4), fitted(features, scores, seed=4)
    np.testing.assert_allclose(one.chances_of(features), same.chances_of(features))


def test_what_cannot_be_fitted_is_refused() -> None:
    features = np.zeros((30, 4), dtype=np.float32)
    with pytest.raises(HeadError, match="10 queries and 2 workers"):
        fitted(features[:10], np.zeros((10, 2)))
    with pytest.raises(HeadError, match="30 queries and 1 workers"):
        fitted(features, np.zeros((30, 1)))
    with pytest.raises(HeadError, match="scores of the shape"):
        fitted(features, np.zeros((29, 2)))
    with pytest.raises(HeadError, match="not within 0 and 1"):
        fitted(features, np.full((30, 2), 1.5))


def test_rows_are_trained_on_the_bundled_master_and_read_through_its_adapter() -> None:
    graph = open_graph("embedded")
    path = head_path(graph)
    head = HeadFile.load(path).heads[graph.master_name]
    sums = [f"What is {place} times {place + 3}?" for place in range(12)]
    words = [f"Translate the word number {place} into French." for place in range(12)]
    scores = np.array([[1.0, 0.0]] * 12 + [[0.0, 1.0]] * 12)
    told: list[tuple[int, int]] = []
    pool = host_pool(graph, Settings())
    try:
        rows = asyncio.run(
            train_outcomes(
                (*sums, *words),
                scores,
                workers=("adder", "translator"),
                head=head,
                reader=pool.clients[graph.master.model],
                adapter=None if head.adapter is None else find_adapter(head.adapter, base=path.parent).path,
                progress=lambda done, total: told.append((done, total)),
            )
        )
    finally:
        pool.close()
    assert told[-1] == (24, 24)
    assert (rows.system, rows.layer, rows.adapter, rows.model) == (head.system, head.layer, head.adapter, head.model)
    assert rows.report["held_out_score"] > 0.9
