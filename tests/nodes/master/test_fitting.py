"""Fitting rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.graph import NONE
from octograph.nodes.master import Fit, FunctionalHead, Labelled, fit_rows


def clusters(
    per_label: int, labels: int = 4, width: int = 12, spread: float = 0.4
) -> tuple[NDArray[np.float32], list[str]]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(labels, width)) * 50 + 1000  # features of very different scale and far from 0
    rows = [centres[k] + random.normal(size=width) * 50 * spread for k in range(labels) for _ in range(per_label)]
    return np.array(rows, dtype=np.float32), [f"<fn_{k}>" for k in range(labels) for _ in range(per_label)]


def labelled(features: NDArray[np.float32], tokens: list[str]) -> Labelled:
    return Labelled(features=features, tokens=tuple(tokens))


def predicted(fit: Fit, features: NDArray[np.float32]) -> list[str]:
    head = FunctionalHead(
        tokens=fit.tokens,
        weight=fit.weight,
        bias=fit.bias,
        temperature=fit.temperature,
        threshold=fit.threshold,
        system="",
        layer=0,
        adapter=None,
        model="",
    )
    distributions = [head.distribution(row) for row in features]
    return [max(distribution, key=lambda token: distribution[token]) for distribution in distributions]


@pytest.mark.parametrize("labels", [2, 3, 7])
def test_rows_over_raw_features_tell_the_labels_apart(labels: int) -> None:
    features, expected = clusters(20, labels)
    fit = fit_rows(labelled(features, expected))
    assert predicted(fit, features) == expected
    assert fit.accuracy is not None
    assert fit.accuracy > 0.95
    assert fit.weight.shape == (labels, features.shape[1])
    assert fit.weight.flags["C_CONTIGUOUS"]


def test_few_examples_are_enough_to_fit_and_too_few_to_hold_out() -> None:
    features, labels = clusters(1)
    fit = fit_rows(labelled(features, labels))
    assert fit.accuracy is None
    assert predicted(fit, features) == labels


def test_the_temperature_makes_overconfident_rows_honest() -> None:
    features, labels = clusters(60, 3, spread=2.5)
    fit = fit_rows(labelled(features, labels))
    assert fit.accuracy is not None
    assert fit.accuracy < 0.95
    assert fit.temperature > 0.3


def test_the_same_seed_gives_the_same_rows() -> None:
    features, labels = clusters(10)
    np.testing.assert_array_equal(
        fit_rows(labelled(features, labels), seed=3).weight, fit_rows(labelled(features, labels), seed=3).weight
    )


def test_one_label_is_no_choice() -> None:
    features, _ = clusters(5, 2)
    with pytest.raises(HeadError, match="two targets"):
        fit_rows(labelled(features, ["<fn_0>"] * len(features)))


def test_validation_queries_choose_temperature_and_threshold() -> None:
    features, tokens = clusters(30, 3)
    tokens = [NONE if token == "<fn_2>" else token for token in tokens]
    noisy = features + np.random.default_rng(1).normal(size=features.shape).astype(np.float32) * 60
    alone = fit_rows(labelled(features, tokens))
    judged = fit_rows(labelled(features, tokens), validation=labelled(noisy, tokens))
    assert judged.temperature > alone.temperature  # queries by another hand: less sure
    assert judged.threshold is not None
    assert 0 < judged.threshold < 1
    assert judged.accuracy is not None
    assert alone.accuracy is not None
    assert judged.accuracy < alone.accuracy


def test_a_validation_without_queries_out_of_scope_leaves_the_threshold_open() -> None:
    features, tokens = clusters(10)
    fit = fit_rows(labelled(features, tokens), validation=labelled(features, tokens))
    assert fit.threshold is None


def test_a_validation_target_without_examples_is_told() -> None:
    features, tokens = clusters(10, 2)
    strange = labelled(features[:1], ["<fn_9>"])
    with pytest.raises(HeadError, match="targets without examples: <fn_9>"):
        fit_rows(labelled(features, tokens), validation=strange)
