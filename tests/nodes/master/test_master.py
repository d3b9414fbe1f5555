"""The walk over masters."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.cancellation import CancelToken
from octograph.errors import HeadError
from octograph.graph import NONE, Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.master import NO_WORKER, FunctionalHead, HiddenStates, ReadRequest, StepNetwork, TokenStates
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
            threshold=None,
            system="Route.",
            layer=1,
            adapter=None,
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


class Loading(Reader):
    """It takes for ever to get ready."""

    async def prepare(self) -> None:
        await asyncio.Event().wait()


async def test_who_cancels_does_not_wait_for_the_models() -> None:
    graph, cancel = hierarchy(), CancelToken()
    routing = asyncio.create_task(
        Router(graph, readers={"m": Loading()}, heads=heads(graph, 1)).route("x", cancel=cancel)
    )
    await asyncio.sleep(0)
    cancel.cancel()
    assert await routing is None


def test_every_master_needs_its_head() -> None:
    graph = hierarchy()
    missing = heads(graph, 1)
    del missing["left"]
    with pytest.raises(HeadError, match=r"left.*\n.*octograph train router --graph FILE"):
        Router(graph, readers={"m": Reader()}, heads=missing)


@pytest.mark.parametrize(("threshold", "is_none"), [(0.0, True), (1.0, False)])
async def test_the_threshold_decides_what_is_out_of_scope(threshold: float, is_none: bool) -> None:
    graph = hierarchy()
    rows = heads(graph, 1)
    rows["root"] = replace(rows["root"], threshold=threshold)
    route = await Router(graph, readers={"m": Reader()}, heads=rows).route("hello", cancel=CancelToken())
    assert route is not None
    assert (route.worker == NO_WORKER) is is_none
    assert route.probability == route.distribution[route.worker]


class Planner(Reader):
    """Hidden states that say which worker a text names; the tokens of a text are its words."""

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        self.requests.append(request)
        named = np.array([word in request.text for word in ("add", "write", "noise")], dtype=np.float32)
        each = None
        if request.each:
            ends = np.array([m.end() for m in re.finditer(r"\S+", request.text)])
            # The state of a word: step 1 until "then", nothing for "then", step 2 behind it.
            words = request.text.split()
            place = words.index("then") if "then" in words else len(words)
            steps = [[float(i < place), float(i > place), float(i == place)] for i in range(len(words))]
            each = TokenStates(states=np.array([*steps, [0, 0, 0]], dtype=np.float32), ends=ends)
        return HiddenStates(last=named, mean=named, tokens=3, each=each)


# The update gate is shut (z = 0) and the new state is tanh(x): what a token's state says goes through as it is.
GATES = np.repeat(np.array([0, -50, 0], np.float32), 3)
PASS = np.vstack([np.zeros((6, 3), np.float32), np.eye(3, dtype=np.float32)])
STEPS = StepNetwork(
    token_weight=np.eye(3, dtype=np.float32),
    end_weight=np.zeros((3, 3), np.float32),
    entry_bias=np.zeros(3, np.float32),
    input_weight=np.stack([PASS, PASS]),
    input_bias=np.stack([GATES, GATES]),
    state_weight=np.zeros((2, 9, 3), np.float32),
    state_bias=np.zeros((2, 9), np.float32),
    weight=np.hstack([np.array([[0, 0, 30], [30, 0, 0], [0, 30, 0]], np.float32)] * 2),
    bias=np.zeros(3, np.float32),
)


def planner(*, follows: tuple[tuple[str, str], ...] = (("sums", "letters"),)) -> Router:
    workers = [Worker(name=name, description=name, model="m", examples=("x",)) for name in ("sums", "letters")]
    edges = [Edge(source="root", target=worker.name, kind="routes_to") for worker in workers]
    edges += [Edge(source=one, target=two, kind="follows") for one, two in follows]
    graph = ModelGraph(
        "p", "root", [Model(name="m", source="path:m.gguf")], [Master(name="root", model="m"), *workers], edges
    )
    head = FunctionalHead(
        tokens=("<fn_0>", "<fn_1>", NONE),
        weight=np.hstack([np.eye(3, dtype=np.float32) * 5, np.zeros((3, 3), np.float32)]),
        bias=np.zeros(3, np.float32),
        temperature=1.0,
        threshold=None,
        system="Route.",
        layer=1,
        adapter=None,
        model="path:m.gguf",
    )
    return Router(graph, readers={"m": Planner()}, heads={"root": head}, steps=STEPS)


async def test_a_composed_query_becomes_a_plan_along_follows_edges() -> None:
    route = await planner().route("add the bill, then write it down", cancel=CancelToken())
    assert route is not None
    assert [(step.worker, step.query) for step in route.plan] == [
        ("sums", "add the bill"),
        ("letters", "write it down"),
    ]
    assert (route.worker, route.token) == ("sums", "<fn_0>")
    assert list(route.plan[1].distribution) == ["letters"]
    assert route.plan[1].probability == pytest.approx(1)
    assert [step["worker"] for step in route.document()["plan"]] == ["sums", "letters"]


async def test_the_steps_of_a_plan_may_be_workers_of_another_master() -> None:
    workers = [Worker(name=name, description=name, model="m", examples=("x",)) for name in ("sums", "letters")]
    routes = [("root", "clerks"), ("clerks", "sums"), ("clerks", "letters")]
    edges = [Edge(source=source, target=target, kind="routes_to") for source, target in routes]
    edges.append(Edge(source="sums", target="letters", kind="follows"))
    masters = [Master(name=name, model="m") for name in ("root", "clerks")]
    graph = ModelGraph("n", "root", [Model(name="m", source="path:m.gguf")], [*masters, *workers], edges)
    rows = heads(graph, 0, none=False)
    rows["clerks"] = replace(
        rows["clerks"], weight=np.eye(2, 6, dtype=np.float32) * 5, bias=np.zeros(2, np.float32)
    )  # "add" or "write"
    router = Router(graph, readers={"m": Planner()}, heads=rows, steps=STEPS)
    route = await router.route("add the bill, then write it down", cancel=CancelToken())
    assert route is not None
    assert [(step.worker, step.token) for step in route.plan] == [
        ("sums", "<fn_0><fn_0>"),
        ("letters", "<fn_0><fn_1>"),
    ]
    assert route.token == "<fn_0><fn_0>"


async def test_one_step_is_no_plan() -> None:
    route = await planner().route("add the bill", cancel=CancelToken())
    assert route is not None
    assert route.plan == ()
    assert [step["query"] for step in route.document()["plan"]] == ["add the bill"]


@pytest.mark.parametrize(
    ("follows", "query"),
    [
        ((), "add the bill then write it down"),  # a graph without plans
        ((("letters", "sums"),), "add the bill then write it down"),  # nothing follows the first step
        ((("sums", "sums"),), "add the bill then write it down"),  # nobody who may follow would do
        ((("sums", "letters"),), "noise then write it down"),  # the first step is out of scope
    ],
)
async def test_without_a_walk_the_query_goes_on_whole(follows: tuple[tuple[str, str], ...], query: str) -> None:
    route = await planner(follows=follows).route(query, cancel=CancelToken())
    assert route is not None
    assert route.plan == ()
    assert route.reformulated == query
