"""How the account of a turn grows with its events, and what a turn of a thread still tells.

Imports the agents, so it is imported itself only once there is an event or a turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from octograph.agents.events import (
    Asked,
    Decided,
    Evaluated,
    Event,
    Finished,
    Generated,
    Judged,
    Retrieved,
    Routed,
    Started,
    StepName,
    StepStarted,
    Structured,
    TextWritten,
)
from octograph.agents.turn import Turn
from octograph.agents.workings import Ranking, UsedStructure, Workings
from octograph.nodes.master.route import NO_WORKER
from octograph.tui.turns.account import Account, Candidate, PlanStep, Routing, Sureness, Try

__all__ = ["folded", "told"]

NOBODY = "no worker fits the query"


def folded(account: Account, event: Event) -> Account:
    """Return the account with one more event."""
    match event:
        case Started(turn=turn, query=query):
            same = account.turn == turn  # taken up again
            return replace(account, status=None, choices=()) if same else Account(turn=turn, query=query)
        case StepStarted(step="route"):
            return Account(turn=account.turn, query=account.query, step="route")
        case StepStarted(step=step, worker=worker):
            return _begun(account, step, worker)
        case Routed(route=route, seconds=seconds):
            routing = _routing(route.document())
            tries = () if routing.worker is None else (Try(worker=routing.worker),)
            return _timed(replace(account, routing=routing, tries=tries), "route", seconds)
        case Decided():
            return _decided(account, event)
        case Judged(judgements=judgements, problem=problem, seconds=seconds):
            ranking = Ranking(means={worker: one.mean for worker, one in judgements.items()}, problem=problem)
            return _timed(replace(account, judged=ranking), "judge", seconds)
        case Asked(choices=choices):
            return replace(account, choices=choices)
        case Finished(turn=closed):
            return _finished(account, closed)
        case Retrieved() | Structured() | TextWritten() | Generated() | Evaluated():
            return _tried(account, event)
        case _:
            assert_never(event)


def told(turn: Turn) -> Account:
    """Return what a turn of a thread still tells."""
    tries = _tries(turn)
    return Account(
        turn=turn.id,
        query=turn.query,
        status=turn.status,
        text=turn.text,
        routing=None if turn.route is None else _routing(turn.route),
        place=tries[-1].place if tries else 1,
        tries=tries,
        decisions=_decisions(turn, tries),
        citations=turn.citations,
        judged=turn.ranking,
        choices=turn.choices,
        seconds=turn.times,
        total=turn.seconds or None,
    )


def _routing(document: Mapping[str, Any]) -> Routing:
    chances: Mapping[str, float] = document.get("chances", {})
    ranked = sorted(document["distribution"].items(), key=lambda item: (-item[1], item[0]))
    plan = [
        PlanStep(worker=one["worker"], query=one["query"], probability=one["probability"]) for one in document["plan"]
    ]
    return Routing(
        worker=_called(document["worker"]),
        token=document["token"],
        probability=document["probability"],
        candidates=tuple(
            Candidate(worker=_called(name), probability=p, chance=chances.get(name)) for name, p in ranked
        ),
        reformulated=document["reformulated"],
        plan=tuple(plan) if len(plan) > 1 else (),
    )


def _called(name: str) -> str | None:
    return None if name == NO_WORKER else name


def _begun(account: Account, step: StepName, worker: str | None) -> Account:
    """A step begins, or begins again from nothing."""
    account = replace(account, step=step)
    if worker is None:
        return account
    account, place = _asked(account, worker)
    return _with(account, place, text="", pieces=0, problem=None) if step == "generate" else account


def _tried(account: Account, event: Retrieved | Structured | TextWritten | Generated | Evaluated) -> Account:
    """A worker's try goes on."""
    account, place = _asked(account, event.worker)
    one = account.tries[place]
    match event:
        case Retrieved(hits=hits, seconds=seconds):
            return _timed(_with(account, place, hits=hits), "retrieve", seconds)
        case Structured(structure=structure, task=task, model=model, calls=calls, problem=problem, seconds=seconds):
            used = UsedStructure.of(structure, task=task, model=model, calls=calls, problem=problem)
            return _timed(_with(account, place, structured=used), "structure", seconds)
        case TextWritten(text=text):
            return _with(account, place, text=one.text + text, pieces=one.pieces + 1)
        case Generated(source=source, generation=generation, paths=paths, problem=problem, seconds=seconds):
            made = _with(account, place, source=source, generation=generation, paths=paths, problem=problem)
            return _timed(made, "generate", seconds)
        case Evaluated(score=g, tau=tau, score_kind=kind, problem=problem, seconds=seconds):
            sureness = Sureness(g=g, tau=tau, kind=kind)
            return _timed(_with(account, place, sureness=sureness, problem=problem), "evaluate", seconds)
        case _:
            assert_never(event)


def _decided(account: Account, event: Decided) -> Account:
    if event.decision in ("accept", "advance"):
        places = [place for place, one in enumerate(account.tries) if one.worker == event.worker]
        if places:
            account = _with(account, places[-1], taken=True)
    place = account.place + (event.decision == "advance")
    account = replace(account, decisions=(*account.decisions, event), place=place, step=None)
    return account if event.next is None else _asked(account, event.next)[0]


def _finished(account: Account, turn: Turn) -> Account:
    """The turn is closed: it tells what was withheld meanwhile, and what came before this process took it up."""
    closed = told(turn)
    known = {(one.worker, one.place): one for one in closed.tries}
    seen = {(one.worker, one.place): one for one in account.tries}
    whole = closed.routing is None or account.routing is not None
    tries = {key: _both(one, known.get(key)) for key, one in seen.items()} if whole else {}
    tries |= {key: _both(seen.get(key, one), one) for key, one in known.items() if key not in tries}
    return replace(
        account,
        status=closed.status,
        text=closed.text,
        routing=account.routing or closed.routing,
        place=closed.place if closed.tries else account.place,
        step=None,
        tries=tuple(tries.values()),
        decisions=turn.decisions or account.decisions or closed.decisions,
        citations=closed.citations,
        judged=closed.judged or account.judged,
        seconds=closed.seconds or account.seconds,
        total=closed.total,
    )


def _both(seen: Try, known: Try | None) -> Try:
    if known is None:
        return seen
    return replace(
        seen,
        hits=known.hits if seen.hits is None else seen.hits,
        structured=seen.structured or known.structured,
        text=known.text or seen.text,
        source=seen.source or known.source,
        generation=seen.generation or known.generation,
        paths=seen.paths or known.paths,
        sureness=seen.sureness or known.sureness,
        problem=seen.problem or known.problem,
        taken=known.taken,
    )


def _tries(turn: Turn) -> tuple[Try, ...]:
    """Who was asked, in order, with how they came to their answers and what became of those."""
    worked = {(one.worker, one.place): one for one in map(_worked, turn.workings)}
    ended = {(one.worker, one.place): one for one in _ended(turn)}
    tries = {key: _both(one, ended.get(key)) for key, one in worked.items()}
    tries |= {key: one for key, one in ended.items() if key not in tries}
    return tuple(sorted(tries.values(), key=lambda one: one.place))


def _worked(one: Workings) -> Try:
    return Try(
        worker=one.worker,
        place=one.step,
        hits=one.hits,
        structured=one.structured,
        source=one.source,
        generation=one.generation,
        paths=one.paths,
        sureness=None if one.score is None else Sureness(g=one.score, tau=one.tau, kind=one.score_kind),
        problem=one.problem,
    )


def _ended(turn: Turn) -> list[Try]:
    """For each step of the plan those whose answer was not taken, then the one whose was."""
    tries = [
        Try(worker=one.worker, place=one.step, text=one.text, problem=one.reason, sureness=_sureness(one.score))
        for one in turn.tried
    ]
    tries += [
        Try(worker=one.worker, place=place, text=one.text, source=one.source, sureness=_sureness(one.score), taken=True)
        for place, one in enumerate(turn.steps, start=1)
    ]
    if turn.worker is not None and not (turn.steps and turn.status == "answered"):
        tries.append(
            Try(
                worker=turn.worker,
                place=len(turn.steps) + 1,
                text=turn.remainder,
                source=turn.source,
                sureness=_sureness(turn.score),
                taken=turn.status == "answered",
            )
        )
    return tries


def _sureness(g: float | None) -> Sureness | None:
    return None if g is None else Sureness(g=g)


def _decisions(turn: Turn, tries: Sequence[Try]) -> tuple[Decided, ...]:
    """What was decided, in order; a turn of a version that did not keep it tells nearly all."""
    if turn.decisions or turn.status == "waiting":
        return turn.decisions
    decisions = []
    for one, after in zip(tries, [*tries[1:], None], strict=False):  # no tries leave the None over
        if one.taken and after is not None:
            reason = f"step {one.place} is done"
            decisions.append(Decided(decision="advance", worker=one.worker, reason=reason, next=after.worker))
        elif one.taken and turn.status == "answered":
            decisions.append(Decided(decision="accept", worker=one.worker, reason="answered"))
        elif one.problem is not None and after is not None:
            decisions.append(Decided(decision="escalate", worker=one.worker, reason=one.problem, next=after.worker))
    if turn.status == "abstained" and not tries:
        decisions.append(Decided(decision="abstain", worker=None, reason=NOBODY))
    elif turn.status == "abstained":
        last = tries[-1]
        decisions.append(Decided(decision="abstain", worker=last.worker, reason=last.problem or turn.remainder))
    elif turn.status == "cancelled":
        decisions.append(Decided(decision="cancel", worker=turn.worker, reason="cancelled"))
    return tuple(decisions)


def _asked(account: Account, worker: str) -> tuple[Account, int]:
    """The account with a try of that worker for the step of the plan that is asked now, and where it is."""
    for place, one in enumerate(account.tries):
        if one.worker == worker and one.place == account.place:
            return account, place
    return replace(account, tries=(*account.tries, Try(worker=worker, place=account.place))), len(account.tries)


def _with(account: Account, place: int, **changes: Any) -> Account:
    tries = list(account.tries)
    tries[place] = replace(tries[place], **changes)
    return replace(account, tries=tuple(tries))


def _timed(account: Account, step: StepName, seconds: float) -> Account:
    spent = {**account.seconds, step: account.seconds.get(step, 0.0) + seconds}
    return replace(account, seconds=spent)
