"""Scoring choices of workers by how well each would have done."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.evaluation.outcomes import (
    Outcomes,
    choose,
    evaluate_outcomes,
    judge,
    quality_over_cost,
    read_outcomes,
)
from octograph.cancellation import CancelToken
from octograph.errors import UsageError

COSTS = np.array([1.0, 8.0, 70.0])


def outcomes(seed: int = 0, count: int = 40) -> Outcomes:
    scores = np.random.default_rng(seed).choice([0.0, 0.5, 1.0], size=(count, 3))
    return Outcomes(queries=tuple(f"q{place}" for place in range(count)), workers=("a", "b", "c"), scores=scores)


class Fortune:
    """Foretells what it was told to."""

    def __init__(
        self, data: Outcomes, chances: np.ndarray[Any, Any], workers: tuple[str, ...] = ("c", "a", "b")
    ) -> None:
        self._rows = dict(zip(data.queries, chances, strict=True))
        self._places = {worker: data.workers.index(worker) for worker in workers if worker in data.workers}

    async def chances(self, query: str, *, cancel: CancelToken) -> Mapping[str, float] | None:
        if cancel.cancelled:
            return None
        return {worker: float(self._rows[query][place]) for worker, place in self._places.items()}


def written(path: Path, *lines: object) -> Path:
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_lines_are_read_plain_or_gzipped(tmp_path: Path) -> None:
    lines = [{"query": "x", "scores": {"b": 1, "a": 0.25}}, {"query": "y", "scores": {"a": 0, "b": 1.0}}]
    for name in ("data.jsonl", "data.jsonl.gz"):
        read = read_outcomes(written(tmp_path / name, *lines))
        assert read.queries == ("x", "y")
        assert read.workers == ("a", "b")
        assert read.scores.tolist() == [[0.25, 1.0], [0.0, 1.0]]


def test_a_limit_gives_a_sample_that_the_seed_repeats(tmp_path: Path) -> None:
    lines = [{"query": f"q{number}", "scores": {"a": number / 100}} for number in range(100)]
    path = written(tmp_path / "data.jsonl", *lines)
    one, same, other = (read_outcomes(path, limit=10, seed=seed) for seed in (1, 1, 2))
    assert one.queries == same.queries != other.queries
    assert [f"q{score * 100:.0f}" for score in one.scores[:, 0]] == list(one.queries)
    assert read_outcomes(path, limit=500).queries == read_outcomes(path).queries


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({"query": "x"}, "'scores' is missing"),
        ({"query": "x", "scores": {}}, "'scores' is missing"),
        ({"query": "x", "scores": [1]}, "'scores' is missing"),
        ({"scores": {"a": 1}}, "'query' is missing"),
        ([], "'query' is missing"),
        ({"query": "x", "scores": {"a": 1.5}}, "the score of 'a' is 1.5"),
        ({"query": "x", "scores": {"a": True}}, "the score of 'a' is True"),
        ({"query": "x", "scores": {"a": "1"}}, "the score of 'a' is '1'"),
        ('{"query": "x", "scores": {"a": NaN}}\n', "the score of 'a' is nan"),
        ({"query": "x", "scores": {"b": 1}}, "not the workers of the lines before it: a, b"),
        ("{\n", "not JSON"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: object, complaint: str) -> None:
    path = written(tmp_path / "data.jsonl", {"query": "first", "scores": {"a": 1}}, line)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_outcomes(path)
    assert "line 2" in caught.value.message


def test_a_file_without_lines_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lines"):
        read_outcomes(written(tmp_path / "data.jsonl"))


def test_choices_are_scored_beside_chance_the_best_single_worker_and_the_oracle() -> None:
    data = Outcomes(
        queries=("w", "x", "y", "z"),
        workers=("a", "b", "c"),
        scores=np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 0.5]]),
    )
    judged = judge(data, np.array([0, 1, 1, 2]), COSTS)
    assert judged["n"] == 4
    assert judged["score"] == pytest.approx(3.5 / 4)
    assert judged["random"] == pytest.approx(5.5 / 12)
    assert judged["best_single"] == {"worker": "b", "score": 0.75}
    assert judged["oracle"] == 1.0
    assert judged["gain"]["mean"] == pytest.approx(0.125)
    assert judged["gap_closed"] == pytest.approx(0.5)
    assert judged["shares"] == {"a": 0.25, "b": 0.5, "c": 0.25}
    assert judged["cost"] == pytest.approx((1 + 8 + 8 + 70) / 4)


def test_one_worker_and_one_query_leave_no_gap_to_close() -> None:
    data = Outcomes(queries=("x",), workers=("a",), scores=np.array([[0.5]]))
    judged = judge(data, np.array([0]))
    assert judged["gap_closed"] is None
    assert judged["gain"]["interval"] is None
    assert "cost" not in judged


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_choice_is_the_naive_one(seed: int, price: float) -> None:
    chances = np.random.default_rng(seed).random((20, 3))
    naive = [max(range(3), key=lambda w: row[w] - price * COSTS[w]) for row in chances]
    assert choose(chances, COSTS, price).tolist() == naive


@given(st.integers(0, 10_000))
def test_nothing_is_better_than_the_oracle_nor_is_knowing_it_worse(seed: int) -> None:
    data = outcomes(seed)
    known = judge(data, choose(data.scores))
    assert known["score"] == pytest.approx(known["oracle"])
    assert judge(data, choose(np.random.default_rng(seed).random(data.scores.shape)))["score"] <= known["oracle"]


@given(st.integers(0, 10_000))
def test_along_the_curve_the_cost_falls_from_no_account_to_the_cheapest(seed: int) -> None:
    data = outcomes(seed)
    chances = np.random.default_rng(seed).random(data.scores.shape)
    curve = quality_over_cost(data, chances, COSTS)
    assert curve[0]["score"] == judge(data, choose(chances))["score"]
    assert curve[0]["price"] == 0
    costs = [point["cost"] for point in curve]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == 1.0  # no chance can be ahead by more than 1


def test_workers_that_cost_the_same_have_one_point() -> None:
    data = outcomes()
    assert len(quality_over_cost(data, data.scores, np.ones(3))) == 1


async def test_a_reader_is_evaluated_in_the_order_of_the_data() -> None:
    data, told = outcomes(), []
    found = await evaluate_outcomes(
        data,
        Fortune(data, data.scores),
        costs={"c": 70, "b": 8, "a": 1, "unused": 5},
        price=0.0,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found["score"] == found["oracle"]
    assert found["ece"] == 0
    assert found["price"] == 0
    assert found["curve"][0]["cost"] == found["cost"]
    assert told[-1] == (40, 40)


async def test_without_costs_there_is_no_curve() -> None:
    data = outcomes()
    found = await evaluate_outcomes(data, Fortune(data, data.scores), costs={}, price=0.0, progress=lambda *_: None)
    assert "curve" not in found
    assert "cost" not in found


async def test_workers_without_a_chance_or_a_cost_are_named() -> None:
    data = outcomes()
    blind = Fortune(data, data.scores, workers=("a",))
    with pytest.raises(UsageError, match="without a chance of success: b, c"):
        await evaluate_outcomes(data, blind, costs={}, price=0.0, progress=lambda *_: None)
    with pytest.raises(UsageError, match="without a cost: b, c"):
        await evaluate_outcomes(data, Fortune(data, data.scores), costs={"a": 1}, price=0.0, progress=lambda *_: None)
