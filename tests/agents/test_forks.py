"""Forks: a thread goes on in two ways, and neither knows of the other."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from octograph.agents import ThreadStore, Turn
from octograph.agents.limits import Limits
from octograph.errors import ThreadError, UsageError
from octograph.nodes.generation import Message
from octograph.testing import FixedClock, FixedEvaluator, ScriptedWorker, make_octograph


def asked(turns: list[Turn]) -> list[str]:
    return [turn.query for turn in turns]


def test_both_go_on(tmp_path: Path) -> None:
    chat, clock = ScriptedWorker(["Hello"]), FixedClock()
    with make_octograph(tmp_path, {"chat": chat}, clock=clock) as octo:
        one, two, _ = (octo.ask(query, thread="a") for query in ("One", "Two", "Three"))
        clock.advance(minutes=1)
        fork = octo.threads.fork("a", two.id)
        octo.ask("Three, otherwise", thread=fork)
        octo.ask("Four", thread="a")
    with make_octograph(tmp_path, {"chat": chat}, clock=clock) as octo:
        assert asked(octo.threads.turns("a")) == ["One", "Two", "Three", "Four"]
        turns = octo.threads.turns(fork)
        assert asked(turns) == ["One", "Two", "Three, otherwise"]
        assert {turn.thread for turn in turns} == {fork}
        assert turns[0].id == one.id
        info = octo.threads.info(fork)
        assert (info.parent, info.parent_turn, info.title) == ("a", two.id, "One (fork)")
        assert info.created == info.updated == "2026-01-05T12:01:00+00:00"
        assert octo.threads.info("a").parent is None
        octo.threads.delete("a")
        assert asked(octo.threads.turns(fork)) == asked(turns)
        assert len(octo.threads.search("hello")) == 3
    assert [message.content for message in chat.tasks[3].history] == ["One", "Hello", "Two", "Hello"]
    assert chat.tasks[3].history[0] == Message(role="user", content="One")


def test_a_question_is_asked_anew(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        one, two = (octo.ask(query, thread="a") for query in ("One", "Two"))
        later = octo.threads.fork("a", two.id, keep=False)
        assert asked(octo.threads.turns(later)) == ["One"]
        earlier = octo.threads.fork("a", one.id, keep=False)
        assert octo.threads.turns(earlier) == []
        assert octo.threads.info(earlier).parent_turn == one.id
        octo.ask("Otherwise", thread=earlier)
        assert asked(octo.threads.turns(earlier)) == ["Otherwise"]
        assert asked(octo.threads.turns("a")) == ["One", "Two"]


def test_a_fork_of_a_fork_says_so_once(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        turn = octo.ask("x" * 100, thread="a")
        first = octo.threads.fork("a", turn.id)
        second = octo.threads.fork(first, turn.id)
        assert octo.threads.info(second).title == "x" * 73 + " (fork)"
        assert octo.threads.info(second).parent == first


def test_what_cannot_be_forked(tmp_path: Path) -> None:
    with make_octograph(
        tmp_path,
        {"facts": ScriptedWorker(["Lyon"])},
        thresholds={"facts": -1.0},
        evaluators={"facts": FixedEvaluator(otherwise=-2.0)},
        limits=Limits(unsure="ask"),
    ) as octo:
        turn = octo.ask("Which city?", thread="a")
        assert turn.status == "waiting"
        with pytest.raises(UsageError, match="unfinished"):
            octo.threads.fork("a", turn.id)
        assert octo.threads.turns(octo.threads.fork("a", turn.id, keep=False)) == []
        with pytest.raises(UsageError, match="no turn 'elsewhere'"):
            octo.threads.fork("a", "elsewhere")
        with pytest.raises(ThreadError, match="no thread 'elsewhere'"):
            octo.threads.fork("elsewhere", turn.id)
        assert len(octo.threads.list()) == 2


def test_a_thread_that_is_busy_can_be_forked(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["a", "b"], delay=0.2)}) as octo:
        one = octo.ask("One", thread="a")
        events = octo.stream("Two", thread="a")
        next(events)
        fork = octo.threads.fork("a", one.id)
        assert asked(octo.threads.turns(fork)) == ["One"]
        list(events)
        assert asked(octo.threads.turns("a")) == ["One", "Two"]


DIES = """
import asyncio, signal, sys
from pathlib import Path
from octograph.agents import ThreadStore
from octograph.testing import FixedClock

async def die():
    async with ThreadStore.open(Path(sys.argv[1]) / "threads.sqlite", clock=FixedClock()) as store:
        async with store.forking(await store.info("a"), "a turn", "half"):
            signal.raise_signal(signal.SIGKILL)

asyncio.run(die())
"""


def test_a_fork_whose_process_is_killed_is_never_seen(tmp_path: Path) -> None:
    clock = FixedClock()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        octo.ask("One", thread="a")
        done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False, timeout=120)
        assert done.returncode == -signal.SIGKILL
        assert [info.id for info in octo.threads.list()] == ["a"]
        assert octo.threads.turns("half") == []
        assert len(octo.threads.search("hello")) == 1
    clock.advance(days=31)
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        assert [info.id for info in octo.threads.list()] == ["a"]
    with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database:
        assert database.execute("SELECT id FROM octograph_threads").fetchall() == [("a",)]


async def test_a_thread_of_a_thousand_turns(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        pattern = octo.ask("Short", thread="short")
        turns = [replace(pattern, id=f"{n}", thread="long", query=f"Question n{n}") for n in range(1000)]
        async with ThreadStore.open(tmp_path / "threads.sqlite", clock=FixedClock()) as store:
            graph = octo.langgraph.builder.compile(checkpointer=store.checkpointer)
            await store.begin("long", query="Long", now="2026-01-05T13:00:00+00:00")
            for start in range(0, 1000, 20):
                written = {"turns": [turn.document() for turn in turns[start : start + 20]], "worker": None}
                await graph.aupdate_state({"configurable": {"thread_id": "long"}}, written, as_node="decide")
        assert [info.id for info in octo.threads.list()] == ["long", "short"]
        assert octo.threads.turns("long") == turns
        assert [found.turn for found in octo.threads.search("n777")] == ["777"]
        assert len(octo.threads.search("question", limit=2000)) == 1000
        fork = octo.threads.fork("long", "499")
        octo.ask("Question n500, otherwise", thread=fork)
        assert asked(octo.threads.turns(fork)) == [*asked(turns[:500]), "Question n500, otherwise"]
        assert len(octo.threads.search("question", limit=2000)) == 1501
