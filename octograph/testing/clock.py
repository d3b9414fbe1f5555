"""Time that does as it is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from octograph.cancellation import CancelToken

__all__ = ["FixedClock", "pause"]


class FixedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, moment: datetime = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """Return the same moment."""
        return self._moment

    def advance(self, **amount: float) -> None:
        """Go on by an amount, such as ``seconds=5``, as `datetime.timedelta` takes it."""
        self._moment += timedelta(**amount)


async def pause(seconds: float | None, cancel: CancelToken) -> None:
    """Wait (for ever if None), and not a moment longer once it is cancelled."""
    if seconds == 0:
        return
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)

    with cancel.calling(stop):
        try:
            await asyncio.wait_for(stopped.wait(), seconds)
        except TimeoutError:
            return
