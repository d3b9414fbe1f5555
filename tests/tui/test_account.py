from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents import (
    Asked,
    Attempt,
    Decided,
    Event,
    Finished,
    Generated,
    Judged,
    Started,
    StepStarted,
    TextWritten,
    Turn,
)
from octograph.agents.judging import Judgement
from octograph.tui.drawing.walk import plan_states
from octograph.tui.testing import Beat, abstained, answered, escalated, planned
from octograph.tui.turns.account import Account
from tests.tui.accounts import CITED, HIT, OTHER, PATHS, UNSURE, grounded, told, weighed, withheld

STEPS = (("calculator", "What is 3 * 4?", "12"), ("units", "Convert it to miles", "7.5 miles"))
SCRIPTS: dict[str, Callable[[], Sequence[Beat]]] = {
    "weighed": weighed,
    "grounded": grounded,
    "withheld": withheld,
    "answered": lambda: answered("q", "a"),
    "computed": lambda: answered("q", "816", tool=True),
    "abstained": lambda: abstained("q", "I don't know."),
    "escalated": lambda: escalated("q", "12", first="calculator", reason="there is no expression", then="math"),
    "planned": lambda: planned("q", STEPS),
}


def events() -> list[Event]:
    return [beat for script in SCRIPTS.values() for beat in script() if isinstance(beat, Event)]


def test_a_turn_is_told_from_its_beginning() -> None:
    account = told(weighed())
    assert (account.status, account.total, account.written) == ("answered", 5.5, 40)
    assert (account.prompt_tokens, account.cached_tokens) == (120, 96)
    assert account.seconds == {"route": 0.25, "structure": 1.5, "generate": 2.5, "evaluate": 0.25}
    routing = account.routing
    assert routing is not None
    assert (routing.worker, routing.token, routing.probability) == ("math", "<fn_1>", 0.62)
    assert [(one.worker, one.probability) for one in routing.candidates] == [
        ("math", 0.62),
        ("calculator", 0.3),
        (None, 0.05),
        ("units", 0.03),
    ]
    one = account.answer
    assert one is not None
    assert one.sureness is not None
    assert one.structured is not None
    assert (one.worker, one.tokens_per_second, one.paths, one.elected) == ("math", 20.0, PATHS, PATHS[0])
    assert (one.sureness.g, one.sureness.tau, one.sureness.kind, one.sureness.enough) == (
        -0.31,
        -0.6,
        "likelihood",
        True,
    )
    assert (one.structured.model, one.structured.calls) == ("smollm2", 3)


def test_who_is_asked_is_known_as_soon_as_it_is_decided() -> None:
    steps = [(account.current.worker if account.current else None, account.step) for account in growing(grounded())]
    assert steps[2:] == [
        (None, "route"),
        ("knowledge", "route"),
        ("knowledge", "generate"),
        ("knowledge", "generate"),
        ("knowledge", "evaluate"),
        ("knowledge", "evaluate"),
        ("reader", None),
        ("reader", "retrieve"),
        ("reader", "retrieve"),
        ("reader", "generate"),
        ("reader", "generate"),
        ("reader", "generate"),
        ("reader", "generate"),
        ("reader", None),
        ("reader", None),
    ]


def test_what_was_tried_keeps_why_it_was_not_taken() -> None:
    first, second = told(grounded()).tries
    assert (first.worker, first.problem, first.passed, first.text) == ("knowledge", UNSURE, True, "It is a month.")
    assert (second.worker, second.hits, second.taken) == ("reader", (HIT, OTHER), True)
    account = told(grounded())
    assert account.citations == (CITED,)
    assert [one.decision for one in account.decisions] == ["escalate", "accept"]


def test_the_text_of_a_withheld_answer_comes_with_the_end_of_the_turn() -> None:
    before, after = told(withheld(), until=-1), told(withheld())
    assert [one.text for one in before.tries] == [""]
    assert [one.text for one in after.tries] == ["It is a month."]
    assert after.answer is None


def test_the_steps_of_a_plan_are_done_one_by_one() -> None:
    states = [plan_states(account) for account in growing(planned("q", STEPS)) if account.plan]
    assert list(dict.fromkeys(states)) == [("asked", "waiting"), ("taken", "asked"), ("taken", "taken")]
    assert [(one.worker, one.place) for one in told(planned("q", STEPS)).tries] == [("calculator", 1), ("units", 2)]


def test_that_no_worker_fits_is_a_candidate_without_a_name() -> None:
    account = told(abstained("q", "I don't know."))
    assert account.routing is not None
    assert account.routing.chosen is not None
    assert (account.routing.worker, account.routing.chosen.probability) == (None, 0.63)
    assert account.tries == ()
    assert [one.reason for one in account.decisions] == ["no worker fits the query"]


def test_a_worker_that_was_named_is_asked_without_a_route() -> None:
    begun = Account().after(Started(thread="t", turn="1", query="q"))
    account = begun.after(StepStarted(step="generate", worker="math"))
    assert account.routing is None
    assert account.current is not None
    assert account.current.worker == "math"


def test_a_step_that_begins_again_begins_from_nothing() -> None:
    account = told(weighed(), until=8)
    assert account.current is not None
    assert (account.current.text, account.current.pieces) == ("There are 12 - 5 = 7 eggs.", 2)
    again = account.after(StepStarted(step="generate", worker="math"))
    assert again.current is not None
    assert (again.current.text, again.current.pieces, len(again.tries)) == ("", 0, 1)
    assert again.current.structured is not None


def test_a_turn_that_is_taken_up_again_tells_at_its_end_what_came_before() -> None:
    """The process that asked the first worker is gone, and with it what its events told."""
    script = grounded()
    account = told([script[0], *script[8:]])
    assert account.routing is not None
    assert [(one.worker, one.taken) for one in account.tries] == [("knowledge", False), ("reader", True)]
    assert account.tries[1].hits == (HIT, OTHER)
    assert [one.decision for one in account.decisions] == ["accept"]


def test_a_person_is_asked_and_takes_the_answer_that_was_withheld() -> None:
    attempt = Attempt(worker="knowledge", reason=UNSURE, text="It is a month.", score=-1.4)
    judgement = Judgement(answer="It is a month.", scores={"relevance": -0.5})
    waiting = Turn(id="2", thread="t", query="q", status="waiting", text="…", tried=(attempt,))
    asked = told(
        [
            *grounded()[:7],
            Judged(judgements={"knowledge": judgement}, seconds=0.5),
            Asked(attempts=(attempt,), choices=("answer", "abstain", "math")),
            Finished(turn=waiting),
        ]
    )
    assert (asked.status, asked.choices, asked.seconds["judge"]) == ("waiting", ("answer", "abstain", "math"), 0.5)
    assert asked.judged is not None
    closed = replace(waiting, status="answered", text="It is a month.", worker="knowledge", score=-1.4, tried=())
    taken = asked.after(Started(thread="t", turn="2", query="q"))
    assert taken.status is None
    for event in (Decided(decision="accept", worker="knowledge", reason="answered"), Finished(turn=closed)):
        taken = taken.after(event)
    assert [(one.worker, one.taken, one.passed) for one in taken.tries] == [("knowledge", True, False)]
    assert taken.choices == ()


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_a_turn_of_a_thread_tells_who_was_asked_and_what_was_decided(name: str) -> None:
    beats = SCRIPTS[name]()
    finished = beats[-1]
    assert isinstance(finished, Finished)
    live, kept = told(beats), Account.of(finished.turn)
    assert [(one.worker, one.place, one.taken) for one in kept.tries] == [
        (one.worker, one.place, one.taken) for one in live.tries
    ]
    assert [(one.decision, one.worker, one.next) for one in kept.decisions] == [
        (one.decision, one.worker, one.next) for one in live.decisions
    ]
    assert (kept.routing, kept.status, kept.text, kept.total) == (live.routing, live.status, live.text, live.total)


def test_a_stopped_worker_is_kept_with_what_it_wrote() -> None:
    turn = Turn(id="1", thread="t", query="q", status="cancelled", text="Once upon", worker="chat")
    account = Account.of(turn)
    assert [(one.worker, one.text, one.taken, one.passed) for one in account.tries] == [
        ("chat", "Once upon", False, False)
    ]
    assert [one.decision for one in account.decisions] == ["cancel"]


def test_a_budget_may_end_a_plan_behind_a_step_that_is_done() -> None:
    turn = told_turn(planned("q", STEPS))
    left = "I stopped behind step 1 of 2: time is up."
    account = Account.of(replace(turn, status="abstained", steps=turn.steps[:1], text=f"12\n\n{left}", worker=None))
    assert [(one.worker, one.taken) for one in account.tries] == [("calculator", True)]
    assert [(one.decision, one.reason) for one in account.decisions] == [("abstain", left)]


def test_folding_changes_nothing_that_was_there() -> None:
    account = told(weighed(), until=7)
    tries = account.tries
    account.after(TextWritten(worker="math", text="more"))
    account.after(Generated(worker="math", finish="stop", source="model", seconds=1.0))
    assert account.tries is tries
    assert account.seconds == {"route": 0.25, "structure": 1.5}


@settings(deadline=None)
@given(st.lists(st.sampled_from(events()), max_size=20))
def test_any_events_can_be_told(some: list[Event]) -> None:
    account = told(some)
    assert len({(one.worker, one.place) for one in account.tries}) == len(account.tries)
    assert len(plan_states(account)) == len(account.plan)


def growing(beats: Sequence[Beat]) -> list[Account]:
    return [told(beats, until=until) for until in range(len(beats) + 1)]


def told_turn(beats: Sequence[Beat]) -> Turn:
    finished = beats[-1]
    assert isinstance(finished, Finished)
    return finished.turn
