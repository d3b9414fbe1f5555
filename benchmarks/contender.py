"""A way of routing in a process of its own, so that its memory and its time are its own.

    python -m benchmarks.contender NAME GRAPH

NAME is one of:

    master                 Octograph's master, as it is
    neighbours             Octograph's embedding router on all-MiniLM-L6-v2
    logistic, centroids    a logistic regression, and centroids, on the same vectors
    zero-shot              the master's model is shown the workers' descriptions and asked; the likelihood of each
                           worker's name as its answer decides
    zero-shot-calibrated   the same, divided by the likelihood behind a request without content (Zhao et al. 2021)

Requests, a line of JSON each, and their answers:

    {"op": "prepare", "seed": int}
        {"seconds"} and what was chosen while fitting
    {"op": "route", "query": str}
        {"worker", "probability", "distribution", "latency_ms"}
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import octograph
from benchmarks.linear_head import LinearHead, fit_centroids, fit_logistic
from benchmarks.peers.lines import serve
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import model_store
from octograph.graph import ModelGraph, open_graph
from octograph.nodes.deciders import NeighboursRouter, targets_of
from octograph.nodes.decoding import Chat, ScoreRequest, Text
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.nodes.generation import Message
from octograph.nodes.llama import LlamaClient
from octograph.nodes.master import NO_WORKER, Route, Router

__all__ = ["main"]

CONTENT_FREE = "N/A"

Fit = Callable[..., LinearHead]


class LinearRouter:
    """A `Router` by a linear head on sentence vectors.

    Parameters
    ----------
    embedder
        Gives the vectors.
    head
        Decides.

    """

    def __init__(self, embedder: EmbedderClient, head: LinearHead) -> None:
        self._embedder = embedder
        self._head = head

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        started = time.perf_counter()
        vectors = await self._embedder.encode([query], cancel=cancel)
        if vectors is None:
            return None
        return _route(query, self._head.distribution(vectors[0]), started)


class ZeroShotRouter:
    """A `Router` that asks a language model which worker fits.

    ``P(c|q) = softmax_c(log p(name_c | prompt(q)) - log p(name_c | prompt(N/A)))``, the second term only if it is
    calibrated.

    Parameters
    ----------
    model
        The language model.
    graph
        Whose workers it chooses from, by their descriptions.
    calibrated
        Whether names that are likely whatever is asked are held back.

    """

    def __init__(self, model: LlamaClient, graph: ModelGraph, *, calibrated: bool) -> None:
        described = {target.name: target.description for target in targets_of(graph)}
        described[NO_WORKER] = "Anything that is for none of the others"
        experts = "\n".join(f"- {_spoken(name)}: {text}" for name, text in described.items())
        self._system = f"You choose the expert who should handle a request.\n\nExperts:\n{experts}"
        self._names = list(described)
        self._model = model
        self._calibrated = calibrated
        self._before: NDArray[np.float64] | None = None  # [names]

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        if self._before is None:
            none = np.zeros(len(self._names))
            self._before = await self._likelihoods(CONTENT_FREE) if self._calibrated else none
        started = time.perf_counter()
        logits = await self._likelihoods(query) - self._before
        weights = np.exp(logits - logits.max())
        return _route(query, dict(zip(self._names, (weights / weights.sum()).tolist(), strict=True)), started)

    async def _likelihoods(self, query: str) -> NDArray[np.float64]:
        """Log-likelihood of each name as the answer."""
        asked = f"Request: {query}\n\nWhich expert should handle it? Answer with the name of the expert alone."
        chat = Chat((Message(role="system", content=self._system), Message(role="user", content=asked)))
        names = tuple(Text(_spoken(name)) for name in self._names)
        scores = await self._model.score(ScoreRequest(prompt=(chat,), continuations=names), cancel=CancelToken())
        assert scores is not None
        return np.array([float(score.measures.logprobs.sum()) for score in scores.continuations])


class Contender:
    """A router, once it is prepared."""

    def __init__(self, name: str, graph: str) -> None:
        self._name = name
        self._graph = graph
        self._router: Router | None = None

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        if request["op"] == "prepare":
            started = time.perf_counter()
            self._router, chosen = await self._prepare(request["seed"])
            await self._router.route("Something to warm up with", cancel=CancelToken())
            return {**chosen, "seconds": time.perf_counter() - started}
        assert self._router is not None
        route = await self._router.route(request["query"], cancel=CancelToken())
        assert route is not None
        return {
            "worker": route.worker,
            "probability": route.probability,
            "distribution": dict(route.distribution),
            "latency_ms": route.latency_ms,
        }

    async def _prepare(self, seed: int) -> tuple[Router, dict[str, Any]]:
        if self._name == "master":
            return octograph.open(self._graph).router, {}
        if self._name.startswith("zero-shot"):
            octo = octograph.open(self._graph)
            model = octo.models[octo.graph.master.model]
            return ZeroShotRouter(model, octo.graph, calibrated=self._name.endswith("calibrated")), {}
        graph, chosen = open_graph(self._graph), settings.load()
        embedder = EmbedderClient(embedder_host(model_store(chosen), threads=chosen.threads_beside))
        if self._name == "neighbours":
            return NeighboursRouter(graph, embedder=embedder), {}
        texts, labels = _examples(graph)
        vectors = await embedder.encode(texts, cancel=CancelToken())
        assert vectors is not None
        head = HEADS[self._name](vectors, labels, seed=seed)
        return LinearRouter(embedder, head), dict(head.settings)


HEADS: dict[str, Fit] = {"logistic": fit_logistic, "centroids": fit_centroids}
NAMES = ("master", "neighbours", *HEADS, "zero-shot", "zero-shot-calibrated")


def _examples(graph: ModelGraph) -> tuple[list[str], Sequence[str]]:
    queries = {target.name: target.examples for target in targets_of(graph)} | {NO_WORKER: graph.master.none_examples}
    labels = [name for name, texts in queries.items() for _ in texts]
    return [text for texts in queries.values() for text in texts], labels


def _route(query: str, distribution: dict[str, float], started: float) -> Route:
    distribution.setdefault(NO_WORKER, 0.0)
    worker = max(distribution, key=lambda name: distribution[name])
    return Route(
        worker=worker,
        token="",
        probability=distribution[worker],
        distribution=distribution,
        reformulated=query,
        latency_ms=(time.perf_counter() - started) * 1000,
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("graph")
    arguments = parser.parse_args()
    contender = Contender(arguments.name, arguments.graph)
    with asyncio.Runner() as runner:
        serve(lambda request: runner.run(contender.answer(request)))


if __name__ == "__main__":
    main()
