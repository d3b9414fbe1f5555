"""The vector and the word index for themselves, against naive references."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import KnowledgeError
from octograph.retrieval.fusion import fuse
from octograph.retrieval.vectors import IndexKind, VectorIndex, plan, training_size
from octograph.retrieval.words import K1, B, WordIndex, terms

DRAW = np.random.default_rng(3)


def vectors(count: int, dimension: int = 96) -> np.ndarray:
    """Unit vectors around a few centres, as those of texts are."""
    centres = DRAW.standard_normal((20, dimension))
    drawn = centres[DRAW.integers(0, 20, count)] + 0.7 * DRAW.standard_normal((count, dimension))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def built(kind: IndexKind, data: np.ndarray) -> VectorIndex:
    return VectorIndex.build(kind, [data[:700], data[700:]], sample=data[: training_size(len(data))], count=len(data))


@pytest.mark.parametrize(("kind", "least"), [("flat", 1.0), ("hnsw", 0.9), ("ivf-pq", 0.5)])
def test_the_nearest_are_found(kind: IndexKind, least: float, tmp_path: Path) -> None:
    data, queries = vectors(3000), vectors(40)
    index = built(kind, data)
    index.save(tmp_path / "x.faiss")
    again = VectorIndex.load(tmp_path / "x.faiss", kind)
    recall = []
    for query in queries:
        exact = np.argsort(-(data @ query))[:10]
        positions, scores = again.search(query, 10)
        assert (np.diff(scores) <= 1e-6).all()
        if again.exact:
            np.testing.assert_allclose(scores, data[positions] @ query, atol=1e-5)
        recall.append(len(set(exact) & set(positions)) / 10)
    assert np.mean(recall) >= least


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf-pq"])
def test_only_what_is_allowed_counts(kind: IndexKind) -> None:
    data = vectors(2000)
    index = built(kind, data)
    allowed = np.zeros(len(data), dtype=bool)
    allowed[[5, 77, 1234]] = True
    positions, _ = index.search(data[5], 10, allowed=allowed)
    assert set(positions) <= {5, 77, 1234}
    assert positions[0] == 5
    assert len(index.search(data[5], 10, allowed=np.zeros(len(data), dtype=bool))[0]) == 0


def test_an_index_grows(tmp_path: Path) -> None:
    data = vectors(1000)
    for kind in ("flat", "hnsw"):
        index = built(kind, data[:900])
        index.add(data[900:])
        assert len(index) == 1000
        assert index.search(data[950], 1)[0][0] == 950
    assert not built("flat", data).outgrown(10**6)
    assert built("ivf-pq", data).outgrown(10**6)


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.faiss").write_bytes(b"nothing")
    with pytest.raises(KnowledgeError, match="cannot be read"):
        VectorIndex.load(tmp_path / "x.faiss", "flat")


def test_the_kind_follows_the_size() -> None:
    assert [plan(count).kind for count in (1, 50_000, 50_001, 300_000, 300_001)] == [
        "flat",
        "flat",
        "hnsw",
        "hnsw",
        "ivf-pq",
    ]
    assert plan(10, "hnsw").kind == "hnsw"
    assert all(plan(count).reason for count in (1, 10**5, 10**6))


TEXTS = [
    "The router was restarted after the update failed twice.",
    "A restart of the routers repairs most failures.",
    "Bread needs flour, water and salt.",
    "",
    "Routers, routers and more routers: the updated routers.",
]


def naive_bm25(query: str, texts: list[str]) -> list[float]:
    """``sum_t idf(t) tf (k1 + 1) / (tf + k1 (1 - b + b |d| / avg))`` without the constant factor, as Lucene has it."""
    bags = [Counter(terms(text)) for text in texts]
    mean = sum(map(Counter.total, bags)) / len(bags)
    scores = []
    for bag in bags:
        score = 0.0
        for term in terms(query):
            containing = sum(term in other for other in bags)
            idf = math.log(1 + (len(bags) - containing + 0.5) / (containing + 0.5))
            if bag[term]:
                score += idf * bag[term] / (bag[term] + K1 * (1 - B + B * bag.total() / mean))
        scores.append(score)
    return scores


def test_words_are_scored_as_bm25_has_it(tmp_path: Path) -> None:
    built = WordIndex.build(TEXTS)
    built.save(tmp_path / "words")
    index = WordIndex.load(tmp_path / "words", len(TEXTS))
    for query in ("restart the router", "update failure", "bread and salt salt"):
        expected = naive_bm25(query, TEXTS)
        positions, scores = index.search(query, len(TEXTS))
        np.testing.assert_allclose(scores, [expected[place] for place in positions], rtol=1e-4)
        assert list(scores) == sorted(scores, reverse=True)
        assert set(positions) == {place for place, score in enumerate(expected) if score > 0}


def test_words_that_are_nowhere_find_nothing(tmp_path: Path) -> None:
    index = WordIndex.build(TEXTS)
    assert len(index.search("zeppelin", 5)[0]) == 0
    assert len(index.search("the of and", 5)[0]) == 0
    empty = WordIndex.build(["", "..."])
    empty.save(tmp_path / "words")
    assert not (tmp_path / "words").exists()
    assert len(WordIndex.load(None, 2).search("anything", 5)[0]) == 0
    allowed = np.array([False, True, True, True, True])
    assert set(index.search("restart", 5, allowed=allowed)[0]) == {1}


def test_scripts_without_spaces_are_found() -> None:
    index = WordIndex.build(["東京都に住んでいます。", "大阪は大きい町です。", "한국어 문서입니다."])
    assert index.search("東京", 3)[0].tolist() == [0]
    assert index.search("문서", 3)[0].tolist() == [2]


@given(
    st.lists(st.dictionaries(st.integers(0, 30), st.floats(-5, 5), max_size=12), min_size=1, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_fusion_takes_everything_once_and_keeps_agreement(rankings: list[dict[int, float]]) -> None:
    fused = fuse(rankings, [1.0] * len(rankings))
    assert {id_ for id_, _ in fused} == {id_ for ranking in rankings for id_ in ranking}
    assert len(fused) == len({id_ for id_, _ in fused})
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)
    if len(rankings) == 1:
        only = rankings[0]
        assert [id_ for id_, _ in fused] == sorted(only, key=lambda id_: (-only[id_], id_))
