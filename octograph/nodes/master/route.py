"""The route: what a master decides about a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from octograph.cancellation import CancelToken

__all__ = ["NO_WORKER", "PlannedStep", "Route", "Router"]

NO_WORKER = "none"
"""Stands for "no worker fits" where a worker's name is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step of a plan: ``P(N_i^w, q_h_i | q; N_i^m)`` of Octopus v4.

    Attributes
    ----------
    worker
        Who does it.
    token
        The functional tokens that lead to it.
    probability
        Of that worker among the candidates: behind the first step, those that a ``follows`` edge leads to.
    distribution
        Probability of every candidate.
    query
        What this step asks (``q_h_i``), in the user's own words.

    """

    worker: str
    token: str
    probability: float
    distribution: Mapping[str, float]
    query: str

    def document(self) -> dict[str, Any]:
        """The step as plain data."""
        return {
            "worker": self.worker,
            "query": self.query,
            "token": self.token,
            "probability": self.probability,
            "distribution": dict(self.distribution),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The decision for one query.

    Attributes
    ----------
    worker
        The chosen worker, or `NO_WORKER`; of a plan, that of its first step.
    token
        The functional tokens that lead to it, one for each master on the way, such as ``<fn_2>``.
    probability
        Of that worker.
    distribution
        Probability of every worker that can be reached, and of `NO_WORKER`; sums to 1.
    reformulated
        The query as the worker gets it (``q_h`` in Octopus v4).
    latency_ms
        Milliseconds that the decision took; a model that had to start first is not counted.
    plan
        The steps, if there are several; each result goes to the next.
    chances
        Where the route was chosen by outcomes: each worker's chance of success.

    """

    worker: str
    token: str
    probability: float
    distribution: Mapping[str, float]
    reformulated: str
    latency_ms: float
    plan: tuple[PlannedStep, ...] = ()
    chances: Mapping[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """What is to be done, in order: nothing if no worker fits, else at least one step."""
        if self.plan or self.worker == NO_WORKER:
            return self.plan
        only = PlannedStep(
            worker=self.worker,
            token=self.token,
            probability=self.probability,
            distribution=self.distribution,
            query=self.reformulated,
        )
        return (only,)

    def ranked(self) -> list[tuple[str, float]]:
        """Targets with their probabilities, the most probable first."""
        return sorted(self.distribution.items(), key=lambda item: (-item[1], item[0]))

    def document(self) -> dict[str, Any]:
        """The route as the JSON document of ``octograph route --json``."""
        document = {
            "worker": self.worker,
            "token": self.token,
            "probability": self.probability,
            "distribution": dict(self.distribution),
            "reformulated": self.reformulated,
            "plan": [step.document() for step in self.steps],
            "latency_ms": self.latency_ms,
        }
        return document | ({"chances": dict(self.chances)} if self.chances else {})


class Router(Protocol):
    """Something that chooses a worker for a query."""

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """Return the decision, None if it was cancelled."""
        ...
