"""What the workers of a graph did, counted from the events of turns."""

from __future__ import annotations

from dataclasses import dataclass

from octograph.agents.events import Decided, Evaluated, Event, Generated, Routed

__all__ = ["Tally", "WorkerTally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTally:
    """What one worker did.

    Attributes
    ----------
    worker
        Its name.
    chosen
        How often the master chose it, for a query or for a step of one.
    calls
        How often it was asked, by whoever's choice.
    taken
        Answers that were taken.
    withheld
        Answers that it was not sure enough of; one that a person took even so is among the taken too.
    failed
        How often it could not answer.
    tokens
        What its model wrote.
    seconds
        What it took to write the answers, and to evaluate them.

    """

    worker: str
    chosen: int = 0
    calls: int = 0
    taken: int = 0
    withheld: int = 0
    failed: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def __add__(self, more: WorkerTally) -> WorkerTally:
        """Return the sums, under the name of this one."""
        return WorkerTally(
            worker=self.worker,
            chosen=self.chosen + more.chosen,
            calls=self.calls + more.calls,
            taken=self.taken + more.taken,
            withheld=self.withheld + more.withheld,
            failed=self.failed + more.failed,
            tokens=self.tokens + more.tokens,
            seconds=self.seconds + more.seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What all workers did so far: a snapshot, from which `after` makes the next.

    Attributes
    ----------
    workers
        Those that something is known of, in the order in which they came up.

    Examples
    --------
    >>> tally = Tally().after(Decided(decision="accept", worker="math", reason="answered"))
    >>> tally.of("math").taken, tally.of("chat").taken
    (1, 0)

    """

    workers: tuple[WorkerTally, ...] = ()

    def of(self, worker: str) -> WorkerTally:
        """Return what a worker did, which may be nothing."""
        return next((one for one in self.workers if one.worker == worker), WorkerTally(worker=worker))

    def after(self, event: Event) -> Tally:
        """Return the tally after a further event; most events change nothing."""
        tally = self
        for more in _told(event):
            total = tally.of(more.worker) + more
            known = any(one.worker == more.worker for one in tally.workers)
            kept = tuple(total if one.worker == more.worker else one for one in tally.workers)
            tally = Tally(workers=kept if known else (*kept, total))
        return tally


def _told(event: Event) -> tuple[WorkerTally, ...]:
    """What an event tells of workers."""
    match event:
        case Routed(route=route):
            return tuple(WorkerTally(worker=step.worker, chosen=1) for step in route.steps)
        case Generated(worker=worker, seconds=seconds, generation=generation, problem=problem):
            tokens = 0 if generation is None else generation.completion_tokens
            failed = int(problem is not None)
            return (WorkerTally(worker=worker, calls=1, failed=failed, tokens=tokens, seconds=seconds),)
        case Evaluated(worker=worker, seconds=seconds, problem=problem):
            return (WorkerTally(worker=worker, withheld=int(problem is not None), seconds=seconds),)
        case Decided(decision="accept" | "advance", worker=str(worker)):
            return (WorkerTally(worker=worker, taken=1),)
        case _:
            return ()
