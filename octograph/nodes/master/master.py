"""The master: one pass over the query, one functional token out; another pass over each step of a composed query."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from octograph.cancellation import CancelToken, unless_cancelled
from octograph.errors import HeadError
from octograph.graph import NONE, ModelGraph
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.planning import LEAST_REACHED, asked_in_steps
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest
from octograph.nodes.master.reformulation import Reformulator
from octograph.nodes.master.route import NO_WORKER, PlannedStep, Route
from octograph.nodes.master.steps import StepNetwork

__all__ = ["DEFAULT_SYSTEM", "Master"]

DEFAULT_SYSTEM = "You are a router. Read the request and name the expert who should handle it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What the walk over the masters came to: the best worker, and the tokens that lead to each."""

    worker: str
    paths: Mapping[str, str]
    distribution: Mapping[str, float]


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
    adapters
        Where the adapters are that the heads name.
    steps
        Tells the steps of a query apart, for a graph with ``follows`` edges; None makes every query one step.
    reformulator
        Rewrites queries for the workers that want it; None leaves them as they are.

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
        adapters: Mapping[str, Path] | None = None,
        steps: StepNetwork | None = None,
        reformulator: Reformulator | None = None,
    ) -> None:
        for master in graph.masters():
            if master.name not in heads:
                raise HeadError(
                    f"the master {master.name!r} has no functional head",
                    hint="Run `octograph train router --graph FILE` again.",
                )
            heads[master.name].check(graph.vocabulary(master.name), master=master.name)
        self._graph = graph
        self._readers = readers
        self._heads = heads
        self._adapters = adapters or {}
        self._steps = steps if any(edge.kind == "follows" for edge in graph.edges) else None
        self._reformulator = reformulator

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`. Masters that read alike share one pass over the query."""
        for model in {master.model for master in self._graph.masters()}:
            await unless_cancelled(self._readers[model].prepare(), cancel)
        started = time.perf_counter()
        root = await self._read(self._graph.master_name, query, each=self._steps is not None, cancel=cancel)
        if root is None:
            return None
        choice = await self._choose(query, root, cancel=cancel)
        if choice is None:
            return None
        plan = await self._plan(query, root, cancel=cancel)
        if plan is None:
            return None
        route = Route(
            worker=choice.worker,
            token=choice.paths[choice.worker],
            probability=choice.distribution[choice.worker],
            distribution=choice.distribution,
            reformulated=query,
            latency_ms=0.0,
        )
        if plan:
            first = plan[0]
            route = replace(
                route,
                worker=first.worker,
                token=first.token,
                probability=first.probability,
                distribution=first.distribution,
                plan=plan,
            )
        elif self._reformulator is not None and self._wants_rewriting(choice.worker):
            worker = self._graph.worker(choice.worker)
            rewritten = await self._reformulator.reformulate(
                query, token=choice.paths[choice.worker], description=worker.description, cancel=cancel
            )
            if rewritten is None:
                return None
            route = replace(route, reformulated=rewritten.query)
        return replace(route, latency_ms=(time.perf_counter() - started) * 1000)

    def _wants_rewriting(self, worker: str) -> bool:
        return worker != NO_WORKER and self._graph.worker(worker).reformulate

    async def _read(self, master: str, text: str, *, each: bool = False, cancel: CancelToken) -> HiddenStates | None:
        head = self._heads[master]
        request = ReadRequest(
            system=head.system,
            text=text,
            layer=head.layer,
            adapter=None if head.adapter is None else self._adapters[head.adapter],
            each=each,
        )
        return await self._readers[self._model(master)].read(request, cancel=cancel)

    def _model(self, master: str) -> str:
        return next(node.model for node in self._graph.masters() if node.name == master)

    async def _choose(self, text: str, root: HiddenStates, *, cancel: CancelToken) -> _Choice | None:
        """Walk all masters; `root` is what the root master read."""
        states = {self._reading(self._graph.master_name): root}
        choices: dict[str, dict[str, float]] = {}
        for master in self._graph.masters():
            reading = self._reading(master.name)
            if reading not in states:
                read = await self._read(master.name, text, cancel=cancel)
                if read is None:
                    return None
                states[reading] = read
            choices[master.name] = self._heads[master.name].distribution(states[reading].vector())
        distribution, paths = self._walk(choices)
        return _Choice(worker=self._best(distribution), paths=paths, distribution=distribution)

    def _reading(self, master: str) -> tuple[object, ...]:
        """How a master reads; masters of equal readings see the same states."""
        head = self._heads[master]
        return self._model(master), head.system, head.layer, head.adapter

    def _best(self, distribution: Mapping[str, float]) -> str:
        """The most probable worker, unless the query is out of scope."""
        limit = self._heads[self._graph.master_name].threshold
        inside = {name: p for name, p in distribution.items() if name != NO_WORKER}
        if limit is None:
            return max(distribution, key=lambda name: distribution[name])
        if distribution[NO_WORKER] >= limit or not inside:
            return NO_WORKER
        return max(inside, key=lambda name: inside[name])

    async def _plan(self, query: str, root: HiddenStates, *, cancel: CancelToken) -> tuple[PlannedStep, ...] | None:
        """The steps of a query, in order; empty if it is one step or no walk over the graph leads through them."""
        if self._steps is None or root.each is None:
            return ()
        asked = asked_in_steps(query.strip(), self._steps.spans(root.each, query.strip()))
        plan: list[PlannedStep] = []
        for text in asked:
            read = await self._read(self._graph.master_name, text, cancel=cancel)
            choice = None if read is None else await self._choose(text, read, cancel=cancel)
            if choice is None:
                return None
            step = self._step(text, choice, plan)
            if step is None:
                return ()
            plan.append(step)
        return tuple(plan)

    def _step(self, text: str, choice: _Choice, plan: Sequence[PlannedStep]) -> PlannedStep | None:
        """The next step of a plan, None if none of its candidates would do."""
        candidates: Mapping[str, float] = choice.distribution
        if plan:
            followers = self._graph.neighbours(plan[-1].worker, "follows")
            reached = {name: choice.distribution.get(name, 0.0) for name in followers}
            total = sum(reached.values())
            if total < LEAST_REACHED:
                return None
            candidates = {name: share / total for name, share in reached.items()}
            worker = max(candidates, key=lambda name: candidates[name])
        else:
            worker = choice.worker
            if worker == NO_WORKER or not self._graph.neighbours(worker, "follows"):
                return None
        return PlannedStep(
            worker=worker,
            token=choice.paths[worker],
            probability=candidates[worker],
            distribution=candidates,
            query=text,
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
