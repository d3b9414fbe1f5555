"""A turn in plain words: who answered, why they were asked, who else was, how sure one may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from octograph.tui.drawing.bars import percent
from octograph.tui.drawing.lines import named, one_line
from octograph.tui.drawing.shape import NOBODY
from octograph.tui.turns.account import Account, Routing, Sureness, Try

if TYPE_CHECKING:  # see octograph.tui.drawing.shape
    from octograph.graph import ModelGraph

__all__ = ["reasons"]

OTHERS = 3
"""Workers behind the chosen one that are named."""
LIKELY = 0.005
"""Probability from which they are."""


def reasons(account: Account, graph: ModelGraph | None = None) -> tuple[str, ...]:
    """Return the sentences, a paragraph each.

    Parameters
    ----------
    account
        The turn.
    graph
        Tells what workers are for, and what is required of their answers where a thread no longer does.

    """
    found = (_outcome(account), _choice(account, graph), *_tried(account), _sure(account, graph), _judged(account))
    return tuple(sentence for sentence in found if sentence)


def _outcome(account: Account) -> str:
    answer, current = account.answer, account.current
    reason = one_line(account.decisions[-1].reason) if account.decisions else ""
    match account.status:
        case None:
            return "The master is choosing." if current is None else f"{one_line(current.worker)} is being asked."
        case "answered":
            if answer is None:
                return "It was answered."
            exact = " by computing it, so the answer is exact" if answer.source == "tool" else ""
            return f"{one_line(answer.worker)} answered{exact}."
        case "abstained":
            return f'"I don\'t know" is the result: {reason}.'
        case "waiting":
            choices = ", ".join(map(one_line, account.choices))
            return f"Nobody is sure enough, so you choose{f': {choices}' if choices else ''}."
        case "cancelled":
            return "You stopped it."
        case "interrupted":
            return "It was interrupted before it was done."
        case "failed":
            return f"It failed: {one_line(account.text)}"


def _choice(account: Account, graph: ModelGraph | None) -> str:
    routing = account.routing
    if routing is None:
        first = account.tries[0].worker if account.tries else None
        return "" if first is None else f"You named {one_line(first)}, so the master was not asked."
    if routing.worker is None:
        return f"The master found that no worker fits: {percent(routing.probability)}. {_others(routing)}"
    about = _about(routing.worker, graph)
    chance = "" if routing.chosen is None or routing.chosen.chance is None else percent(routing.chosen.chance)
    token = one_line(routing.token)
    return " ".join(
        part
        for part in (
            f"The master chose {one_line(routing.worker)} with {percent(routing.probability)}, by the token {token}.",
            f"It is for this: {about}." if about else "",
            _others(routing),
            f"By the outcomes of other queries it is right with a chance of {chance}." if chance else "",
            f"It was asked in other words: {one_line(routing.reformulated)}" if _is_rewritten(account, routing) else "",
            f"The question takes {len(routing.plan)} steps, each for the worker that fits it." if routing.plan else "",
        )
        if part
    )


def _about(worker: str, graph: ModelGraph | None) -> str:
    node = None if graph is None else graph.nodes.get(worker)
    return "" if node is None else one_line(node.description).rstrip(".")


def _others(routing: Routing) -> str:
    """Who was likely besides the chosen one."""
    others = [one for one in routing.candidates if one.worker != routing.worker and one.probability >= LIKELY][:OTHERS]
    if not others:
        return "Nobody else was likely."
    return f"Next came {', '.join(f'{named(one.worker or NOBODY)} {percent(one.probability)}' for one in others)}."


def _is_rewritten(account: Account, routing: Routing) -> bool:
    return not routing.plan and routing.reformulated.strip() not in ("", account.query.strip())


def _tried(account: Account) -> Iterator[str]:
    """Whose answers were not taken, and why."""
    for one in account.tries:
        if not one.passed:
            continue
        step = f" for step {one.place}" if account.plan else ""
        following = next((each.next for each in account.decisions if each.worker == one.worker and each.next), None)
        onward = f" {one_line(following)} was asked instead." if following else ""
        reason = one_line(one.problem or "")
        yield f'{one_line(one.worker)} was asked{step}, and its answer not taken ("{reason}").{onward}'


def _sure(account: Account, graph: ModelGraph | None) -> str:
    one = account.answer or account.current
    if one is None or (one.source is None and one.sureness is None):
        return ""
    if one.sureness is not None:
        return _score(one, one.sureness, graph)
    if one.source == "tool" and one.taken:
        return "What a tool computes needs no score."
    return "The answer was not scored." if one.taken else ""


def _score(one: Try, sureness: Sureness, graph: ModelGraph | None) -> str:
    worker = one_line(one.worker)
    node = None if graph is None or sureness.kind is not None else graph.nodes.get(one.worker)
    tau = sureness.tau if sureness.tau is not None else getattr(node, "tau", None)
    known = sureness.kind is not None or node is not None
    required = "" if not known else f" Nothing is required of {worker}."
    if tau is not None:
        verdict = "enough" if sureness.g >= tau else "too little"
        required = f" At least {tau:.2f} is required of {worker}, so that was {verdict}."
    bases = {
        "likelihood": " The score rests on how likely the answer was.",
        "self-evaluated": " The score rests on how likely the answer was, and on a trained check by the model itself.",
    }
    basis = "" if sureness.kind is None else bases[sureness.kind]
    return f"How sure it is: g = {sureness.g:.2f}, where 0 is certain.{required}{basis}"


def _judged(account: Account) -> str:
    judged = account.judged
    if judged is None:
        return ""
    if judged.problem is not None:
        return f"The answers were not compared: {one_line(judged.problem)}."
    order = ", ".join(f"{one_line(worker)} {mean:.2f}" for worker, mean in judged.means.items())
    return f"The judge compared the withheld answers, the best first, in nats a token: {order}."
