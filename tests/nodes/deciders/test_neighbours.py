"""The embedding router, beside a naive one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.errors import GraphError
from octograph.graph import Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.deciders import NeighboursRouter, targets_of
from octograph.nodes.deciders.example_index import DEFAULT_TEMPERATURE, TEMPERATURES, ExampleIndex
from octograph.nodes.master import NO_WORKER


class LetterEmbedder:
    """Texts as their counts of letters."""

    def __init__(self) -> None:
        self.encoded: list[list[str]] = []

    async def prepare(self) -> None:
        """It is ready."""

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        await asyncio.sleep(0)
        if cancel.cancelled:
            return None
        self.encoded.append(list(texts))
        counts = np.array([[1e-3, *(text.count(letter) for letter in "abcdefgh")] for text in texts], np.float32)
        vectors: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return vectors


def graph(*, none: tuple[str, ...] = ("hhh", "hhg")) -> ModelGraph:
    """A root over a worker and a master over two more, one of which both reach."""
    workers = [
        Worker(name="first", description="A", model="m", examples=("aaa", "aab", "aaa")),
        Worker(name="second", description="B", model="m", examples=("bbb", "bbc")),
        Worker(name="third", description="C", model="m", examples=("ccc", "ccd")),
        Worker(name="mute", description="D", model="m"),
        Worker(name="apart", description="E", model="m", examples=("eee",)),
    ]
    masters = [Master(name="root", model="m", none_examples=none), Master(name="inner", model="m")]
    routes = [
        ("root", "first"),
        ("root", "inner"),
        ("root", "second"),
        ("root", "mute"),
        ("inner", "second"),
        ("inner", "third"),
        ("inner", "root"),
    ]
    edges = [Edge(source=source, target=target, kind="routes_to") for source, target in routes]
    return ModelGraph("g", "root", [Model(name="m", source="path:m.gguf")], [*masters, *workers], edges)


def test_targets_are_the_workers_that_the_root_reaches() -> None:
    targets = {target.name: target for target in targets_of(graph())}
    assert {name: target.token for name, target in targets.items()} == {
        "first": "<fn_0>",
        "second": "<fn_2>",  # the shorter of two ways
        "mute": "<fn_3>",
        "third": "<fn_1><fn_1>",
    }
    assert targets["first"].examples == ("aaa", "aab")
    assert targets["third"].description == "C"


async def test_the_worker_with_the_nearest_examples_is_chosen() -> None:
    router = NeighboursRouter(graph(), embedder=LetterEmbedder())
    found = {}
    for query in ("aabaa", "bbb", "cdc", "ggh"):
        route = await router.route(query, cancel=CancelToken())
        assert route is not None
        found[query] = (route.worker, route.token)
        assert list(route.distribution) == ["first", "mute", "second", "third", NO_WORKER]
        assert sum(route.distribution.values()) == pytest.approx(1)
        assert route.distribution["mute"] == 0
        assert route.probability == route.distribution[route.worker] == max(route.distribution.values())
        assert route.reformulated == query
        assert route.latency_ms > 0
    assert found == {
        "aabaa": ("first", "<fn_0>"),
        "bbb": ("second", "<fn_2>"),
        "cdc": ("third", "<fn_1><fn_1>"),
        "ggh": (NO_WORKER, "<fn_none>"),
    }


async def test_examples_are_embedded_once_however_many_ask() -> None:
    embedder = LetterEmbedder()
    router = NeighboursRouter(graph(), embedder=embedder)
    await asyncio.gather(*(router.route(query, cancel=CancelToken()) for query in ("aa", "bb", "cc")))
    assert sorted(map(len, embedder.encoded)) == [1, 1, 1, 8]


async def test_a_cancelled_query_has_no_route_and_the_next_one_has() -> None:
    cancel = CancelToken()
    cancel.cancel()
    router = NeighboursRouter(graph(), embedder=LetterEmbedder())
    assert await router.route("aa", cancel=cancel) is None
    assert await router.route("aa", cancel=CancelToken()) is not None
    assert await router.route("aa", cancel=cancel) is None


async def test_without_examples_of_none_nothing_is_out_of_scope() -> None:
    route = await NeighboursRouter(graph(none=()), embedder=LetterEmbedder()).route("hhh", cancel=CancelToken())
    assert route is not None
    assert route.distribution[NO_WORKER] == 0


def test_a_graph_without_examples_is_refused() -> None:
    worker = Worker(name="w", description="W", model="m")
    edges = [Edge(source="root", target="w", kind="routes_to")]
    bare = ModelGraph(
        "bare", "root", [Model(name="m", source="path:m.gguf")], [Master(name="root", model="m"), worker], edges
    )
    with pytest.raises(GraphError, match="'bare' has no examples") as caught:
        NeighboursRouter(bare, embedder=LetterEmbedder())
    assert "examples" in caught.value.hint


def naive(index: ExampleIndex, query: NDArray[np.float32], temperature: float, *, without: int = -1) -> list[float]:
    """``softmax(mean of the k nearest / T)``, one label at a time."""
    weights = []
    for name in index.names:
        own = [
            float(vector @ query)
            for row, (vector, label) in enumerate(zip(index.vectors, index.labels, strict=True))
            if label == name and row != without
        ]
        nearest = sorted(own, reverse=True)[: index.neighbours]
        weights.append(np.exp(sum(nearest) / len(nearest) / temperature) if nearest else 0.0)
    return [float(weight / sum(weights)) for weight in weights]


def index_of(seed: int, counts: Sequence[int], neighbours: int) -> ExampleIndex:
    random = np.random.default_rng(seed)
    labels = np.array([f"w{place}" for place, count in enumerate(counts) for _ in range(count)])
    vectors = random.normal(size=(len(labels), 6)).astype(np.float32) + 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"w{place}" for place in range(len(counts))]
    return ExampleIndex(vectors=vectors, labels=labels, names=names, neighbours=neighbours)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 1000), st.lists(st.integers(0, 9), min_size=2, max_size=5).filter(any), st.integers(1, 6))
def test_probabilities_are_those_of_the_naive_way(seed: int, counts: list[int], neighbours: int) -> None:
    index = index_of(seed, counts, neighbours)
    query = index_of(seed + 1, [1], 1).vectors[0]
    found = index.probabilities(query, 0.1)
    np.testing.assert_allclose(found, naive(index, query, 0.1), rtol=1e-4, atol=1e-9)


def test_the_temperature_has_the_least_log_loss_with_each_example_left_out() -> None:
    index = index_of(3, [7, 1, 12, 0, 5], 4)
    places = {name: place for place, name in enumerate(index.names)}

    def loss(temperature: float) -> float:
        losses = [
            -np.log(naive(index, vector, temperature, without=row)[places[str(label)]])
            for row, (vector, label) in enumerate(zip(index.vectors, index.labels, strict=True))
            if label != "w1"  # its only example: nothing is left to know it by
        ]
        return float(np.mean(losses))

    chosen = index.temperature()
    assert loss(chosen) == pytest.approx(min(loss(float(t)) for t in TEMPERATURES), abs=1e-4)


def test_examples_that_are_all_alone_say_nothing_about_the_temperature() -> None:
    assert index_of(1, [1, 1, 1], 5).temperature() == DEFAULT_TEMPERATURE
