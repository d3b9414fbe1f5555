"""The router on outcomes around another router: what it takes over, and what it leaves alone."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.nodes.master import NO_WORKER, HiddenStates, PlannedStep, ReadRequest, Route
from octograph.nodes.master.landmarks import Landmarks
from octograph.nodes.master.outcome_router import OutcomeRouter
from octograph.nodes.master.outcomes import OutcomeRows

BASE = Route(
    worker="small",
    token="<fn_0>",
    probability=0.6,
    distribution={"small": 0.6, "large": 0.1, "clock": 0.2, NO_WORKER: 0.1},
    reformulated="put otherwise",
    latency_ms=1000.0,
)


class Reader:
    """The same states for every query."""

    def __init__(self) -> None:
        self.requests: list[ReadRequest] = []

    async def prepare(self) -> None:
        """It is ready."""

    async def layers(self) -> int:
        return 5

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        self.requests.append(request)
        return HiddenStates(last=np.ones(1, np.float32), mean=np.ones(1, np.float32), tokens=1)


class Before:
    """A `Router` that always decides the same."""

    def __init__(self, route: Route | None) -> None:
        self._route = route

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        return self._route


def rows() -> OutcomeRows:
    """Chances of 0.3 for the small worker and 0.8 for the large one, whatever the query."""
    return OutcomeRows(
        workers=("small", "large"),
        landmarks=Landmarks(
            centre=np.zeros(2, np.float32), scale=np.ones(2, np.float32), points=np.zeros((3, 2), np.float32)
        ),
        weight=np.zeros((2, 3), np.float32),
        bias=np.array([math.log(0.3 / 0.7), math.log(0.8 / 0.2)], np.float32),
        slope=np.ones(2, np.float32),
        offset=np.zeros(2, np.float32),
        temperature=0.25,
        system="Route.",
        layer=3,
        adapter=None,
        model="path:m.gguf",
        report={},
    )


def router(base: Route | None, *, price: float = 0.0, reader: Reader | None = None) -> OutcomeRouter:
    return OutcomeRouter(
        reader or Reader(),
        rows(),
        tokens={"small": "<fn_0>", "large": "<fn_7>"},
        costs={"small": 1.0, "large": 11.0},
        price=price,
        router=Before(base),
    )


async def test_workers_with_rows_share_what_the_others_leave_to_them() -> None:
    reader = Reader()
    route = await router(BASE, reader=reader).route("query", cancel=CancelToken())
    assert route is not None
    assert (route.worker, route.token, route.reformulated) == ("large", "<fn_7>", "put otherwise")
    assert route.chances == pytest.approx({"small": 0.3, "large": 0.8})
    assert route.distribution[NO_WORKER] == 0.1
    assert route.distribution["clock"] == 0.2
    assert sum(route.distribution.values()) == pytest.approx(1)
    assert route.distribution["large"] / route.distribution["small"] == pytest.approx(math.exp(0.5 / 0.25))
    assert route.probability == route.distribution["large"]
    assert route.latency_ms > 1000
    assert (reader.requests[0].system, reader.requests[0].layer) == ("Route.", 3)


@pytest.mark.parametrize(("price", "worker"), [(0.0, "large"), (0.049, "large"), (0.051, "small")])
async def test_the_price_tips_the_balance_where_it_equals_the_gain(price: float, worker: str) -> None:
    route = await router(BASE, price=price).route("query", cancel=CancelToken())
    assert route is not None
    assert route.worker == worker
    assert route.chances == pytest.approx({"small": 0.3, "large": 0.8})  # the price changes the choice, no chance
    known = {name: route.distribution[name] for name in ("small", "large")}
    assert max(known, key=lambda name: known[name]) == worker


@pytest.mark.parametrize(
    "base",
    [
        None,
        replace(BASE, worker=NO_WORKER, token="<fn_none>"),
        replace(BASE, worker="clock", token="<fn_4>"),
        replace(
            BASE, plan=(PlannedStep(worker="small", token="<fn_0>", probability=1, distribution={}, query="x"),) * 2
        ),
    ],
)
async def test_what_the_rows_know_nothing_of_stays_as_it_is(base: Route | None) -> None:
    reader = Reader()
    assert await router(base, reader=reader).route("query", cancel=CancelToken()) == base
    assert reader.requests == []


class Loading(Reader):
    """It takes for ever to get ready."""

    async def prepare(self) -> None:
        await asyncio.Event().wait()

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        return None if cancel.cancelled else await super().read(request, cancel=cancel)


async def test_who_cancels_does_not_wait_for_the_model() -> None:
    cancel = CancelToken()
    routing = asyncio.create_task(router(BASE, reader=Loading()).route("query", cancel=cancel))
    await asyncio.sleep(0)
    cancel.cancel()
    assert await routing is None
