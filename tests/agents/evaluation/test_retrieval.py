"""How well searches find documents, against scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from octograph.agents.evaluation.retrieval import RetrievalQuery, evaluate_retrieval

NAMES = [f"d{number}" for number in range(30)]


async def measured(ranked: Sequence[str], relevant: set[str]) -> dict[str, float]:
    async def rank(query: str) -> Sequence[str]:
        return ranked

    query = RetrievalQuery(text="?", relevant=frozenset(relevant))
    report = await evaluate_retrieval([query], {"own": rank}, progress=lambda done, total: None)
    found: dict[str, float] = report["methods"]["own"]
    return found


@pytest.mark.parametrize("ranked", [[], ["a"], ["a", "c"]])
async def test_what_is_not_found_earns_nothing(ranked: list[str]) -> None:
    found = await measured(ranked, {"b"})
    assert [found[key] for key in ("ndcg@10", "recall@10", "recall@100", "mrr@10")] == [0, 0, 0, 0]


async def test_measures_of_one_ranking() -> None:
    found = await measured(["x", "a", *NAMES[:10], "b"], {"a", "b"})
    assert found["ndcg@10"] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert (found["recall@10"], found["recall@100"], found["mrr@10"]) == (0.5, 1.0, 0.5)


@given(ranked=st.permutations(NAMES), relevant=st.sets(st.sampled_from(NAMES), min_size=1))
async def test_ndcg_is_that_of_scikit_learn_where_all_is_ranked(ranked: list[str], relevant: set[str]) -> None:
    gains = np.array([[float(name in relevant) for name in ranked]])
    wanted = ndcg_score(gains, -np.arange(len(ranked))[np.newaxis], k=10)
    assert (await measured(ranked, relevant))["ndcg@10"] == pytest.approx(wanted)
