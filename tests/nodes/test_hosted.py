"""How it stands with a host and the models that share it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from octograph.nodes.host import HostProcess
from octograph.nodes.host.frames import Frame
from octograph.nodes.hosted import Hosted, HostStatus
from octograph.nodes.models.memory import ModelMemory
from octograph.testing import FakeService

MEMORY = ModelMemory(model="a", weights=4 * 2**20, cache=10**9, work=5, stated=False)

Make = Callable[..., Hosted]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make hosts with fakes in them, which are ended with the test."""
    made: list[HostProcess] = []

    def hosted(config: Callable[[], Frame] = dict, *, memory: ModelMemory | None = MEMORY) -> Hosted:
        made.append(HostProcess(name="a", service=FakeService.NAME, config=config))
        one = Hosted(made[-1], memory=lambda: memory)
        one.names += ["a", "b"]
        return one

    yield hosted
    for process in made:
        process.kill()
        process.stop(grace=1)


def test_a_host_that_never_ran_takes_nothing(make: Make) -> None:
    hosted = make()
    assert hosted.occupant() is None
    assert hosted.status() == HostStatus(models=("a", "b"), state="absent", needs=MEMORY.least)
    assert make(memory=None).status().needs is None


async def test_a_host_tells_what_it_has_and_when_it_was_used(make: Make) -> None:
    hosted = make()
    await hosted.host.call("echo", {})
    await hosted.host.call("echo", {})
    status = hosted.status()
    assert (status.state, status.served, status.working, status.pinned) == ("ready", 2, False, False)
    assert status.resident is not None
    assert status.resident > 2**20
    assert status.idle_seconds is not None
    assert (status.loaded, status.starting_seconds) == (None, None)
    occupant = hosted.occupant()
    assert occupant is not None
    assert occupant.idle
    assert occupant.name == "a"
    assert 0 <= occupant.owed < occupant.taken


async def test_a_host_that_works_or_is_pinned_is_not_idle(make: Make) -> None:
    hosted = make()
    stream = hosted.host.stream("slow", {"steps": 50, "seconds": 0.01})
    await anext(stream)
    occupant = hosted.occupant()
    assert occupant is not None
    assert not occupant.idle
    assert hosted.status().working
    async for _ in stream:
        pass
    occupant = hosted.occupant()
    assert occupant is not None
    assert occupant.idle
    hosted.pinned = True
    occupant = hosted.occupant()
    assert occupant is not None
    assert not occupant.idle
    assert hosted.status().pinned


async def test_a_start_in_progress_can_be_watched(make: Make) -> None:
    hosted = make(lambda: {"seconds": 1.0})
    starting = asyncio.create_task(hosted.host.call("echo", {}))
    seen: list[HostStatus] = []
    while not starting.done():
        seen.append(hosted.status())
        await asyncio.sleep(0.05)
    starts = [status for status in seen if status.state == "starting"]
    seconds = [status.starting_seconds for status in starts if status.starting_seconds is not None]
    shares = [status.loaded for status in starts if status.loaded is not None]
    assert len(seconds) == len(shares) == len(starts) > 3
    assert seconds == sorted(seconds)
    assert seconds[-1] > seconds[0]
    assert all(0 <= share <= 1 for share in shares)
    assert shares[-1] == 1  # a process alone is larger than these weights
    assert all(status.working for status in starts)  # its request waits


async def test_a_requantised_copy_is_made_before_anything_is_loaded(make: Make, tmp_path: Path) -> None:
    hosted = make(lambda: {"seconds": 1.0})
    hosted.copy, hosted.evicted = tmp_path / "copy.gguf", ("other",)
    starting = asyncio.create_task(hosted.host.call("echo", {}))
    while hosted.host.pid is None:
        await asyncio.sleep(0.01)
    status = hosted.status()
    assert (status.requantising, status.loaded, status.awaited, status.evicted) == (True, None, True, ("other",))
    hosted.copy.touch()
    status = hosted.status()
    assert (status.requantising, status.loaded is None) == (False, False)
    await starting
    status = hosted.status()
    assert (status.requantising, status.awaited, status.evicted) == (False, False, ())


def test_nobody_waits_for_a_start_by_hand(make: Make) -> None:
    hosted = make(lambda: {"seconds": 0.5})
    starting = threading.Thread(target=hosted.host.ensure_ready)
    starting.start()
    while hosted.host.pid is None:
        starting.join(0.01)
    assert not hosted.status().awaited
    starting.join()


def test_what_has_yet_to_be_loaded_is_owed_once_there_is_room_for_it(make: Make) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def config() -> Frame:
        entered.set()
        go_on.wait(10)
        return {}

    hosted = make(config)
    starting = threading.Thread(target=hosted.host.ensure_ready)
    starting.start()
    entered.wait(10)
    assert hosted.status().state == "starting"
    assert hosted.status().loaded == 0
    assert hosted.occupant() is None
    hosted.admitted = True
    occupant = hosted.occupant()
    assert occupant is not None
    assert (occupant.taken, occupant.owed, occupant.idle) == (0, MEMORY.least, False)
    go_on.set()
    starting.join()
    assert hosted.host.state == "ready"
