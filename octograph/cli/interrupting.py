"""Ctrl-C as a request to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from octograph.cancellation import CancelToken

__all__ = ["cancelling_on_interrupt"]


@contextmanager
def cancelling_on_interrupt(cancel: CancelToken) -> Iterator[None]:
    """Make the first Ctrl-C end the work and keep what was done; a second one ends the program."""

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
