"""Crash safety, with the real model: ``kill -9`` at any moment loses no finished turn and leaves no process behind."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

import octograph
from octograph.agents import Finished, StepStarted, TextWritten, Turn
from octograph.nodes.generation import Message
from octograph.nodes.pool import HostPool

TALKER = Path(__file__).with_name("talker.py")


@dataclass(kw_only=True)
class Victim:
    """What was seen of a conversation until its process was killed."""

    hosts: list[int] = field(default_factory=list)
    finished: dict[str, str] = field(default_factory=dict)
    begun: str | None = None
    last: str = ""


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_a_killed_conversation_goes_on_where_it_stood(kills: int, data_dir: Path) -> None:
    seed = 20260105
    moments = random.Random(seed)
    finished: dict[str, str] = {}
    outcomes: Counter[str] = Counter()
    began = time.monotonic()
    for _ in range(kills):
        victim = _talk_until_killed("t", seconds=moments.uniform(0.0, 1.2))
        assert not _left_behind(victim.hosts)
        finished |= victim.finished
        outcomes[f"killed at {victim.last}"] += 1
        with closing(sqlite3.connect(data_dir / "threads.sqlite")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        outcomes[_resume(victim, finished)] += 1
    summary = {"kills": kills, "seed": seed, "turns": len(finished), "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(summary | {"outcomes": dict(sorted(outcomes.items()))}))  # noqa: T201  # for the record


def _talk_until_killed(thread: str, *, seconds: float) -> Victim:
    victim = Victim()
    process = subprocess.Popen([sys.executable, str(TALKER), thread], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process:
        victim.hosts = json.loads(process.stdout.readline())["hosts"]
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        for line in process.stdout:
            if not line.endswith(b"\n"):
                break
            said = json.loads(line)
            victim.last = said["kind"] if said["kind"] != "step" else said["turn"]
            if said["kind"] == "started":
                victim.begun = said["turn"]
            elif said["kind"] == "finished":
                victim.finished[said["turn"]] = said["text"]
        timer.join()
        process.wait(30)
    assert process.returncode == -signal.SIGKILL
    return victim


def _left_behind(hosts: list[int]) -> list[int]:
    """Hosts that still run a moment later."""
    gone = time.monotonic() + 5
    while time.monotonic() < gone and any(map(_runs, hosts)):
        time.sleep(0.02)
    return [pid for pid in hosts if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _resume(victim: Victim, finished: dict[str, str]) -> str:
    """Check what is there, go on with what is unfinished, and say which of the two it was."""
    with octograph.open() as octo:
        turns = octo.threads.turns("t")
        kept = {turn.id: turn for turn in turns}
        assert {id_: kept[id_].text for id_ in finished} == finished
        assert [turn.status for turn in turns[:-1]] == ["answered"] * (len(turns) - 1)
        open_turns = [turn for turn in turns if turn.status == "interrupted"]
        if not open_turns:
            # Killed between two turns: before the next one's first checkpoint or after the last one's end.
            assert victim.begun is None or victim.begun in kept or victim.last == "started"
            finished.update({turn.id: turn.text for turn in turns})
            return "nothing was open"
        assert [turn.id for turn in open_turns] == [victim.begun or open_turns[0].id] == [turns[-1].id]
        last = list(octo.resume("t"))[-1]
        assert isinstance(last, Finished)
        assert (last.turn.id, last.turn.status) == (open_turns[0].id, "answered")
        assert octo.threads.turns("t")[-1] == last.turn
        finished[last.turn.id] = last.turn.text
        return "resumed"


def test_an_unfinished_turn_that_is_not_resumed_is_closed_as_interrupted(data_dir: Path) -> None:
    victim = _talk_until_killed("t", seconds=0.3)
    with octograph.open() as octo:
        before = octo.threads.turns("t")
        octo.ask("What is 2 + 2?", thread="t")
        assert octo.threads.turns("t")[: len(before)] == before
        assert octo.threads.turns("t")[-1].text == "2 + 2 = 4"
    assert victim.hosts


@pytest.mark.parametrize("step", ["route", "generate"])
@pytest.mark.parametrize("delay", [0.0, 0.03])
def test_a_killed_host_is_started_once_more(step: str, delay: float, data_dir: Path) -> None:
    with octograph.open() as octo:
        octo.route("Hi")  # the host is up
        turn = _ask_and_kill(octo, step, delay)
        (client,) = set(_pool(octo).clients.values())
        assert client.host.starts == 2
    assert turn.status == "answered"
    assert turn.text


def _ask_and_kill(octo: octograph.Octograph, step: str, delay: float) -> Turn:
    (client,) = set(_pool(octo).clients.values())
    victim = client.host.pid
    for event in octo.stream("How are you today?", thread="t"):
        reached = isinstance(event, StepStarted) and event.step == step == "route"
        if victim is not None and (reached or (isinstance(event, TextWritten) and step == "generate")):
            time.sleep(delay)
            os.kill(victim, signal.SIGKILL)
            victim = None
        if isinstance(event, Finished):
            return event.turn
    raise AssertionError("the stream ended without an end")


def _pool(octo: octograph.Octograph) -> HostPool:
    assert octo.pool is not None
    return octo.pool


async def test_a_killed_host_counts_again(data_dir: Path) -> None:
    with octograph.open() as octo:
        (client,) = set(_pool(octo).clients.values())
        message = Message(role="user", content="Hi")
        tokens = await client.count((message,))
        assert client.host.pid is not None
        os.kill(client.host.pid, signal.SIGKILL)
        while client.host.state == "ready":
            await asyncio.sleep(0.01)
        assert await client.count((message,)) == tokens
