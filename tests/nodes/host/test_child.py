"""The child's loop: rounds, and a queue with an end."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator

import pytest

from octograph.errors import HostBusyError
from octograph.nodes.host import HostProcess, Steps, Ticket
from octograph.nodes.host.child import Loop
from octograph.nodes.host.frames import Frame, read_frame, write_frame
from octograph.testing import FakeService


@pytest.fixture
def host() -> Iterator[HostProcess]:
    process = HostProcess(name="fake", service=FakeService.NAME, config=dict)
    yield process
    process.kill()
    process.stop(grace=1)


async def test_a_full_queue_refuses_at_once_and_loses_nothing(host: HostProcess) -> None:
    most = FakeService.capacity + FakeService.queue
    order: list[str] = []

    async def ask(number: int) -> int:
        try:
            frames = [f async for f in host.stream("slow", {"steps": 3, "seconds": 0.01})]
        except HostBusyError as error:
            assert "one more is too many" in error.message
            order.append("refused")
            return 0
        order.append("answered")
        return len(frames)

    host.ensure_ready()
    answers = await asyncio.gather(*(ask(number) for number in range(most + 10)))
    # Some may have been answered before the last was sent, which leaves room for as many more.
    refused = answers.count(0)
    assert 0 < refused <= 10
    assert answers.count(3) == most + 10 - refused
    assert order[0] == "refused"
    assert await host.call("echo", {"n": 1}) == {"n": 1}
    assert host.starts == 1


class _Counting:
    """A service whose requests see in which round they are."""

    capacity = 3
    queue = 10

    def __init__(self) -> None:
        self.rounds = 0

    def setup(self, config: Frame) -> Frame:
        return config

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:
        for _ in range(args["steps"]):
            yield {"round": self.rounds}

    def advance(self) -> None:
        self.rounds += 1
        if self.rounds == 5:
            raise KeyboardInterrupt  # ends the loop of the test

    def abort(self) -> None:
        """No steps to cut short."""


def test_each_request_takes_one_step_a_round() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as requests, os.fdopen(read, "rb") as incoming:
        replies = io.BytesIO()
        loop = Loop(_Counting(), incoming, replies)
        for number, steps in enumerate((2, 3, 1, 2)):
            write_frame(requests, {"id": number, "op": "count", "args": {"steps": steps}})
        for _ in range(4):
            frame = read_frame(incoming)
            assert frame is not None
            loop._accept(frame)
        with pytest.raises(KeyboardInterrupt):
            loop.run()
    replies.seek(0)
    seen: dict[int, list[int]] = {}
    while (reply := read_frame(replies)) is not None:
        if reply["kind"] == "item":
            seen.setdefault(reply["id"], []).append(reply["body"]["round"])
    # The fourth comes in when the third, which had one step, is gone.
    assert seen == {0: [0, 1], 1: [0, 1, 2], 2: [0], 3: [2, 3]}
