"""The life of a host, with real processes."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from octograph.cancellation import CancelToken
from octograph.errors import (
    ContextOverflowError,
    HostCrashedError,
    HostError,
    HostRequestError,
    HostStartError,
    ToolError,
)
from octograph.nodes.host import HostProcess
from octograph.nodes.host.frames import MAX_FRAME, Frame, write_frame
from octograph.testing import FakeService

Start = Callable[..., HostProcess]


@pytest.fixture
def host() -> Iterator[Start]:
    """Make hosts that are ended with the test."""
    made: list[HostProcess] = []

    def make(config: Frame | None = None, **options: float) -> HostProcess:
        made.append(
            HostProcess(name="fake", service=FakeService.NAME, config=lambda: config or {}, **options)  # type: ignore[arg-type]  # only start_timeout is given
        )
        return made[-1]

    yield make
    for process in made:
        process.kill()
        process.stop(grace=1)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Poll a condition that other processes bring about."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_many_callers_start_one_child(host: Start) -> None:
    process = host({"seconds": 0.3})
    callers = [threading.Thread(target=process.ensure_ready) for _ in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert process.starts == 1
    assert process.state == "ready"
    assert process.info["pid"] == process.pid


async def test_requests_take_turns_and_each_gets_its_own_replies(host: Start) -> None:
    process = host()

    async def slow(steps: int) -> list[Frame]:
        return [frame async for frame in process.stream("slow", {"steps": steps, "seconds": 0.02})]

    long, short = asyncio.create_task(slow(40)), asyncio.create_task(slow(3))
    await short
    assert not long.done()
    assert await long == [{"number": number} for number in range(40)]
    assert await process.call("echo", {"a": [1, "é", b"\x00"]}) == {"a": [1, "é", b"\x00"]}


async def test_more_requests_than_capacity_wait_in_order(host: Start) -> None:
    process = host()
    replies = await asyncio.gather(*(process.call("echo", {"n": n}) for n in range(50)))
    assert [reply["n"] for reply in replies] == list(range(50))


async def test_a_flood_arrives_whole(host: Start) -> None:
    frames = [frame["number"] async for frame in host().stream("flood", {"count": 5000})]
    assert frames == list(range(5000))


async def test_cancelling_lets_the_service_close_the_request(host: Start) -> None:
    cancel = CancelToken()
    frames = []
    async for frame in host().stream("slow", {"steps": 1000, "seconds": 0.01}, cancel=cancel):
        frames.append(frame)
        if len(frames) == 3:
            cancel.cancel()
    assert "cancelled_at" in frames[-1]
    assert len(frames) < 20


async def test_a_dropped_request_is_cancelled_in_the_host(host: Start) -> None:
    process = host()
    stream = process.stream("slow", {"steps": 10_000, "seconds": 0.01})
    async for _ in stream:
        break
    await stream.aclose()  # type: ignore[attr-defined]  # an async generator
    await asyncio.wait_for(process.call("echo", {}), 60)  # the other would take 100 s


async def test_errors_of_the_service_keep_their_kind(host: Start) -> None:
    process = host()
    with pytest.raises(ToolError, match="cannot do that") as caught:
        await process.call("fail", {})
    assert caught.value.hint == "Ask for something else."
    with pytest.raises(HostError, match="ZeroDivisionError"):
        await process.call("bug", {})
    assert await process.call("echo", {"still": "there"}) == {"still": "there"}


async def test_a_crash_fails_what_is_in_flight_and_the_next_request_starts_anew(host: Start) -> None:
    process = host()
    await process.prepare()  # who still waits for the start when the crash comes would be served by the next life
    waiting = [asyncio.create_task(process.call("slow", {"steps": 1000, "seconds": 0.01})) for _ in range(3)]
    await process.call("echo", {})  # its answer comes behind the three: they are in flight
    with pytest.raises(HostCrashedError, match="SIGKILL"):
        await process.call("crash", {})
    for task in waiting:
        with pytest.raises(HostCrashedError):
            await task
    assert process.state == "failed"
    assert process.pid is None
    assert await process.call("echo", {"again": 1}) == {"again": 1}
    assert process.starts == 2


async def test_nonsense_on_the_wire_ends_the_host(host: Start) -> None:
    process = host()
    with pytest.raises(HostError):
        await process.call("garbage", {"bytes": b"\xff" * 64})
    assert wait_until(lambda: process.state == "failed")


def test_a_frozen_host_is_killed(host: Start) -> None:
    process = host()
    process.ensure_ready()
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    process.stop(grace=0.3)
    assert not psutil.pid_exists(pid)
    process.ensure_ready()
    assert process.state == "ready"


def test_a_start_that_fails_says_why(host: Start) -> None:
    with pytest.raises(HostStartError, match="does not want to"):
        host({"fail": True}).ensure_ready()
    with pytest.raises(HostStartError, match="exit status 7") as caught:
        host({"crash": True}).ensure_ready()
    assert "ends while it starts" in caught.value.hint
    slow = host({"seconds": 60}, start_timeout=1.0)
    with pytest.raises(HostStartError, match="not ready after 1 s"):
        slow.ensure_ready()
    assert slow.state == "failed"


async def test_the_child_sees_no_secrets(host: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("HF_TOKEN", "hunter2")
    environment = await host().call("environment", {})
    assert "PATH" in environment
    assert "hunter2" not in " ".join(environment.values())


def test_no_orphan_when_the_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import time; from octograph.nodes.host import HostProcess\n"
        "host = HostProcess(name='x', service='octograph.testing:FakeService', config=dict)\n"
        "host.ensure_ready(); print(host.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert wait_until(lambda: not psutil.pid_exists(pid))


def test_ctrl_c_in_the_terminal_does_not_reach_the_host(host: Start) -> None:
    process = host()
    process.ensure_ready()
    assert process.pid is not None
    assert os.getpgid(process.pid) != os.getpgid(0)


def test_twenty_lives_leave_nothing_behind(host: Start) -> None:
    process = host()
    process.ensure_ready()
    process.stop()
    me = psutil.Process()
    files, threads = me.num_fds(), threading.active_count()
    for _ in range(20):
        process.ensure_ready()
        process.stop()
    assert wait_until(lambda: me.num_fds() <= files and threading.active_count() <= threads)
    assert not [child for child in me.children() if child.status() == psutil.STATUS_ZOMBIE]


def framed(frame: Frame) -> bytes:
    stream = io.BytesIO()
    write_frame(stream, frame)
    return stream.getvalue()


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"id": [], "kind": "done"},
        {"id": 1},
        {"id": 1, "kind": "item"},
        {"id": 1, "kind": "item", "body": [1]},
        {"id": 1, "kind": "error", "error": "no"},
        {"id": 1, "kind": "crashed"},
        {"id": 1, "kind": ["item"]},
    ],
)
async def test_a_reply_that_is_none_ends_the_host(host: Start, frame: Frame) -> None:
    process = host()
    with pytest.raises(HostCrashedError, match="SIGKILL") as caught:
        await process.call("garbage", {"bytes": framed(frame)})
    assert "protocol error" in caught.value.hint


@pytest.mark.parametrize("other", [True, False])
async def test_errors_that_a_host_makes_up_stay_errors_of_ours(host: Start, other: bool) -> None:
    process = host()
    kinds: list[tuple[Frame, type[Exception]]] = [
        ({"type": "ContextOverflowError"}, ContextOverflowError),
        ({"type": "SystemExit", "message": "out"}, HostRequestError),
        ({"type": ["x"]}, HostRequestError),
        ({}, HostRequestError),
    ]
    for number, (detail, kind) in enumerate(kinds, start=1):
        with pytest.raises(kind):
            await process.call("garbage", {"bytes": framed({"id": number, "kind": "error", "error": detail})})
    stray = framed({"id": 10**6, "kind": "item", "body": {}} if other else {"id": 0, "kind": "done"})
    assert await process.call("garbage", {"bytes": stray}) == {}
    assert process.starts == 1


async def test_a_reader_who_was_late_learns_of_the_crash_after_the_restart(host: Start) -> None:
    process = host()
    late = process.stream("slow", {"steps": 1000, "seconds": 0.005})
    await anext(late)
    with pytest.raises(HostCrashedError):
        await process.call("crash", {})
    assert await process.call("echo", {"again": 1}) == {"again": 1}
    with pytest.raises(HostCrashedError, match="SIGKILL"):
        async for _ in late:
            pass
    assert process.state == "ready"


async def test_a_request_that_cannot_be_sent_is_not_waited_for(host: Start) -> None:
    process = host()
    with pytest.raises(TypeError):
        await process.call("echo", {"what": object()})
    with pytest.raises(HostError, match="over the limit"):
        await process.call("echo", {"what": b"x" * MAX_FRAME})
    assert await process.call("echo", {"n": 1}) == {"n": 1}
    await asyncio.wait_for(asyncio.to_thread(process.stop, grace=600), 60)


async def test_killing_fails_what_is_in_flight(host: Start) -> None:
    process = host()
    stream = process.stream("slow", {"steps": 1000, "seconds": 0.01})
    await anext(stream)
    process.kill()
    with pytest.raises(HostCrashedError, match="SIGKILL"):
        async for _ in stream:
            pass


async def test_stopping_gives_requests_in_flight_their_grace(host: Start) -> None:
    process = host()
    stream = process.stream("slow", {"steps": 20, "seconds": 0.01})
    await anext(stream)
    stopping = asyncio.create_task(asyncio.to_thread(process.stop, grace=10))
    assert [frame["number"] async for frame in stream] == list(range(1, 20))
    await stopping
    assert process.state == "stopped"


async def test_a_cancelled_request_never_starts(host: Start) -> None:
    cancel, process = CancelToken(), host()
    cancel.cancel()
    assert await process.call("slow", {"steps": 9, "seconds": 0.2}, cancel=cancel) == {}
    assert process.starts == 0
    await process.prepare()
    frames = [frame async for frame in process.stream("slow", {"steps": 9, "seconds": 0.2}, cancel=cancel)]
    assert len(frames) <= 2
    assert "cancelled_at" in frames[-1]


async def test_who_cancels_does_not_wait_for_the_start_which_goes_on_for_others() -> None:
    go = threading.Event()
    process = HostProcess(name="fake", service=FakeService.NAME, config=lambda: {"on": go.wait()})
    cancel = CancelToken()
    given_up = asyncio.create_task(process.call("echo", {"n": 1}, cancel=cancel))
    waiting = asyncio.create_task(process.call("echo", {"n": 2}))
    await asyncio.to_thread(wait_until, lambda: process.state == "starting")
    cancel.cancel()
    assert await given_up == {}
    assert (process.state, process.awaited, process.starts) == ("starting", True, 0)
    go.set()
    assert await waiting == {"n": 2}
    assert process.starts == 1
    process.stop()


def test_an_event_loop_ends_while_a_start_goes_on(host: Start) -> None:
    process, cancel = host({"seconds": 600}), CancelToken()

    async def asked() -> Frame:
        asking = asyncio.create_task(process.call("echo", {}, cancel=cancel))
        await asyncio.to_thread(wait_until, lambda: process.pid is not None)
        cancel.cancel()
        return await asking

    assert asyncio.run(asked()) == {}
    assert process.state == "starting"
    assert not process.awaited


async def test_a_start_that_is_stopped_is_off_for_all_who_wait_for_it() -> None:
    seconds = [600.0]
    process = HostProcess(name="fake", service=FakeService.NAME, config=lambda: {"seconds": seconds[0]})
    waiting = [asyncio.create_task(process.prepare()) for _ in range(3)]
    await asyncio.to_thread(wait_until, lambda: process.pid is not None)
    pid = process.pid
    assert pid is not None
    await asyncio.to_thread(process.stop, grace=600)
    for task in waiting:
        with pytest.raises(HostStartError, match="was stopped while it started"):
            await task
    assert (process.starts, process.state) == (1, "stopped")
    assert not psutil.pid_exists(pid)
    seconds[0] = 0.0
    await process.prepare()
    assert (process.starts, process.state) == (2, "ready")
    process.stop()


async def test_a_start_that_is_stopped_before_it_has_a_child_gets_none() -> None:
    go = threading.Event()
    process = HostProcess(name="fake", service=FakeService.NAME, config=lambda: {"on": go.wait()})
    waiting = asyncio.create_task(process.prepare())
    await asyncio.to_thread(wait_until, lambda: process.state == "starting")
    process.stop(grace=600)
    go.set()
    with pytest.raises(HostStartError, match="was stopped while it started"):
        await waiting
    assert (process.starts, process.state) == (0, "stopped")


async def test_a_host_that_does_not_read_is_ended(host: Start) -> None:
    process = host()
    await process.prepare()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    # On a loop of its own: it is held up until the child reads.
    sending = asyncio.create_task(asyncio.to_thread(asyncio.run, process.call("echo", {"what": b"x" * 2**20})))
    assert await asyncio.to_thread(wait_until, lambda: process.working)
    await asyncio.wait_for(asyncio.to_thread(process.stop, grace=0.3), 60)
    assert process.state == "stopped"
    with pytest.raises(HostCrashedError, match="SIGKILL"):
        await sending


def test_a_fault_while_starting_is_told(host: Start) -> None:
    process = host({"seconds": "soon"})
    for _ in range(2):
        with pytest.raises(HostError, match="TypeError"):
            process.ensure_ready()
    assert process.state == "failed"


def test_a_host_that_still_starts_does_not_outlive_its_parent(tmp_path: Path) -> None:
    program = (
        "import threading, time; from octograph.nodes.host import HostProcess\n"
        "config = lambda: {'seconds': 60}\n"
        "host = HostProcess(name='x', service='octograph.testing:FakeService', config=config)\n"
        "threading.Thread(target=host.ensure_ready, daemon=True).start()\n"
        "while host.pid is None: time.sleep(0.01)\n"
        "print(host.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(1.0)  # it is in its setup now
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: not psutil.pid_exists(pid))


def test_ctrl_c_leaves_the_host_to_the_parent(tmp_path: Path) -> None:
    """As a terminal does it: SIGINT to the whole foreground group."""
    program = (
        "import asyncio, signal, time; from octograph.nodes.host import HostProcess\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it\n"
        "host = HostProcess(name='x', service='octograph.testing:FakeService', config=dict)\n"
        "host.ensure_ready()\n"
        "try: print(host.pid, flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt: print(asyncio.run(host.call('echo', {'n': 1})), host.starts); host.stop()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True
    )
    assert parent.stdout is not None
    assert int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGINT)
    said, _ = parent.communicate(timeout=20)
    assert said == "{'n': 1} 1\n"
    assert parent.returncode == 0


async def test_a_host_that_nobody_needs_retires_and_starts_again(host: Start) -> None:
    process = host()
    assert not process.retire()  # it never ran
    await process.call("echo", {})
    pid = process.pid
    assert pid is not None
    assert await asyncio.to_thread(process.retire)
    assert process.state == "stopped"
    assert not psutil.pid_exists(pid)
    assert not process.retire()
    assert await process.call("echo", {"again": 1}) == {"again": 1}
    assert (process.starts, process.served) == (2, 2)


async def test_a_host_that_works_does_not_retire(host: Start) -> None:
    process = host()
    stream = process.stream("slow", {"steps": 20, "seconds": 0.02})
    await anext(stream)
    assert process.working
    assert not process.retire()
    assert [frame["number"] async for frame in stream] == list(range(1, 20))
    assert not process.working
    assert process.retire()


async def test_a_host_with_a_request_that_waits_for_its_start_does_not_retire(host: Start) -> None:
    process = host({"seconds": 0.5})
    waiting = asyncio.create_task(process.call("echo", {"n": 1}))
    refused = 0
    while not waiting.done():
        assert not process.retire()
        refused += 1
        await asyncio.sleep(0.01)
    assert await waiting == {"n": 1}
    assert refused > 5
    assert process.starts == 1


async def test_retiring_loses_no_request(host: Start) -> None:
    process = host()
    done = threading.Event()

    def retire() -> int:
        count = 0
        while not done.is_set():
            count += process.retire()
            time.sleep(0.001)
        return count

    retiring = asyncio.create_task(asyncio.to_thread(retire))
    for number in range(5):
        assert await process.call("echo", {"n": number}) == {"n": number}
        await asyncio.sleep(0.02)
    done.set()
    assert await retiring >= process.starts - 1 > 0


async def test_a_host_knows_when_it_was_last_used(host: Start) -> None:
    process = host()
    assert (process.idle_seconds, process.served, process.starting_seconds) == (None, 0, None)
    await asyncio.to_thread(process.ensure_ready)
    first = process.idle_seconds
    assert first is not None
    await asyncio.sleep(0.3)
    assert process.idle_seconds is not None
    assert process.idle_seconds > first
    began = time.monotonic()
    await process.call("echo", {})
    assert process.idle_seconds < time.monotonic() - began
    with pytest.raises(ToolError):
        await process.call("fail", {})
    assert process.served == 2


def test_a_start_that_is_refused_has_failed_and_may_be_tried_again() -> None:
    refusals = [HostStartError("there is no room")]

    def config() -> Frame:
        if refusals:
            raise refusals.pop()
        return {}

    process = HostProcess(name="fake", service=FakeService.NAME, config=config)
    with pytest.raises(HostStartError, match="no room"):
        process.ensure_ready()
    assert (process.state, process.pid, process.starts) == ("failed", None, 0)
    process.ensure_ready()
    assert process.state == "ready"
    process.stop()
