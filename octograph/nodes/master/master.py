"""The master: one pass over the query, one functional token out."""

from __future__ import annotations

import time
from collections.abc import Mapping

from octograph.errors import HeadError
from octograph.graph import NONE, ModelGraph
from octograph.nodes.cancellation import CancelToken
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest
from octograph.nodes.master.route import NO_WORKER, Route

__all__ = ["DEFAULT_SYSTEM", "Master"]

DEFAULT_SYSTEM = "You are a router. Read the request and name the expert who should handle it."


class Master:
    """A `Router` that walks the masters of a graph by their functional heads.

    Parameters
    ----------
    graph
        Whose workers it chooses from.
    readers
        A `QueryReader` for each model that a master uses.
    heads
        A `FunctionalHead` for each master.

    Raises
    ------
    HeadError
        A master has no head, or one that does not fit its workers.

    """

    def __init__(
        self,
        graph: ModelGraph,
        *,
        readers: Mapping[str, QueryReader],
        heads: Mapping[str, FunctionalHead],
    ) -> None:
        for master in graph.masters():
            if master.name not in heads:
                raise HeadError(
                    f"the master {master.name!r} has no functional head",
                    hint="Run `octograph train router` again.",
                )
            heads[master.name].check(graph.vocabulary(master.name), master=master.name)
        self._graph = graph
        self._readers = readers
        self._heads = heads

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`. Masters that read alike share one pass over the query."""
        for model in {master.model for master in self._graph.masters()}:
            await self._readers[model].prepare()
        started = time.perf_counter()
        states: dict[tuple[str, str, int], HiddenStates] = {}
        choices: dict[str, dict[str, float]] = {}
        for master in self._graph.masters():
            head = self._heads[master.name]
            reading = (master.model, head.system, head.layer)
            if reading not in states:
                request = ReadRequest(system=head.system, text=query, layer=head.layer)
                read = await self._readers[master.model].read(request, cancel=cancel)
                if read is None:
                    return None
                states[reading] = read
            choices[master.name] = head.distribution(states[reading].vector())
        distribution, paths = self._walk(choices)
        worker = max(distribution, key=lambda name: distribution[name])
        return Route(
            worker=worker,
            token=paths[worker],
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=(time.perf_counter() - started) * 1000,
        )

    def _walk(self, choices: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, float], dict[str, str]]:
        """Probabilities of the workers, and the tokens that lead to each.

        Along a path of masters the probabilities multiply; a worker that several paths reach gets their sum
        and the most probable path's tokens.
        """
        distribution: dict[str, float] = {NO_WORKER: 0.0}
        best: dict[str, tuple[float, str]] = {}
        paths = [(self._graph.master.name, 1.0, "")]
        while paths:
            master, reached, tokens = paths.pop()
            vocabulary = self._graph.vocabulary(master)
            for token, probability in choices[master].items():
                share = reached * probability
                target = vocabulary.target_of(token) if token != NONE else None
                if target is not None and target in choices:
                    paths.append((target, share, tokens + token))
                    continue
                name = target or NO_WORKER
                distribution[name] = distribution.get(name, 0.0) + share
                best[name] = max(best.get(name, (-1.0, "")), (share, tokens + token))
        ordered = {name: distribution[name] for name in sorted(distribution, key=lambda n: (n == NO_WORKER, n))}
        tokens_of = {name: best[name][1] if name in best else NONE for name in ordered}
        return ordered, tokens_of
