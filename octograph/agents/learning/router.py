"""A router that takes feedback into account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import numpy as np

from octograph.agents.learning.policies import Policy
from octograph.agents.learning.posteriors import Posteriors, cluster_of
from octograph.cancellation import CancelToken
from octograph.graph import ModelGraph
from octograph.nodes.master import NO_WORKER, Route, Router

__all__ = ["LearningRouter", "choosable"]


class LearningRouter:
    """A `Router` around another: its distribution is the prior, a policy makes the choice.

    The distribution stays the master's, so that a query's cluster can be told from its route afterwards.

    Parameters
    ----------
    router
        Whose routes are the prior.
    recall
        Tells what feedback has taught, such as `FeedbackStore.posteriors` of a graph.
    policy
        Makes the choice.
    tokens
        The functional tokens that lead to each worker; a worker without is never taken instead of the master's.
    seed
        Of the policy's chance; different each time if None.

    """

    def __init__(
        self,
        router: Router,
        recall: Callable[[], Awaitable[Posteriors]],
        policy: Policy,
        *,
        tokens: Mapping[str, str],
        seed: int | None = None,
    ) -> None:
        self._router = router
        self._recall = recall
        self._policy = policy
        self._tokens = tokens
        self._rng = np.random.default_rng(seed)

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`. A route to `NO_WORKER` stays as it is, and so does a plan of several steps.

        Raises
        ------
        FeedbackError
            The feedback cannot be read.

        """
        route = await self._router.route(query, cancel=cancel)
        if route is None or route.worker == NO_WORKER or route.plan:
            return route
        reachable = {*self._tokens, route.worker}
        worker = self._policy.choose(
            {name: share for name, share in route.distribution.items() if name in reachable},
            await self._recall(),
            cluster=cluster_of(route.distribution),
            rng=self._rng,
        )
        if worker == route.worker:
            return route
        return replace(route, worker=worker, probability=route.distribution[worker], token=self._tokens[worker])


def choosable(graph: ModelGraph) -> dict[str, str]:
    """The functional token of each worker that the root master can choose itself."""
    vocabulary = graph.vocabulary(graph.master_name)
    names = {worker.name for worker in graph.workers()}
    return {target: vocabulary.token_of(target) for target in vocabulary.targets if target in names}
