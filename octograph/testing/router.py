"""A router whose decisions are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from octograph.cancellation import CancelToken
from octograph.errors import OctographError
from octograph.graph import NONE, token_text
from octograph.nodes.master.route import NO_WORKER, PlannedStep, Route
from octograph.testing.clock import pause

__all__ = ["FixedRouter"]


_SURE = 0.9


class FixedRouter:
    """A `Router` that looks queries up.

    Parameters
    ----------
    workers
        All that can be reached.
    choices
        For a query, the worker that gets it, or the probabilities of several; the rest is shared out evenly.
    plans
        For a query, the steps of its plan: worker and what it is asked.
    otherwise
        Who gets every other query.
    delay
        Seconds that a decision takes.
    errors
        Raised first, one a call.

    Attributes
    ----------
    asked
        The queries, in order.

    """

    def __init__(
        self,
        workers: Sequence[str],
        choices: Mapping[str, str | Mapping[str, float]] | None = None,
        *,
        plans: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        otherwise: str = NO_WORKER,
        delay: float = 0.0,
        errors: Sequence[OctographError] = (),
    ) -> None:
        self.asked: list[str] = []
        self._targets = (*workers, NO_WORKER)
        self._choices = dict(choices or {})
        self._plans = dict(plans or {})
        self._otherwise = otherwise
        self._delay = delay
        self._errors = list(errors)

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`."""
        self.asked.append(query)
        await pause(self._delay, cancel)
        if cancel.cancelled:
            return None
        if self._errors:
            raise self._errors.pop(0)
        plan = tuple(self._step(worker, asked) for worker, asked in self._plans.get(query, ()))
        chosen = plan[0].worker if plan else self._choices.get(query, self._otherwise)
        given = {chosen: _SURE} if isinstance(chosen, str) else dict(chosen)
        others = [name for name in self._targets if name not in given]
        rest = (1.0 - sum(given.values())) / len(others) if others else 0.0
        distribution = {name: given.get(name, rest) for name in self._targets}
        worker = max(distribution, key=lambda name: distribution[name])
        return Route(
            worker=worker,
            token=NONE if worker == NO_WORKER else token_text(self._targets.index(worker)),
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=self._delay * 1000,
            plan=plan,
        )

    def _step(self, worker: str, query: str) -> PlannedStep:
        rest = (1.0 - _SURE) / (len(self._targets) - 1)
        return PlannedStep(
            worker=worker,
            token=token_text(self._targets.index(worker)),
            probability=_SURE,
            distribution={name: _SURE if name == worker else rest for name in self._targets if name != NO_WORKER},
            query=query,
        )
