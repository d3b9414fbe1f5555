"""One more row beside a head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from octograph.graph import NONE
from octograph.nodes.master import FunctionalHead, Labelled, fit_rows
from octograph.nodes.master.adding import TAKEN, fit_row, queries_from_description, without_row

WIDTH = 24
CENTRES = np.random.default_rng(0).normal(scale=3, size=(6, WIDTH))


def queries(place: int, count: int, seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng((place, seed))
    rows: NDArray[np.float32] = (CENTRES[place] + random.normal(size=(count, WIDTH))).astype(np.float32)
    return rows


def fitted() -> FunctionalHead:
    tokens = [*(token for place in range(4) for token in [f"<fn_{place}>"] * 40), *[NONE] * 40]
    features = np.concatenate([queries(place, 40, seed=1) for place in range(5)])
    fit = fit_rows(Labelled(features=features, tokens=tuple(tokens)))
    return FunctionalHead(
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


def test_a_new_row_gets_its_queries_and_leaves_the_others_theirs() -> None:
    head = fitted()
    others = np.concatenate([queries(place, 60, seed=2) for place in range(5)])
    weight, bias = fit_row(head, queries(5, 8, seed=2), others)

    def ahead(features: NDArray[np.float32]) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = features @ weight + bias - (features @ head.weight.T + head.bias).max(axis=1)
        return rows

    assert (ahead(queries(5, 100, seed=3)) > 0).mean() > 0.9
    assert (ahead(others) > 0).mean() <= TAKEN + 1 / len(others)
    assert (ahead(np.concatenate([queries(place, 100, seed=4) for place in range(5)])) > 0).mean() < 0.02


def test_a_row_is_taken_out_with_its_token() -> None:
    head = fitted()
    smaller = without_row(head, "<fn_2>")
    assert smaller.tokens == tuple(token for token in head.tokens if token != "<fn_2>")
    features = queries(0, 1, seed=5)[0]
    before, after = head.distribution(features), smaller.distribution(features)
    for token in smaller.tokens:
        np.testing.assert_allclose(after[token], before[token] / (1 - before["<fn_2>"]), rtol=1e-5)


def test_a_description_makes_queries() -> None:
    found = queries_from_description("Recipes, kitchen technique and wine")
    assert found == ("Recipes, kitchen technique and wine", "Recipes", "kitchen technique", "wine")
