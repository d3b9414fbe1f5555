"""The learning router: the master's distribution, the policy's choice, nothing else changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from octograph.agents.learning import (
    POLICIES,
    Feedback,
    FeedbackStore,
    Greedy,
    LearningRouter,
    Policy,
    Thompson,
    cluster_of,
)
from octograph.cancellation import CancelToken
from octograph.graph import NONE
from octograph.nodes.master import NO_WORKER, Route
from octograph.testing import FixedClock, FixedRouter

WORKERS = ("math", "law", "code")
TOKENS = {"math": "<fn_0>", "law": "<fn_1>", "code": "<fn_2>"}
INNER = FixedRouter(
    WORKERS,
    {
        "unsure": {"math": 0.5, "code": 0.3, "law": 0.1},
        "sure": {"math": 0.97, "code": 0.01, "law": 0.01},
        "nobody": {NO_WORKER: 0.4, "math": 0.3, "code": 0.3},
    },
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FeedbackStore]:
    """Users who keep saying that what goes to `math` should have gone to `code`."""
    async with FeedbackStore.open(tmp_path / "feedback.sqlite") as store:
        for turn in range(20):
            await store.add(
                Feedback(
                    graph="g",
                    cluster="math",
                    worker="math",
                    kind="overridden",
                    thread="t",
                    turn=str(turn),
                    moment=FixedClock().now().isoformat(),
                    instead="code",
                )
            )
        yield store


async def routed(query: str, router: LearningRouter | FixedRouter) -> Route:
    route = await router.route(query, cancel=CancelToken())
    assert route is not None
    return route


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
async def test_feedback_changes_the_worker_and_leaves_the_master_its_distribution(
    store: FeedbackStore, policy: Policy
) -> None:
    router = LearningRouter(INNER, partial(store.posteriors, "g"), policy, tokens=TOKENS, seed=0)
    before, after = await routed("unsure", INNER), await routed("unsure", router)
    assert after == replace(before, worker="code", token="<fn_2>", probability=0.3)
    assert cluster_of(after.distribution) == cluster_of(before.distribution) == before.worker


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("query", ["sure", "nobody"])
async def test_what_the_master_is_sure_of_stays(store: FeedbackStore, policy: Policy, query: str) -> None:
    router = LearningRouter(INNER, partial(store.posteriors, "g"), policy, tokens=TOKENS, seed=0)
    assert await routed(query, router) == await routed(query, INNER)


async def test_feedback_on_another_graph_does_not_count(store: FeedbackStore) -> None:
    router = LearningRouter(INNER, partial(store.posteriors, "h"), Greedy(), tokens=TOKENS)
    assert await routed("unsure", router) == await routed("unsure", INNER)


async def test_feedback_counts_from_the_next_query_on(store: FeedbackStore) -> None:
    router = LearningRouter(INNER, partial(store.posteriors, "g"), Greedy(), tokens=TOKENS)
    assert (await routed("unsure", router)).worker == "code"
    await store.forget("g")
    assert (await routed("unsure", router)).worker == "math"


@pytest.mark.parametrize("tokens", [{}, {"math": "<fn_0>"}, {NO_WORKER: NONE}])
async def test_a_worker_that_no_token_leads_to_is_not_taken(store: FeedbackStore, tokens: dict[str, str]) -> None:
    router = LearningRouter(INNER, partial(store.posteriors, "g"), Thompson(), tokens=tokens, seed=0)
    assert {(await routed("unsure", router)).worker for _ in range(20)} == {"math"}


async def test_chance_is_the_seed(store: FeedbackStore) -> None:
    await store.forget("g")

    async def workers(seed: int) -> list[str]:
        router = LearningRouter(INNER, partial(store.posteriors, "g"), Thompson(), tokens=TOKENS, seed=seed)
        return [(await routed("unsure", router)).worker for _ in range(40)]

    first = await workers(1)
    assert first == await workers(1) != await workers(2)
    assert {"math", "code"} <= set(first)


async def test_a_cancelled_route_stays_none(store: FeedbackStore) -> None:
    cancel = CancelToken()
    cancel.cancel()
    router = LearningRouter(INNER, partial(store.posteriors, "g"), Greedy(), tokens=TOKENS)
    assert await router.route("unsure", cancel=cancel) is None
