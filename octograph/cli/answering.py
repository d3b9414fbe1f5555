"""The commands that ask: ``ask``, ``route``, and ``feedback`` on what was answered."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from octograph import Octograph
from octograph.agents import (
    Asked,
    Evaluated,
    Event,
    Finished,
    Judged,
    Retrieved,
    Routed,
    StepStarted,
    Structured,
    TextWritten,
    Turn,
    document,
)
from octograph.agents.events import Decided
from octograph.cancellation import CancelToken
from octograph.cli.interrupting import cancelling_on_interrupt
from octograph.cli.opening import opened
from octograph.cli.output import note, say, shortened, write_json
from octograph.errors import UsageError
from octograph.nodes.master import Route

__all__ = ["ask", "feedback", "route"]

_EXIT = {"answered": 0, "abstained": 3, "waiting": 3, "cancelled": 130}


def ask(arguments: argparse.Namespace) -> int:
    """Answer a question; the text goes to stdout as it comes, the route to stderr."""
    cancel = CancelToken()
    with opened(arguments) as octo, cancelling_on_interrupt(cancel):
        events = list(_show(_events(arguments, octo, cancel), as_json=arguments.json))
    turn = _turn(events)
    if arguments.json:
        write_json({**turn.document(), "trace": [document(event) for event in events]})
    return _EXIT[turn.status]


def route(arguments: argparse.Namespace) -> int:
    """Show the master's decision."""
    with opened(arguments) as octo:
        decision = octo.route(arguments.query)
    if arguments.json:
        write_json(decision.document())
    else:
        say(_describe(decision, runners_up=len(decision.distribution)))
    return 0


def feedback(arguments: argparse.Namespace) -> int:
    """Keep what the user thought of an answer."""
    with opened(arguments) as octo:
        octo.feedback(arguments.thread, accepted=arguments.good, instead=arguments.instead, turn=arguments.turn)
        learning = octo.learns
    if arguments.json:
        write_json({"thread": arguments.thread, "kept": True, "learning": learning})
    elif not learning:
        note('kept; it moves the choice of workers once the configuration says `learning = "ucb"`')
    return 0


def _events(arguments: argparse.Namespace, octo: Octograph, cancel: CancelToken) -> Iterator[Event]:
    if arguments.resume:
        if arguments.thread is None or arguments.query is not None:
            raise UsageError("--resume needs --thread NAME and no question")
        return octo.resume(arguments.thread, choice=arguments.choose, cancel=cancel)
    if arguments.choose is not None:
        raise UsageError("--choose needs --resume and --thread NAME", hint="It answers what a waiting turn asks.")
    query = sys.stdin.read() if arguments.query == "-" else arguments.query
    if query is None:
        raise UsageError("there is no question", hint='Write it behind the command: octograph ask "…"')
    return octo.stream(query, thread=arguments.thread, worker=arguments.worker, cancel=cancel)


def _show(events: Iterator[Event], *, as_json: bool) -> Iterator[Event]:
    """Pass the events on; unless the result is to be JSON, show them on the way."""
    written = False
    for event in events:
        yield event
        if as_json:
            continue
        if isinstance(event, StepStarted) and event.step == "generate" and written:
            say("")
            note(f"(the model's process ended; {event.worker} begins again)")
            written = False
        elif isinstance(event, TextWritten):
            say(event.text, end="")
            written = True
        elif isinstance(event, Decided) and event.decision == "advance":
            say("\n")
            note(f"{event.reason}; next: {event.next}")
            written = False
        elif isinstance(event, Finished):
            say("" if written else event.turn.remainder)
            _close(event.turn)
        elif remark := _remark(event):
            note(remark)


def _remark(event: Event) -> str:
    """What is told of an event beside the answer, nothing of most."""
    match event:
        case Routed():
            return _describe(event.route, runners_up=2)
        case Retrieved():
            return f"{event.worker} reads {_counted(len(event.hits), 'passage')}" if event.hits else "no passage fits"
        case Structured(structure=None):
            return f"no plan: {event.problem}"
        case Structured(structure=structure) if structure is not None:
            return f"plan: {', '.join(structure.keys)}"
        case Evaluated(tau=tau, problem=None) if tau is not None:
            return f"g = {event.score:.2f}, {tau:.2f} or more is taken"
        case Decided(decision="escalate"):
            return f"{event.worker}: {event.reason}; asking {event.next}"
        case Judged(problem=None):
            return "judged: " + ", ".join(f"{worker} {one.mean:.2f}" for worker, one in event.judgements.items())
        case Judged():
            return f"the answers could not be compared: {event.problem}"
        case Asked():
            return "\n".join(f"{attempt.worker}: {attempt.reason}" for attempt in event.attempts)
        case _:
            return ""


def _close(turn: Turn) -> None:
    """Say where the passages of an answer stand, and show those that came nearest to one."""
    for citation in turn.citations:
        note(f"[{citation.number}] {citation.place}")
        if turn.status == "abstained":
            note(shortened(citation.text))
    if turn.status == "cancelled":
        note("stopped")
    if turn.status == "waiting":
        note(f"it waits for you: octograph ask --thread {turn.thread} --resume --choose answer, abstain or a WORKER")


def _describe(decision: Route, *, runners_up: int) -> str:
    others = [f"{name} {p:.1%}" for name, p in decision.ranked() if name != decision.worker][:runners_up]
    lines = [f"{decision.token} {decision.worker} {decision.probability:.1%}  ({', '.join(others)})"]
    if decision.worker in decision.chances:
        lines.append(f"  chance of a right answer: {decision.chances[decision.worker]:.0%}")
    # One line a step, whatever line breaks the query has.
    lines += [
        f"  {place}. {step.token} {step.worker} {step.probability:.1%}: {' '.join(step.query.split())}"
        for place, step in enumerate(decision.plan, start=1)
    ]
    return "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _turn(events: list[Event]) -> Turn:
    last = events[-1]
    if not isinstance(last, Finished):
        raise TypeError(last)
    return last.turn
