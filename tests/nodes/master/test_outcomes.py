"""Routing on who answered right: rows, their file, and the choice against a price."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.errors import HeadError, UsageError
from octograph.nodes.master import HiddenStates, ReadRequest
from octograph.nodes.master.outcome_fitting import fit_outcomes
from octograph.nodes.master.outcome_router import OutcomeRouter
from octograph.nodes.master.outcomes import OutcomeRows

WORKERS = ("sums", "letters", "large")
TOKENS = {"sums": "<fn_0>", "letters": "<fn_1>", "large": "<fn_2>"}
COSTS = {"sums": 1.0, "letters": 1.0, "large": 10.0}
CENTRES = np.random.default_rng(0).normal(size=(3, 8)) * 3
"""Of three kinds of queries: sums, letters, and what only the large worker can do."""
CHANCES = np.array([[0.95, 0.05, 0.9], [0.05, 0.95, 0.9], [0.05, 0.05, 0.9]])


def drawn(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, count)
    features = (CENTRES[kinds] + random.normal(size=(count, 8)) * 0.5).astype(np.float32)
    return features, (random.random((count, 3)) < CHANCES[kinds]).astype(float), kinds


@pytest.fixture(scope="module")
def rows() -> OutcomeRows:
    features, scores, _ = drawn(600, seed=1)
    return fit_outcomes(features, scores, workers=WORKERS, system="Route.", layer=3, adapter=None, model="path:m.gguf")


class Reader:
    """Hidden states of the kind that a query names."""

    async def prepare(self) -> None:
        """It is ready."""

    async def layers(self) -> int:
        return 5

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        if cancel.cancelled:
            return None
        states = CENTRES[int(request.text)].astype(np.float32)
        return HiddenStates(last=states[:4], mean=states[4:], tokens=1)


def test_chances_are_those_with_which_the_workers_succeed(rows: OutcomeRows) -> None:
    features, _, kinds = drawn(300, seed=2)
    assert np.abs(rows.chances_of(features) - CHANCES[kinds]).mean() < 0.08
    one = rows.chances(features[0])
    np.testing.assert_allclose(list(one.values()), rows.chances_of(features[:1])[0])


def test_what_is_saved_is_loaded(rows: OutcomeRows, tmp_path: Path) -> None:
    path = tmp_path / "g.outcomes.safetensors"
    rows.save(path)
    features = drawn(5, seed=3)[0]
    np.testing.assert_array_equal(OutcomeRows.load(path).chances_of(features), rows.chances_of(features))
    with pytest.raises(HeadError, match="no set of outcome rows"):
        OutcomeRows.load(tmp_path / "nowhere")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(HeadError, match="damaged"):
        OutcomeRows.load(path)


@pytest.mark.parametrize(
    ("price", "chosen"), [(0.0, ["sums", "letters", "large"]), (0.01, ["sums", "letters", "large"])]
)
async def test_the_likeliest_to_succeed_is_chosen(rows: OutcomeRows, price: float, chosen: list[str]) -> None:
    router = OutcomeRouter(Reader(), rows, tokens=TOKENS, costs=COSTS, price=price)
    for kind, worker in enumerate(chosen):
        route = await router.route(str(kind), cancel=CancelToken())
        assert route is not None
        assert route.worker == worker
        assert route.token == TOKENS[worker]
        assert sum(route.distribution.values()) == pytest.approx(1)
        assert route.chances[worker] > 0.7


async def test_a_high_price_keeps_to_the_cheap(rows: OutcomeRows) -> None:
    router = OutcomeRouter(Reader(), rows, tokens=TOKENS, costs=COSTS, price=0.5)
    route = await router.route("2", cancel=CancelToken())
    assert route is not None
    assert route.worker in ("sums", "letters")
    cancel = CancelToken()
    cancel.cancel()
    assert await router.route("2", cancel=cancel) is None


def test_prices_and_workers_that_cannot_be(rows: OutcomeRows) -> None:
    with pytest.raises(UsageError, match="the price is -1"):
        OutcomeRouter(Reader(), rows, tokens=TOKENS, costs=COSTS, price=-1)
    with pytest.raises(UsageError, match="no cost of: large"):
        OutcomeRouter(Reader(), rows, tokens=TOKENS, costs={"sums": 1, "letters": 1}, price=1)
    with pytest.raises(UsageError, match="no master reaches: large"):
        OutcomeRouter(Reader(), rows, tokens={"sums": "<fn_0>", "letters": "<fn_1>"}, costs=COSTS)


def test_a_worker_less(rows: OutcomeRows) -> None:
    features = drawn(5, seed=3)[0]
    less = rows.without("letters")
    assert less is not None
    assert less.workers == ("sums", "large")
    np.testing.assert_array_equal(less.chances_of(features), rows.chances_of(features)[:, [0, 2]])
    last = less.without("sums")
    assert last is not None
    assert last.without("large") is None


def test_features_of_another_model_are_refused(rows: OutcomeRows) -> None:
    with pytest.raises(HeadError, match=r"gives 3 features.*\n.*octograph train outcomes DATA --graph FILE"):
        rows.chances(np.zeros(3, np.float32))
