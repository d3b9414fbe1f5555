"""The Python API: sync and async alike, from threads and event loops, and inside another LangGraph graph."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

import octograph
from octograph import CancelToken, Octograph
from octograph.agents import Started, TextWritten, document
from octograph.agents.learning import POLICIES
from octograph.errors import GraphError, HeadError, ThreadError, ToolError, UsageError
from octograph.testing import FixedRouter, ScriptedWorker, make_graph, make_octograph


@pytest.fixture
def octo(tmp_path: Path) -> Iterator[Octograph]:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hel", "lo"])}) as octo:
        yield octo


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Octograph]:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["word "] * 5000, delay=0.01)}) as octo:
        yield octo


async def test_sync_and_async_give_the_same(octo: Octograph) -> None:
    blocking = octo.ask("Hi", thread="a")
    awaited = await octo.aask("Hi", thread="b")
    assert replace(awaited, id=blocking.id, thread="a", times=blocking.times) == blocking
    assert replace(await octo.aroute("Hi"), latency_ms=0) == replace(octo.route("Hi"), latency_ms=0)
    kinds = [document(event)["kind"] for event in octo.stream("Hi")]
    assert [document(event)["kind"] async for event in octo.astream("Hi")] == kinds


async def test_errors_are_the_same(octo: Octograph) -> None:
    with pytest.raises(UsageError, match="empty"):
        await octo.aask(" ")
    with pytest.raises(UsageError, match="empty"):
        await octo.aroute(" ")
    with pytest.raises(GraphError):
        await octo.aask("Hi", worker="nobody")
    with pytest.raises(ThreadError, match="no interrupted turn"):
        [event async for event in octo.aresume("t")]


def test_leaving_a_stream_cancels_and_frees_the_thread(slow: Octograph) -> None:
    for event in slow.stream("Hi", thread="t"):
        if isinstance(event, TextWritten):
            break
    (turn,) = slow.threads.turns("t")
    assert (turn.status, turn.text[:4]) == ("cancelled", "word")
    with contextlib.closing(slow.stream("Hi", thread="t")) as events:  # type: ignore[type-var]  # it is a generator
        next(events)
    assert [turn.status for turn in slow.threads.turns("t")] == ["cancelled", "cancelled"]


async def test_leaving_an_async_stream_cancels_and_frees_the_thread(slow: Octograph) -> None:
    events = slow.astream("Hi", thread="t")
    async for event in events:
        if isinstance(event, TextWritten):
            break
    await events.aclose()  # type: ignore[attr-defined]  # it is an async generator
    assert [turn.status for turn in slow.threads.turns("t")] == ["cancelled"]


async def test_a_cancelled_task_cancels_its_turn(slow: Octograph) -> None:
    task = asyncio.create_task(slow.aask("Hi", thread="t"))
    while not slow.threads.list():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [turn.status for turn in slow.threads.turns("t")] == ["cancelled"]


def test_cancelled_from_another_thread(slow: Octograph) -> None:
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()
    turn = slow.ask("Hi", cancel=cancel)
    assert turn.status == "cancelled"
    assert turn.text.count("word") < 500


def test_many_threads_ask_at_once(tmp_path: Path) -> None:
    worker = ScriptedWorker(["one", " two"], delay=0.01)
    with (
        make_octograph(tmp_path, {"chat": worker}) as octo,
        ThreadPoolExecutor(8) as several,
    ):
        # The first calls race for the start of the loop and for the database.
        turns = list(several.map(lambda number: octo.ask(f"Q{number}", thread=f"t{number % 8}-{number}"), range(32)))
        assert [turn.text for turn in turns] == ["one two"] * 32
        assert all([turn] == octo.threads.turns(turn.thread) for turn in turns)
        assert len(octo.threads.list()) == 32


async def test_many_tasks_ask_at_once(octo: Octograph) -> None:
    turns = await asyncio.gather(*(octo.aask(f"Q{number}") for number in range(16)))
    assert [turn.query for turn in turns] == [f"Q{number}" for number in range(16)]
    assert {turn.text for turn in turns} == {"Hello"}


async def test_inside_a_running_loop(tmp_path: Path) -> None:
    async with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert octo.ask("Hi").text == "Hello"
        assert (await octo.aask("Hi")).text == "Hello"
    with pytest.raises(UsageError, match="closed"):
        await octo.aask("Hi")


def test_one_after_another_in_several_loops(octo: Octograph) -> None:
    for _ in range(2):
        assert asyncio.run(octo.aask("Hi", thread="t")).text == "Hello"
    assert len(octo.threads.turns("t")) == 2


def test_closed_is_closed(tmp_path: Path) -> None:
    octo = make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])})
    octo.ask("Hi")
    octo.close()
    octo.close()
    for act in (lambda: octo.ask("Hi"), lambda: octo.route("Hi"), octo.threads.list, lambda: octo.threads.turns("t")):
        with pytest.raises(UsageError, match="closed"):
            act()


def test_closed_without_use(tmp_path: Path) -> None:
    octo = make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])})
    octo.close()
    with pytest.raises(UsageError, match="closed"):
        octo.threads.list()
    assert list(tmp_path.iterdir()) == []


def test_closing_ends_a_turn_as_cancelled(tmp_path: Path) -> None:
    octo = make_octograph(tmp_path, {"chat": ScriptedWorker(["word "] * 5000, delay=0.01)})
    events = octo.stream("Hi", thread="t")
    while not isinstance(next(events), TextWritten):
        pass
    octo.close()
    assert document(list(events)[-1])["turn"]["status"] == "cancelled"
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        (turn,) = octo.threads.turns("t")
    assert (turn.status, turn.text[:4]) == ("cancelled", "word")


def test_a_stream_does_nothing_before_it_is_read(octo: Octograph) -> None:
    events = octo.stream("Hi", thread="t")
    assert octo.threads.list() == []
    assert isinstance(next(events), Started)


class Desk(TypedDict, total=False):
    """A user's own state, which shares two keys with ours."""

    query: str
    answer: dict[str, Any]
    notes: list[str]


def _desk(octo: Octograph, checkpointer: InMemorySaver | None) -> CompiledStateGraph[Desk, None, Desk, Desk]:
    def polite(state: Desk) -> Desk:
        return {"query": f"Please: {state['query']}", "notes": [*state.get("notes", []), state["query"]]}

    builder: StateGraph[Desk, None, Desk, Desk] = StateGraph(Desk)
    builder.add_node("polite", polite)
    builder.add_node("octograph", octo.langgraph)
    builder.add_edge(START, "polite")
    builder.add_edge("polite", "octograph")
    builder.add_edge("octograph", END)
    return builder.compile(checkpointer=checkpointer)


@pytest.mark.parametrize("checkpointed", [True, False])
@pytest.mark.parametrize("blocking", [True, False])
async def test_inside_another_graph(tmp_path: Path, checkpointed: bool, blocking: bool) -> None:
    workers = {"sums": ScriptedWorker(errors=[ToolError("no sum")] * 2), "chat": ScriptedWorker(["Hello"])}
    with make_octograph(tmp_path, workers, escalations={"sums": "chat"}) as octo:
        desk = _desk(octo, InMemorySaver() if checkpointed else None)
        for query in ("Hi", "And now?"):
            given: Desk = {"query": query}
            config: Any = {"configurable": {"thread_id": "theirs"}}
            out = desk.invoke(given, config) if blocking else await desk.ainvoke(given, config)
            assert out["answer"]["text"] == "Hello"
            assert out["answer"]["query"] == f"Please: {query}"
            (attempt,) = out["answer"]["tried"]
            assert (attempt["worker"], attempt["reason"], attempt["step"]) == ("sums", "no sum", 1)
        assert out["notes"] == (["Hi", "And now?"] if checkpointed else ["And now?"])
        assert octo.threads.list() == []


async def test_by_itself_as_a_graph(octo: Octograph) -> None:
    assert octo.langgraph.invoke({"query": "Hi"})["answer"]["text"] == "Hello"
    assert (await octo.langgraph.ainvoke({"query": "Hi"}))["answer"]["text"] == "Hello"


def test_open_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="'nowhere'"):
        octograph.open("nowhere")
    graph = tmp_path / "graph.toml"
    from octograph.graph import save

    save(make_graph(("chat",)), graph)
    with pytest.raises(HeadError, match="no functional head"):
        octograph.open(graph)


def test_the_default_router_gives_all_to_the_first(tmp_path: Path) -> None:
    router = FixedRouter(("a", "b"), {"q": {"b": 0.7}})
    with make_octograph(tmp_path, {"a": ScriptedWorker(["a"]), "b": ScriptedWorker(["b"])}, router=router) as octo:
        route = octo.route("q")
    assert (route.worker, route.token) == ("b", "<fn_1>")
    assert sum(route.distribution.values()) == pytest.approx(1.0)


def test_feedback_is_kept_and_moves_later_choices_where_it_may(tmp_path: Path) -> None:
    workers = {"chat": ScriptedWorker(["a"]), "code": ScriptedWorker(["b"])}
    router = FixedRouter(tuple(workers), {"q": {"chat": 0.5, "code": 0.45, "none": 0.05}})
    with make_octograph(tmp_path, workers, router=router) as octo:
        assert not octo.learns
        for thread in ("one", "two", "three"):
            assert octo.ask("q", thread=thread).worker == "chat"
            octo.feedback(thread, accepted=False, instead="code")
        assert octo.ask("q").worker == "chat"
    with make_octograph(tmp_path, workers, router=router, learning=POLICIES["greedy"]) as octo:
        assert octo.learns
        assert octo.ask("q").worker == "code"
        for thread in ("one", "two", "three"):  # a later feedback takes the place of the earlier
            octo.feedback(thread, accepted=True)
        assert octo.ask("q").worker == "chat"


def test_ratings_of_a_conversation_are_read_back(tmp_path: Path) -> None:
    workers = {"chat": ScriptedWorker(["a"]), "code": ScriptedWorker(["b"])}
    with make_octograph(tmp_path, workers) as octo:
        first, second = octo.ask("q", thread="t"), octo.ask("q", thread="t")
        assert octo.ratings("t") == {}
        octo.feedback("t", accepted=True, turn=first.id)
        octo.feedback("t", accepted=False, instead="code")
    with make_octograph(tmp_path, workers) as octo:
        found = octo.ratings("t")
    assert {turn: (one.kind, one.worker, one.instead) for turn, one in found.items()} == {
        first.id: ("accepted", "chat", None),
        second.id: ("overridden", "chat", "code"),
    }


def test_feedback_that_cannot_be_is_told(tmp_path: Path) -> None:
    workers = {"chat": ScriptedWorker(["a"]), "code": ScriptedWorker(["b"])}
    with make_octograph(tmp_path, workers) as octo:
        octo.ask("q", thread="named", worker="code")
        octo.ask("q", thread="routed")
        with pytest.raises(UsageError, match="no such answer"):
            octo.feedback("nowhere", accepted=True)
        with pytest.raises(UsageError, match="asked by name"):
            octo.feedback("named", accepted=True)
        with pytest.raises(UsageError, match="overridden by itself"):
            octo.feedback("routed", accepted=False, instead="chat")
        with pytest.raises(GraphError, match="no node"):
            octo.feedback("routed", accepted=False, instead="nobody")
        with pytest.raises(UsageError, match="no such answer"):
            octo.feedback("routed", accepted=True, turn="another")
