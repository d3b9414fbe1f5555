"""The route: what a master decides about a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from octograph.nodes.cancellation import CancelToken

__all__ = ["NO_WORKER", "Route", "Router"]

NO_WORKER = "none"
"""Stands for "no worker fits" where a worker's name is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The decision for one query.

    Attributes
    ----------
    worker
        The chosen worker, or `NO_WORKER`.
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

    """

    worker: str
    token: str
    probability: float
    distribution: Mapping[str, float]
    reformulated: str
    latency_ms: float

    def ranked(self) -> list[tuple[str, float]]:
        """Targets with their probabilities, the most probable first."""
        return sorted(self.distribution.items(), key=lambda item: (-item[1], item[0]))

    def document(self) -> dict[str, Any]:
        """The route as the JSON document of ``octograph route --json``."""
        plan = [] if self.worker == NO_WORKER else [{"worker": self.worker, "query": self.reformulated}]
        return {
            "worker": self.worker,
            "token": self.token,
            "probability": self.probability,
            "distribution": dict(self.distribution),
            "reformulated": self.reformulated,
            "plan": plan,
            "latency_ms": self.latency_ms,
        }


class Router(Protocol):
    """Something that chooses a worker for a query."""

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """Return the decision, None if it was cancelled."""
        ...
