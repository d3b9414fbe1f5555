"""Which models make room for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.loading import LoadPlan, Occupant, plan_load
from octograph.nodes.models.memory import FreeMemory

OLD = Occupant(name="old", taken=4, unused=60.0)
NEW = Occupant(name="new", taken=4, unused=1.0)


def plan(needs: int | None, available: int, *occupants: Occupant, spare: int = 0) -> LoadPlan:
    return plan_load("m", needs=needs, memory=FreeMemory(available=available, spare=spare), occupants=occupants)


def test_what_fits_stops_nobody() -> None:
    assert plan(5, 5, NEW, OLD) == LoadPlan(model="m", needs=5, free=5, evicts=(), room=5, fits=True)


@pytest.mark.parametrize(("needs", "evicts"), [(3, ("old",)), (6, ("old",)), (7, ("old", "new")), (10, ("old", "new"))])
def test_the_longest_unused_go_first_and_no_more_than_must(needs: int, evicts: tuple[str, ...]) -> None:
    found = plan(needs, 2, NEW, OLD)
    assert (found.evicts, found.fits) == (evicts, True)
    assert found.room == 2 + 4 * len(evicts)


def test_what_does_not_fit_even_so_stops_nobody() -> None:
    assert plan(11, 2, NEW, OLD) == LoadPlan(model="m", needs=11, free=2, evicts=(), room=10, fits=False)


def test_the_pinned_and_the_busy_stay() -> None:
    stays = Occupant(name="stays", taken=4, unused=99.0, idle=False)
    assert plan(6, 2, stays, OLD).evicts == ("old",)
    assert not plan(7, 2, stays, OLD).fits


def test_swap_is_the_last_resort() -> None:
    found = plan(11, 2, NEW, OLD, spare=1)
    assert (found.evicts, found.fits) == (("old", "new"), True)
    assert plan(6, 2, OLD, spare=100).evicts == ("old",)


def test_what_others_have_mapped_or_have_yet_to_load_is_not_free() -> None:
    mapped = Occupant(name="mapped", taken=5, owed=3)
    loading = Occupant(name="loading", taken=1, owed=4, idle=False)
    found = plan(6, 10, mapped, loading)
    assert (found.free, found.evicts, found.room) == (3, ("mapped",), 8)
    assert plan(6, 2, loading).free == 0


def test_for_what_nobody_knows_no_room_is_made() -> None:
    found = plan(None, 0, OLD)
    assert (found.evicts, found.fits) == ((), True)


@given(
    needs=st.integers(0, 50),
    available=st.integers(0, 50),
    occupants=st.lists(
        st.builds(
            Occupant,
            name=st.uuids().map(str),
            taken=st.integers(0, 20),
            owed=st.integers(0, 20),
            idle=st.booleans(),
            unused=st.floats(0, 100),
        ),
        max_size=6,
    ),
)
def test_a_plan_holds_what_it_promises(needs: int, available: int, occupants: list[Occupant]) -> None:
    found = plan(needs, available, *occupants)
    by_name = {one.name: one for one in occupants}
    stopped = [by_name[name] for name in found.evicts]
    assert all(one.idle for one in stopped)
    others = [one for one in occupants if one.idle and one not in stopped]
    assert all(gone.unused >= kept.unused for gone in stopped for kept in others)
    before = available - sum(one.owed for one in occupants)
    if found.fits:
        assert needs <= before + sum(one.taken for one in stopped)
        assert not stopped or needs > before + sum(one.taken for one in stopped[:-1])
    else:
        assert stopped == []
        assert needs > before + sum(one.taken for one in occupants if one.idle)
