"""A router that weighs each worker's chance of success against what its answer costs."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from octograph.cancellation import CancelToken, unless_cancelled
from octograph.errors import UsageError
from octograph.nodes.master.outcomes import OutcomeRows, check_reached
from octograph.nodes.master.reader import QueryReader, ReadRequest
from octograph.nodes.master.route import NO_WORKER, Route, Router

__all__ = ["OutcomeRouter"]


class OutcomeRouter:
    """A `Router` that takes the worker with the most of ``chance - price * cost``.

    ``Route.chances`` are calibrated chances of success: what to tell people about the chosen worker is
    ``route.chances[route.worker]``.
    ``Route.distribution`` must sum to 1, which chances of success do not: several workers may all be sure to succeed.
    It is the probability that a worker is the best choice, ``softmax((chance - price * cost) / T)``, so that it ranks
    the workers in the order in which they are to be tried.

    Parameters
    ----------
    reader
        Of the model that the rows were fitted on.
    rows
        Foretell the chances.
    tokens
        The functional tokens that lead to each worker, such as ``<fn_2>``.
    costs
        Of one answer of each worker, in any unit: seconds, tokens, money.
    price
        What a unit of cost is worth, in chance of success; at 0 costs are of no account.
    adapter
        Where the adapter is that the rows name.
    router
        Decides first. Its word stands on what the rows know nothing of: queries that no worker fits, queries of
        several steps, workers without a row. How it puts the query stands too. Without one, every query gets a worker.

    Raises
    ------
    UsageError
        The price is negative, or there is one and a worker's cost is missing or negative; or a worker has no token.

    """

    def __init__(
        self,
        reader: QueryReader,
        rows: OutcomeRows,
        *,
        tokens: Mapping[str, str],
        costs: Mapping[str, float],
        price: float = 0.0,
        adapter: Path | None = None,
        router: Router | None = None,
    ) -> None:
        if not 0 <= price < math.inf:
            raise UsageError(f"the price is {price!r}", hint="Give 0 or more: chance of success for a unit of cost.")
        check_reached(rows.workers, tokens)
        unknown = [worker for worker in rows.workers if not 0 <= costs.get(worker, math.nan) < math.inf]
        if price > 0 and unknown:
            raise UsageError(
                f"there is a price and no cost of: {', '.join(unknown)}",
                hint="Give each worker a `cost` of 0 or more in the graph file, all in one unit, or set `price = 0`.",
            )
        self._reader = reader
        self._rows = rows
        self._tokens = tokens
        self._paid = {worker: price * costs[worker] if price > 0 else 0.0 for worker in rows.workers}
        self._adapter = adapter
        self._router = router

    async def chances(self, query: str, *, cancel: CancelToken) -> dict[str, float] | None:
        """Return the chance of success of each worker, None if it was cancelled.

        Raises
        ------
        HeadError
            The reader's model is not the one that the rows were fitted on.

        """
        rows = self._rows
        request = ReadRequest(system=rows.system, text=query, layer=rows.layer, adapter=self._adapter)
        states = await self._reader.read(request, cancel=cancel)
        return None if states is None else rows.chances(states.vector())

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        base = None
        if self._router is not None:
            base = await self._router.route(query, cancel=cancel)
            if base is None or base.worker not in self._rows.workers or base.plan:
                return base
        await unless_cancelled(self._reader.prepare(), cancel)
        started = time.perf_counter()
        chances = await self.chances(query, cancel=cancel)
        if chances is None:
            return None
        worth = {worker: chance - self._paid[worker] for worker, chance in chances.items()}
        worker = max(worth, key=lambda name: worth[name])
        distribution = self._shared(worth, {} if base is None else base.distribution)
        spent = (time.perf_counter() - started) * 1000
        route = base or Route(
            worker=worker,
            token=self._tokens[worker],
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=0.0,
        )
        return replace(
            route,
            worker=worker,
            token=self._tokens[worker],
            probability=distribution[worker],
            distribution=distribution,
            latency_ms=route.latency_ms + spent,
            chances=chances,
        )

    def _shared(self, worth: Mapping[str, float], base: Mapping[str, float]) -> dict[str, float]:
        """A distribution in which the workers with rows share among themselves what `base` leaves to them."""
        highest = max(worth.values())
        weights = {worker: math.exp((value - highest) / self._rows.temperature) for worker, value in worth.items()}
        left = max(0.0, 1.0 - sum(share for name, share in base.items() if name not in worth))
        total = sum(weights.values())
        distribution = {**base, **{worker: left * weight / total for worker, weight in weights.items()}}
        distribution.setdefault(NO_WORKER, 0.0)
        return distribution
