"""What the tests of the pane and of the details share: turns with everything that there can be to tell."""

from __future__ import annotations

from collections.abc import Sequence

from octograph.agents import (
    Attempt,
    Citation,
    Decided,
    Evaluated,
    Event,
    Finished,
    Generated,
    Retrieved,
    Routed,
    Started,
    StepStarted,
    Structured,
    TextWritten,
    Turn,
)
from octograph.nodes.generation import Generation
from octograph.nodes.structure import ReasoningStep, ReasoningStructure
from octograph.nodes.worker import AnswerPath
from octograph.retrieval.passage import Hit, Passage
from octograph.tui.testing import Beat, Pause, a_route
from octograph.tui.turns.account import Account

MANY = "How many eggs are left?"
LEASE = "How long is the notice period?"

STRUCTURE = ReasoningStructure(
    steps=(
        ReasoningStep(key="Facts", what="What is given"),
        ReasoningStep(key="Relations", what="How the numbers hang together"),
    ),
)
PATHS = (
    AnswerPath(branch=0, text="There are 12 - 5 = 7 eggs.", answer="7", delta=0.82, start=19, end=20),
    AnswerPath(branch=1, text="She has 17 eggs.", answer="17", delta=0.31, start=8, end=10),
    AnswerPath(branch=2, text="So 7 are left.", answer="7", delta=0.64, start=3, end=4),
    AnswerPath(branch=3, text="How many did she eat?", fault="a question"),
)
HIT = Hit(
    id=1,
    passage=Passage(text="The notice period is three months.", title="Lease", heading="Notice", page=3),
    source="/home/me/papers/lease.pdf",
    modified="2026-01-02T03:04:05Z",
    score=0.71,
    similarity=0.64,
    weight=1.0,
    scores={"dense": 0.64, "bm25": 8.2},
)
OTHER = Hit(
    id=2,
    passage=Passage(text="The tenant repairs the boiler.", title="Lease", heading="Repairs", page=5),
    source="/home/me/papers/lease.pdf",
    modified="2026-01-02T03:04:05Z",
    score=0.33,
    similarity=0.31,
    weight=0.4,
    scores={"dense": 0.31},
)
CITED = Citation(
    number=1,
    source=HIT.source,
    title="Lease",
    heading="Notice",
    page=3,
    text=HIT.passage.text,
    similarity=HIT.similarity,
)


def generation(tokens: int, *, seconds: float = 2.0) -> Generation:
    return Generation(
        finish="stop",
        prompt_tokens=120,
        cached_tokens=96,
        completion_tokens=tokens,
        prefill_seconds=0.2,
        decode_seconds=seconds,
    )


def weighed() -> list[Event]:
    """CoT-decoding with a structure, sure enough."""
    route = a_route({"math": 0.62, "calculator": 0.3, "none": 0.05, "units": 0.03}, token="<fn_1>", query=MANY)
    turn = Turn(
        id="1",
        thread="t",
        query=MANY,
        status="answered",
        text=PATHS[0].text,
        worker="math",
        source="model",
        score=-0.31,
        route=route.document(),
        seconds=5.5,
    )
    return [
        Started(thread="t", turn="1", query=MANY),
        StepStarted(step="route"),
        Routed(route=route, seconds=0.25),
        StepStarted(step="structure", worker="math"),
        Structured(worker="math", task="math", structure=STRUCTURE, model="smollm2", calls=3, seconds=1.5),
        StepStarted(step="generate", worker="math"),
        TextWritten(worker="math", text="There are 12 - 5"),
        TextWritten(worker="math", text=" = 7 eggs."),
        Generated(worker="math", finish="stop", source="model", seconds=2.5, generation=generation(40), paths=PATHS),
        StepStarted(step="evaluate", worker="math"),
        Evaluated(worker="math", score=-0.31, score_kind="likelihood", tau=-0.6, seconds=0.25),
        Decided(decision="accept", worker="math", reason="answered"),
        Finished(turn=turn),
    ]


UNSURE = "not sure enough: g = -1.40, below -0.60"


def grounded() -> list[Event]:
    """An answer that was withheld, and one from the user's documents."""
    route = a_route({"knowledge": 0.55, "reader": 0.4, "chat": 0.05}, token="<fn_9>", query=LEASE)
    turn = Turn(
        id="2",
        thread="t",
        query=LEASE,
        status="answered",
        text="Three months. [1]",
        worker="reader",
        source="model",
        score=-0.2,
        route=route.document(),
        tried=(Attempt(worker="knowledge", reason=UNSURE, text="It is a month.", score=-1.4),),
        citations=(CITED,),
        seconds=4.0,
    )
    return [
        Started(thread="t", turn="2", query=LEASE),
        StepStarted(step="route"),
        Routed(route=route, seconds=0.5),
        StepStarted(step="generate", worker="knowledge"),
        Generated(worker="knowledge", finish="stop", source="model", seconds=1.0, generation=generation(10)),
        StepStarted(step="evaluate", worker="knowledge"),
        Evaluated(worker="knowledge", score=-1.4, score_kind="self-evaluated", tau=-0.6, seconds=0.1, problem=UNSURE),
        Decided(decision="escalate", worker="knowledge", reason=UNSURE, next="reader"),
        StepStarted(step="retrieve", worker="reader"),
        Retrieved(worker="reader", hits=(HIT, OTHER), seconds=0.4),
        StepStarted(step="generate", worker="reader"),
        TextWritten(worker="reader", text="Three months. [1]"),
        Generated(worker="reader", finish="stop", source="model", seconds=1.0, generation=generation(6, seconds=0.5)),
        Evaluated(worker="reader", score=-0.2, score_kind="likelihood", tau=None, seconds=0.1),
        Decided(decision="accept", worker="reader", reason="answered"),
        Finished(turn=turn),
    ]


def withheld() -> list[Event]:
    """Nobody was sure enough."""
    events = grounded()[:7]
    turn = Turn(
        id="2",
        thread="t",
        query=LEASE,
        status="abstained",
        text=f"I don't know. Tried knowledge: {UNSURE}.",
        route=a_route({"knowledge": 0.55, "reader": 0.4, "chat": 0.05}, token="<fn_9>", query=LEASE).document(),
        tried=(Attempt(worker="knowledge", reason=UNSURE, text="It is a month.", score=-1.4),),
        seconds=1.6,
    )
    return [*events, Decided(decision="abstain", worker="knowledge", reason=UNSURE), Finished(turn=turn)]


def told(beats: Sequence[Beat], *, until: int | None = None) -> Account:
    """The account after so many beats of a script."""
    account = Account()
    for beat in beats[:until]:
        if not isinstance(beat, Pause | Exception):
            account = account.after(beat)
    return account
