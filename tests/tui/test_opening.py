from __future__ import annotations

import asyncio
import threading

import pytest

from octograph.errors import HeadError
from octograph.tui.backend import Backend, Opening
from octograph.tui.testing import ScriptedBackend


async def test_the_factory_runs_once_and_in_another_thread() -> None:
    threads: list[int] = []

    def factory() -> Backend:
        threads.append(threading.get_ident())
        return ScriptedBackend()

    opening = Opening(factory)
    assert opening.ready is None
    first, second = await asyncio.gather(opening.backend(), opening.backend())
    assert first is second is opening.ready
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_the_factorys_error_comes_back_each_time() -> None:
    def factory() -> Backend:
        raise HeadError("no head", hint="Train it.")

    opening = Opening(factory)
    for _ in range(2):
        with pytest.raises(HeadError):
            await opening.backend()
    assert opening.failed
    assert opening.ready is None
    await opening.close()


async def test_closing_waits_for_a_backend_that_is_still_opening() -> None:
    backend, go = ScriptedBackend(), threading.Event()

    def factory() -> Backend:
        go.wait(10)
        return backend

    opening = Opening(factory)
    waiting = asyncio.create_task(opening.backend())
    await asyncio.sleep(0)
    closing = asyncio.create_task(opening.close())
    await asyncio.sleep(0)
    assert not backend.closed.is_set()
    go.set()
    await asyncio.gather(waiting, closing)
    assert backend.closed.is_set()


async def test_closing_what_was_never_opened_does_nothing() -> None:
    await Opening(ScriptedBackend).close()
