"""A turn that is read from its thread tells as much of itself as it did while it happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from octograph import CancelToken, Octograph
from octograph.agents import Event
from octograph.agents.limits import DEFAULT, Limits
from octograph.agents.self_discover import Discovery
from octograph.errors import ContextOverflowError, ToolError
from octograph.nodes.generation import TextDelta
from octograph.nodes.worker import Outcome, Task, Worker
from octograph.retrieval.documents import Document
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.library import Library
from octograph.retrieval.splitting import Splitter
from octograph.testing import FakeEmbedder, FixedEvaluator, FixedJudge, FixedRouter, ScriptedWorker, make_octograph
from octograph.tui.drawing.reasons import reasons
from octograph.tui.drawing.sections import Part, parts
from octograph.tui.drawing.strokes import BLOCKS
from octograph.tui.turns.account import Account
from octograph.tui.widgets.going_on import surest, ways
from tests.agents.test_structures import Model
from tests.tui.accounts import PATHS, generation

QUESTION = "What is the notice period of the lease?"
BOTH = "how long, then how much?"
ASK = Limits(unsure="ask")


class Weighing(ScriptedWorker):
    """Weighs several texts, of which the first is the answer."""

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        async for piece in super().run(task, cancel=cancel):
            if isinstance(piece, Outcome):
                piece = replace(piece, paths=PATHS, generation=generation(40))
            yield piece


@pytest.fixture
def library(tmp_path: Path, tokenizer: Path) -> Library:
    base = KnowledgeBase(tmp_path / "base", embedder=FakeEmbedder(), splitter=lambda: Splitter(tokenizer))
    texts = {"lease": "The notice period is three months.", "rules": "The notice period of the lease is not in here."}
    documents = {f"/{name}.txt": Document(text=text, markup="text", title=name) for name, text in texts.items()}
    asyncio.run(base.add_documents(documents, cancel=CancelToken()))
    return Library({"documents": base})


def opened(
    folder: Path, library: Library, *, gs: Mapping[str, float], limits: Limits = DEFAULT, delay: float = 0.0
) -> Octograph:
    """A tool that cannot, facts, math with all that there is to tell, and a slow reader; `gs` are their scores."""
    workers: dict[str, Worker] = {
        "sums": ScriptedWorker(errors=[ToolError("no sum in it")] * 9, source="tool"),
        "facts": ScriptedWorker(["It is a ", "month."]),
        "math": Weighing([PATHS[0].text]),
        "reader": ScriptedWorker(["three months"], delay=delay),
    }
    names = tuple(workers)
    return make_octograph(
        folder,
        workers,
        router=FixedRouter(
            names,
            {QUESTION: {"sums": 0.5, "facts": 0.3, "math": 0.15, "none": 0.05}},
            plans={BOTH: [("facts", "how long?"), ("math", "how much?")]},
        ),
        escalations={"sums": "facts", "facts": "math"},
        reads={"reader": "documents"},
        library=library,
        thresholds={"facts": -1.0, "math": -1.0},
        evaluators={name: FixedEvaluator(otherwise=g) for name, g in gs.items()},
        discoveries={"math": Discovery(Model())},
        judge=FixedJudge({"It is a month.": -0.5, PATHS[0].text: -2.0}),
        limits=limits,
    )


def followed(account: Account, events: Iterable[Event]) -> Account:
    """The account that follows the events, without what only says how a text came in."""
    for event in events:
        account = account.after(event)
    return replace(account, tries=tuple(replace(one, pieces=0) for one in account.tries))


def words(part: Part) -> Any:
    return part.title.plain, [line.plain for line in part.lines], [words(one) for one in part.parts]


def reopened(octo: Octograph, thread: str) -> Account:
    return Account.of(octo.threads.turns(thread)[-1])


def assert_same(live: Account, kept: Account, octo: Octograph) -> None:
    assert kept == live
    assert reasons(kept, octo.graph) == reasons(live, octo.graph)
    assert [*map(words, parts(kept, octo.graph, BLOCKS))] == [*map(words, parts(live, octo.graph, BLOCKS))]


SURE, UNSURE = {"facts": -2.0, "math": -0.25}, {"facts": -2.0, "math": -1.5}


@pytest.mark.parametrize(
    ("question", "worker", "gs", "titles"),
    [
        (
            QUESTION,
            None,
            SURE,
            ["Withheld answer of facts, g = -2.00", "Reasoning structure of math (3 steps)", "Branches of math (4)"],
        ),
        (QUESTION, None, UNSURE, ["Withheld answer of math, g = -1.50"]),
        (QUESTION, "reader", SURE, ["Passages for reader (2)"]),
        ("Zebra stripes?", "reader", SURE, ["Passages for reader (0)"]),
        ("Where am I?", None, SURE, ["Candidates (5)"]),
        (BOTH, None, {"facts": -0.5, "math": -0.25}, ["Plan (2 steps)", "Branches of math, step 2 (4)"]),
        (BOTH, None, SURE, ["Withheld answer of facts, step 1, g = -2.00", "Branches of math, step 1 (4)"]),
    ],
)
def test_the_details_are_the_same(
    question: str, worker: str | None, gs: Mapping[str, float], titles: list[str], tmp_path: Path, library: Library
) -> None:
    with opened(tmp_path, library, gs=gs) as octo:
        live = followed(Account(), octo.stream(question, thread="t", worker=worker))
        kept = reopened(octo, "t")
        assert_same(live, kept, octo)
        shown = [part.title.plain for part in parts(kept, octo.graph, BLOCKS)]
        assert [title for title in titles if title not in shown] == []
        assert octo.threads.turns(octo.threads.fork("t", octo.threads.turns("t")[-1].id))[-1].workings == (
            octo.threads.turns("t")[-1].workings
        )


def test_a_turn_that_waits_offers_the_same_and_goes_on_from_there(tmp_path: Path, library: Library) -> None:
    with opened(tmp_path, library, gs=UNSURE, limits=ASK) as octo:
        live = followed(Account(), octo.stream(QUESTION, thread="t"))
        (turn,) = octo.threads.turns("t")
    with opened(tmp_path, library, gs=UNSURE, limits=ASK) as octo:  # another process
        (again,) = octo.threads.turns("t")
        kept = Account.of(again)
        assert again == turn
        assert_same(live, kept, octo)
        assert turn.choices == live.choices == ("answer", "abstain", "reader")
        assert ways(again, kept) == ways(turn, live)
        best = surest(again, kept)
        assert best is not None
        assert best.worker == "facts"  # as the judge says, though `math` was surer
        done = followed(kept, octo.resume("t", choice="reader"))
        assert_same(done, reopened(octo, "t"), octo)
        assert [one.worker for one in done.tries] == ["sums", "facts", "math", "reader"]
        assert done.choices == ()


@pytest.mark.parametrize("choice", ["answer", "abstain"])
def test_a_choice_by_another_process_costs_no_detail(choice: str, tmp_path: Path, library: Library) -> None:
    with opened(tmp_path, library, gs=UNSURE, limits=ASK) as octo:
        octo.ask(QUESTION, thread="t")
    with opened(tmp_path, library, gs=UNSURE, limits=ASK) as octo:
        unread = followed(Account(), octo.resume("t", choice=choice))  # that has not read what was there
        kept = reopened(octo, "t")
        assert_same(unread, kept, octo)
    assert [(one.worker, one.taken) for one in kept.tries] == [
        ("sums", False),
        ("facts", choice == "answer"),
        ("math", False),
    ]


def test_a_stopped_and_a_failed_turn_tell_how_far_they_came(tmp_path: Path, library: Library) -> None:
    cancel = CancelToken()
    with opened(tmp_path, library, gs=SURE, delay=60.0) as octo:  # it is stopped while it writes
        live = Account()
        for event in octo.stream(QUESTION, thread="t", worker="reader", cancel=cancel):
            live = followed(live, [event])
            if live.current is not None and live.current.hits is not None:
                cancel.cancel()
        assert_same(live, reopened(octo, "t"), octo)
        assert live.status == "cancelled"
    workers: dict[str, Worker] = {
        "chat": ScriptedWorker(errors=[ContextOverflowError("it is too long", tokens=9, limit=8)])
    }
    with make_octograph(tmp_path, workers, discoveries={"chat": Discovery(Model())}) as octo:
        with pytest.raises(ContextOverflowError):
            octo.ask("Hi", thread="u")
        kept = reopened(octo, "u")
    assert kept.status == "failed"
    assert kept.routing is not None
    assert [(one.worker, one.structured is not None) for one in kept.tries] == [("chat", True)]
