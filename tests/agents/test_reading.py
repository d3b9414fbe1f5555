"""Workers that answer from documents: what they are given, what is shown, and what is cited."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from octograph import Octograph, Turn
from octograph.agents import Event, Retrieved, TextWritten, document
from octograph.agents.state import State
from octograph.agents.steps.retrieve import RetrieveStep
from octograph.cancellation import CancelToken
from octograph.nodes.grounded import NOT_FOUND
from octograph.nodes.master import NO_WORKER
from octograph.retrieval.documents import Document
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.library import Library
from octograph.retrieval.splitting import Splitter
from octograph.testing import FakeEmbedder, FixedRouter, ScriptedWorker, make_graph, make_octograph

LEASE = Document(text="The notice period is three months.", markup="text", title="Lease")
MANUAL = Document(text="Descale the machine every 60 days.", markup="text", title="Manual")
QUESTION = "What is the notice period of the lease?"


@pytest.fixture
def base(tmp_path: Path, tokenizer: Path) -> KnowledgeBase:
    return KnowledgeBase(tmp_path / "base", embedder=FakeEmbedder(), splitter=lambda: Splitter(tokenizer))


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    documents = {"/home/me/lease.txt": LEASE, "/home/me/manual.txt": MANUAL}
    asyncio.run(base.add_documents(documents, cancel=CancelToken()))
    return base


def opened(folder: Path, base: KnowledgeBase, workers: Mapping[str, ScriptedWorker], **options: object) -> Octograph:
    return make_octograph(
        folder,
        workers,
        reads={"reader": "documents"},
        library=Library({"documents": base}),
        **options,  # type: ignore[arg-type]  # of several types
    )


def shown(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextWritten))


def test_the_answer_names_the_passage_that_it_rests_on(tmp_path: Path, filled: KnowledgeBase) -> None:
    reader = ScriptedWorker(["Three ", "months."])
    with opened(tmp_path, filled, {"reader": reader}) as octo:
        events = list(octo.stream(QUESTION, thread="t"))
        (turn,) = octo.threads.turns("t")
    assert turn.text == shown(events) == "Three months. [1]"
    assert [(one.number, one.source, one.title) for one in turn.citations] == [(1, "/home/me/lease.txt", "Lease")]
    assert turn.citations[0].place == "/home/me/lease.txt"
    assert reader.tasks[0].evidence[0].title == "Lease"
    (retrieved,) = [event for event in events if isinstance(event, Retrieved)]
    assert document(retrieved)["hits"][0]["text"] == LEASE.text


async def test_a_worker_is_given_as_many_passages_as_it_takes(filled: KnowledgeBase) -> None:
    graph = make_graph(["reader"], reads={"reader": "documents"})
    state: State = {"query": "What is the notice period, and when is the machine descaled?", "route": None}
    for most in (1, 2):
        narrowed = graph.with_changed(replace(graph.worker("reader"), passages=most))
        step = RetrieveStep(narrowed, {"documents": filled})
        found = await step({**state, "worker": "reader"}, emit=lambda event: None, cancel=CancelToken())
        assert len(found["evidence"] or ()) == most


def test_what_is_not_in_the_documents_is_not_shown(tmp_path: Path, filled: KnowledgeBase) -> None:
    other = ScriptedWorker(["Whatever."])
    router = FixedRouter(("reader", "chat"), {QUESTION: {"reader": 0.6, "chat": 0.3, NO_WORKER: 0.1}})
    workers = {"reader": ScriptedWorker(["Fourteen weeks."]), "chat": other}
    with opened(tmp_path, filled, workers, router=router) as octo:
        events = list(octo.stream(QUESTION))
        turn = octo.ask(QUESTION)
    assert shown(events) == ""
    assert turn.status == "abstained"
    assert "not in your documents" in turn.text
    assert turn.citations[0].title == "Lease"  # what came nearest
    assert other.tasks == []  # nobody makes up what the documents do not say


def test_a_reader_may_say_that_the_passages_do_not_hold_it(tmp_path: Path, filled: KnowledgeBase) -> None:
    with opened(tmp_path, filled, {"reader": ScriptedWorker([NOT_FOUND])}) as octo:
        events = list(octo.stream(QUESTION, thread="t"))
        (turn,) = octo.threads.turns("t")
    assert shown(events) == ""
    assert turn.status == "abstained"
    assert "your documents do not say" in turn.text
    assert turn.citations[0].title == "Lease"


def test_without_a_passage_nobody_writes(tmp_path: Path, filled: KnowledgeBase) -> None:
    reader = ScriptedWorker(["Paris."])
    with opened(tmp_path, filled, {"reader": reader}) as octo:
        turn = octo.ask("zzz qqq xxx")
    assert (turn.status, reader.tasks, turn.citations) == ("abstained", [], ())
    assert "hold nothing about it" in turn.text


def test_an_empty_knowledge_base_is_told(tmp_path: Path, base: KnowledgeBase) -> None:
    with opened(tmp_path, base, {"reader": ScriptedWorker(["Paris."])}) as octo:
        turn = octo.ask(QUESTION)
    assert turn.status == "abstained"
    assert "index add" in turn.text


def test_an_edge_leads_on_from_what_is_not_there(tmp_path: Path, filled: KnowledgeBase) -> None:
    workers = {"reader": ScriptedWorker(["Fourteen weeks."]), "chat": ScriptedWorker(["I would ask the landlord."])}
    with opened(tmp_path, filled, workers, escalations={"reader": "chat"}) as octo:
        turn = octo.ask(QUESTION)
    assert (turn.worker, turn.text, turn.citations) == ("chat", "I would ask the landlord.", ())
    assert [one.worker for one in turn.tried] == ["reader"]


def test_who_reads_nothing_is_given_nothing(tmp_path: Path, filled: KnowledgeBase) -> None:
    chat = ScriptedWorker(["Hello."])
    with opened(tmp_path, filled, {"chat": chat, "reader": ScriptedWorker(["-"])}) as octo:
        events = list(octo.stream("Hello", worker="chat"))
    assert chat.tasks[0].evidence == ()
    assert not any(isinstance(event, Retrieved) for event in events)


def test_the_steps_of_a_plan_number_their_passages_on(tmp_path: Path, filled: KnowledgeBase) -> None:
    query = f"{QUESTION} And how often do I descale the machine?"
    workers = {"reader": ScriptedWorker(["Three months."]), "checker": ScriptedWorker(["Every 60 days."])}
    plan = [("reader", QUESTION), ("checker", "how often do I descale the machine")]
    router = FixedRouter(tuple(workers), plans={query: plan})
    with make_octograph(
        tmp_path,
        workers,
        router=router,
        reads=dict.fromkeys(workers, "documents"),
        library=Library({"documents": filled}),
    ) as octo:
        turn = octo.ask(query)
    assert turn.text == "Three months. [1]\n\nEvery 60 days. [2]"
    assert [(one.number, one.title) for one in turn.citations] == [(1, "Lease"), (2, "Manual")]


def test_a_turn_with_citations_survives_its_document(tmp_path: Path, filled: KnowledgeBase) -> None:
    with opened(tmp_path, filled, {"reader": ScriptedWorker(["Three months."])}) as octo:
        turn = octo.ask(QUESTION)
    assert Turn.from_document(turn.document()) == turn


def test_a_cancelled_search_ends_the_turn(tmp_path: Path, filled: KnowledgeBase) -> None:
    cancel = CancelToken()
    with opened(tmp_path, filled, {"reader": ScriptedWorker(["Three months."], delay=0.05)}) as octo:
        for event in octo.stream(QUESTION, thread="t", cancel=cancel):
            if isinstance(event, Retrieved):
                cancel.cancel()
        (turn,) = octo.threads.turns("t")
    assert (turn.status, turn.citations) == ("cancelled", ())
