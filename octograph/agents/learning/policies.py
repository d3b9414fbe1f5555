"""Policies: who gets a query, by the master's distribution and what feedback has taught.

All score a worker by ``prior x value`` and take the best; they differ in the value, which is the posterior's mean
(greedy), a draw from it (Thompson 1933) or its mean and a bonus for what is little known (UCB).
The prior never fades: within one cluster it is all that tells one query from another.
Feedback therefore overturns the master just as far as the rates of success differ: a worker half as probable needs
to succeed twice as often.

Shapes: ``w`` workers; ``...`` any leading axes, so that a simulation runs many bandits at once on the same code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.agents.learning.posteriors import Posteriors
from octograph.nodes.master import NO_WORKER

__all__ = ["POLICIES", "UCB", "Greedy", "Policy", "ScoredPolicy", "Thompson"]

FLOOR = 0.05
"""Share of the largest prior below which a worker is no candidate.

Such a worker wins for good only if it succeeds more than 1 / 0.05 = 20 times as often as the master's choice, so trying
it teaches nothing that matters. And it costs: of two untried workers, Thompson sampling takes the one with ``r`` times
the other's prior in a share ``r/2`` of the queries, and a graph has many improbable workers. A higher floor would keep
out workers that are worth a try where the master's choice hardly ever succeeds, as small models do.
"""


class Policy(Protocol):
    """Something that chooses among the master's candidates."""

    def choose(
        self, prior: Mapping[str, float], posteriors: Posteriors, *, cluster: str, rng: np.random.Generator
    ) -> str:
        """Return a worker.

        Parameters
        ----------
        prior
            The master's distribution, with or without `NO_WORKER`.
        posteriors
            What feedback has taught.
        cluster
            Of the query.
        rng
            Where chance comes from.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPolicy(ABC):
    """A `Policy` that takes the candidate with the highest score; of equals, the more probable.

    `NO_WORKER` has no answers that anyone could rate. It is never explored: it stays where it is the most probable,
    and is no candidate otherwise.

    Attributes
    ----------
    floor
        Share of the largest prior below which a worker is no candidate.

    """

    floor: float = FLOOR

    def choose(
        self, prior: Mapping[str, float], posteriors: Posteriors, *, cluster: str, rng: np.random.Generator
    ) -> str:
        """See `Policy`."""
        names = self.candidates(prior)
        if not names:
            return NO_WORKER
        alpha, beta = posteriors.parameters(cluster, names)  # [w], [w]
        scores = self.scores(np.array([prior[name] for name in names]), alpha, beta, rng)  # [w]
        return names[int(scores.argmax())]

    def candidates(self, prior: Mapping[str, float]) -> list[str]:
        """Workers that may be chosen, the most probable first; none if the master's own choice is `NO_WORKER`."""
        workers = {name: probability for name, probability in prior.items() if name != NO_WORKER}
        largest = max(workers.values(), default=0.0)
        if prior.get(NO_WORKER, 0.0) > largest:
            return []
        likely = [name for name, probability in workers.items() if probability >= self.floor * largest]
        return sorted(likely, key=lambda name: (-workers[name], name))

    @abstractmethod
    def scores(
        self,
        prior: NDArray[np.float64],
        alpha: NDArray[np.float64],
        beta: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Scores ``[..., w]`` for priors and posteriors ``Beta(alpha, beta)``, each ``[..., w]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greedy(ScoredPolicy):
    """``prior x mean``: uses what is known and tries nothing out."""

    def scores(
        self,
        prior: NDArray[np.float64],
        alpha: NDArray[np.float64],
        beta: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """See `ScoredPolicy`."""
        return prior * alpha / (alpha + beta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thompson(ScoredPolicy):
    """``prior x theta`` with ``theta ~ Beta(alpha, beta)``: tries a worker as often as it may be the best."""

    def scores(
        self,
        prior: NDArray[np.float64],
        alpha: NDArray[np.float64],
        beta: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """See `ScoredPolicy`."""
        return prior * rng.beta(alpha, beta)


@dataclass(frozen=True, slots=True, kw_only=True)
class UCB(ScoredPolicy):
    """``prior x (mean + sqrt(C/n))``: gives the little known the benefit of the doubt.

    ``n = alpha + beta`` counts the two observations that a uniform posterior stands for. The bonus of an untried
    worker is therefore finite, and the prior decides among such; with ``n = 0`` every candidate of every cluster
    would have to be tried once, however improbable.

    Attributes
    ----------
    constant
        ``C``.

    """

    constant: float = 1.0

    def scores(
        self,
        prior: NDArray[np.float64],
        alpha: NDArray[np.float64],
        beta: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """See `ScoredPolicy`."""
        n = alpha + beta  # [..., w]
        return prior * (alpha / n + np.sqrt(self.constant / n))


POLICIES: Mapping[str, ScoredPolicy] = MappingProxyType({"greedy": Greedy(), "thompson": Thompson(), "ucb": UCB()})
"""The policies by the names that settings and benchmarks call them."""
