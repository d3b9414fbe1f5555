"""The walk over masters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import HeadError
from octograph.graph import NONE, Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.master import NO_WORKER, FunctionalHead, HiddenStates, ReadRequest
from octograph.nodes.master import Master as Router


class Reader:
    """Hidden states made of the query's length."""

    def __init__(self) -> None:
        self.requests: list[ReadRequest] = []

    async def prepare(self) -> None:
        """It is ready."""

    async def layers(self) -> int:
        return 4

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        self.requests.append(request)
        if cancel.cancelled:
            return None
        values = np.sin(np.arange(1, 4, dtype=np.float32) * len(request.text))
        return HiddenStates(last=values, mean=values[::-1].copy(), tokens=len(request.text))


def hierarchy() -> ModelGraph:
    """A root over a worker and two masters; one worker is reached by both of them."""
    workers = [Worker(name=name, description=name, model="m", examples=("x",)) for name in ("a", "b", "c", "d")]
    masters = [Master(name=name, model="m") for name in ("root", "left", "right")]
    routes = [
        ("root", "a"),
        ("root", "left"),
        ("root", "right"),
        ("left", "b"),
        ("left", "c"),
        ("right", "c"),
        ("right", "d"),
    ]
    edges = [Edge(source=source, target=target, kind="routes_to") for source, target in routes]
    models = [Model(name="m", source="path:m.gguf")]
    return ModelGraph("h", "root", models, [*masters, *workers], edges)


def heads(graph: ModelGraph, seed: int, *, none: bool = True) -> dict[str, FunctionalHead]:
    random = np.random.default_rng(seed)
    made = {}
    for master in graph.masters():
        tokens = tuple(token for token in graph.vocabulary(master.name).tokens if none or token != NONE)
        made[master.name] = FunctionalHead(
            tokens=tokens,
            weight=random.normal(size=(len(tokens), 6)).astype(np.float32),
            bias=random.normal(size=len(tokens)).astype(np.float32),
            temperature=1.0,
            system="Route.",
            layer=1,
            model="path:m.gguf",
        )
    return made


@settings(deadline=None)
@given(st.integers(0, 1000), st.text(min_size=1, max_size=40))
async def test_the_distribution_over_a_hierarchy_sums_to_one(seed: int, query: str) -> None:
    graph, reader = hierarchy(), Reader()
    rows = heads(graph, seed)
    route = await Router(graph, readers={"m": reader}, heads=rows).route(query, cancel=CancelToken())
    assert route is not None
    assert set(route.distribution) == {"a", "b", "c", "d", NO_WORKER}
    assert sum(route.distribution.values()) == pytest.approx(1)
    assert route.worker == max(route.distribution, key=lambda name: route.distribution[name])
    assert route.reformulated == query
    assert len(reader.requests) == 1  # masters that read alike share one pass
    states = await reader.read(reader.requests[0], cancel=CancelToken())
    assert states is not None
    choice = {name: head.distribution(states.vector()) for name, head in rows.items()}
    token = {name: graph.vocabulary(name).token_of for name in rows}
    through_left = choice["root"][token["root"]("left")] * choice["left"][token["left"]("c")]
    through_right = choice["root"][token["root"]("right")] * choice["right"][token["right"]("c")]
    assert route.distribution["c"] == pytest.approx(through_left + through_right)


async def test_a_master_without_none_examples_never_says_none() -> None:
    graph = hierarchy()
    route = await Router(graph, readers={"m": Reader()}, heads=heads(graph, 1, none=False)).route(
        "hello", cancel=CancelToken()
    )
    assert route is not None
    assert route.distribution[NO_WORKER] == 0


async def test_a_cancelled_query_has_no_route() -> None:
    graph, cancel = hierarchy(), CancelToken()
    cancel.cancel()
    assert await Router(graph, readers={"m": Reader()}, heads=heads(graph, 1)).route("x", cancel=cancel) is None


def test_every_master_needs_its_head() -> None:
    graph = hierarchy()
    missing = heads(graph, 1)
    del missing["left"]
    with pytest.raises(HeadError, match="left"):
        Router(graph, readers={"m": Reader()}, heads=missing)
