"""Garbage is collected in idle moments."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from octograph.tui.collector import Collector


class Ring:
    """Garbage that only a collection frees."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def aged() -> weakref.ref[Ring]:
    """A ring that no young collection frees, when a full one is due."""
    ring = Ring()
    gc.collect()
    for _ in range(12):
        gc.collect(1)
    return weakref.ref(ring)


def test_nothing_is_collected_while_something_loads_whatever_comes_of_it() -> None:
    def load() -> None:
        assert not gc.isenabled()
        raise RuntimeError

    with pytest.raises(RuntimeError), Collector().held():
        load()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000


def test_it_waits_for_an_idle_moment() -> None:
    now = 0.0
    collector = Collector(lambda: now)
    ring = aged()
    now = 9.0
    collector.touch()
    now = 10.0
    collector.tidy()
    assert ring() is not None
    now = 13.0
    collector.tidy()
    assert ring() is None


def test_it_does_nothing_if_there_is_little_to_do() -> None:
    now = 0.0
    collector = Collector(lambda: now)
    gc.collect()
    ring = weakref.ref(Ring())
    now = 60.0
    collector.tidy()
    assert ring() is not None
