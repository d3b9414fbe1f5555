"""What feedback has taught: a Beta posterior for each worker within each query cluster.

Shapes: ``w`` workers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from octograph.errors import UsageError

__all__ = ["Posteriors", "cluster_of"]


def cluster_of(distribution: Mapping[str, float]) -> str:
    """Return the query cluster: the master's own first choice, its most probable target.

    The functional token is the cheapest cluster there is: it is there for every query before anything is learned,
    costs no embedding and no fitting, has a name that people know, and stays the same whichever worker a policy
    takes in the end, since the distribution stays the master's.

    Parameters
    ----------
    distribution
        That of a `Route`, not empty.

    """
    return max(distribution, key=lambda name: distribution[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Posteriors:
    """``Beta(1 + successes, 1 + failures)`` for the success of each worker within each cluster.

    An immutable value; a worker without feedback has the uniform ``Beta(1, 1)``.

    Attributes
    ----------
    counts
        Successes and failures by cluster and worker.

    Raises
    ------
    UsageError
        A count is negative or not finite.

    Examples
    --------
    >>> learned = Posteriors().updated("math", "math", success=False).updated("math", "code", success=True)
    >>> round(learned.mean("math", "math"), 3), round(learned.mean("math", "code"), 3)
    (0.333, 0.667)

    """

    counts: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (cluster, worker), pair in self.counts.items():
            if not all(0 <= count < math.inf for count in pair):
                raise UsageError(
                    f"successes and failures of {worker!r} in {cluster!r} are {pair}",
                    hint="Give counts that are finite and not negative.",
                )
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))

    def mean(self, cluster: str, worker: str) -> float:
        """Posterior mean ``(1 + successes) / (2 + successes + failures)``."""
        successes, failures = self._count(cluster, worker)
        return (1 + successes) / (2 + successes + failures)

    def count(self, cluster: str, worker: str) -> float:
        """How much feedback there is: ``successes + failures``."""
        return sum(self._count(cluster, worker))

    def parameters(self, cluster: str, workers: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``alpha [w]`` and ``beta [w]`` of these workers, in their order."""
        counts = np.array([self._count(cluster, worker) for worker in workers]).reshape(len(workers), 2)  # [w, 2]
        return 1.0 + counts[:, 0], 1.0 + counts[:, 1]

    def updated(self, cluster: str, worker: str, *, success: bool, weight: float = 1.0) -> Posteriors:
        """Return the posteriors after one more observation.

        Parameters
        ----------
        cluster
            Of the query.
        worker
            Whose answer it was.
        success
            Whether the answer was right.
        weight
            How many observations it counts as.

        Raises
        ------
        UsageError
            The weight is negative or not finite.

        """
        if not 0 <= weight < math.inf:
            raise UsageError(
                f"feedback has the weight {weight!r}", hint="Give a weight that is finite and not negative."
            )
        successes, failures = self._count(cluster, worker)
        pair = (successes + weight, failures) if success else (successes, failures + weight)
        return Posteriors(counts={**self.counts, (cluster, worker): pair})

    def _count(self, cluster: str, worker: str) -> tuple[float, float]:
        return self.counts.get((cluster, worker), (0.0, 0.0))
