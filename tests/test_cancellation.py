"""Cancelling: asked for once, told to everyone."""

from __future__ import annotations

import asyncio
import threading

import pytest

from octograph.cancellation import CancelToken, unless_cancelled


def test_everyone_within_a_block_is_told_once() -> None:
    token = CancelToken()
    told: list[str] = []
    with token.calling(lambda: told.append("one")), token.calling(lambda: told.append("two")):
        assert not token.cancelled
        token.cancel()
        token.cancel()
    assert told == ["one", "two"]
    assert token.cancelled


def test_who_has_left_is_not_told() -> None:
    token = CancelToken()
    told: list[str] = []
    with token.calling(lambda: told.append("left")):
        pass
    with pytest.raises(ValueError, match="out"), token.calling(lambda: told.append("fell")):
        raise ValueError("out")
    token.cancel()
    assert told == []


def test_who_comes_late_is_told_at_once() -> None:
    token = CancelToken()
    token.cancel()
    told: list[str] = []
    with token.calling(lambda: told.append("late")):
        assert told == ["late"]
    assert told == ["late"]


def test_the_callback_may_cancel_and_ask_again() -> None:
    token = CancelToken()

    def again() -> None:
        token.cancel()
        with token.calling(lambda: told.append(token.cancelled)):
            pass

    told: list[bool] = []
    with token.calling(again):
        token.cancel()
    assert told == [True]


@pytest.mark.parametrize("number", range(20))
def test_many_threads_cancel_and_listen(number: int) -> None:
    token, start = CancelToken(), threading.Barrier(8)
    told: list[int] = []

    def listen() -> None:
        heard = threading.Event()
        start.wait()
        with token.calling(heard.set):
            assert heard.wait(5)
        told.append(number)

    def stop() -> None:
        start.wait()
        token.cancel()

    threads = [threading.Thread(target=act) for act in (*[listen] * 6, *[stop] * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [number] * 6


class Work:
    """Waits until it may end; counts what becomes of it."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.given_up = False

    async def run(self) -> str:
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        return "done"


async def test_work_that_is_wanted_comes_to_its_end() -> None:
    work = Work()
    work.go.set()
    assert await unless_cancelled(work.run(), CancelToken()) == "done"

    async def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unless_cancelled(fail(), CancelToken())


async def test_work_that_is_not_wanted_any_more_is_given_up() -> None:
    work, cancel = Work(), CancelToken()
    waiting = asyncio.create_task(unless_cancelled(work.run(), cancel))
    await work.begun.wait()
    await asyncio.to_thread(cancel.cancel)
    assert await waiting is None
    assert work.given_up


async def test_work_that_was_not_wanted_before_does_not_begin() -> None:
    work, cancel = Work(), CancelToken()
    cancel.cancel()
    assert await unless_cancelled(work.run(), cancel) is None
    assert not work.begun.is_set()


async def test_work_ends_with_the_task_that_waits_for_it() -> None:
    work = Work()
    waiting = asyncio.create_task(unless_cancelled(work.run(), CancelToken()))
    await work.begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.given_up
