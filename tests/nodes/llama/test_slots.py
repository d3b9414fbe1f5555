"""Who gets which cells of the cache, and what is found again in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import pytest

from octograph.nodes.host import Ticket
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.saved import SavedPrefixes
from octograph.nodes.llama.slots import Lease, Slot, Slots

CELLS = 512
PROMPT = list(range(100, 200))


@pytest.fixture
def context(model: Model) -> Iterator[Context]:
    made = Context(model, cells=CELLS, sequences=4, threads=1)
    yield made
    made.close()


def make(context: Context, *, idle_cells: int = CELLS, saved: SavedPrefixes | None = None) -> Slots:
    return Slots(context, sequences=4, idle_cells=idle_cells, saved=saved)


def taken(waiting: Generator[None, None, Lease | None]) -> Lease | None:
    """The lease, or None while there is none."""
    try:
        next(waiting)
    except StopIteration as stop:
        lease: Lease | None = stop.value
        return lease
    return None


def take(slots: Slots, symbols: Sequence[int], *, cells: int = 0, branches: int = 1) -> Lease:
    lease = taken(slots.acquire(symbols, cells=cells or len(symbols), branches=branches, ticket=Ticket()))
    assert lease is not None
    return lease


def decode(context: Context, slot: Slot, symbols: Sequence[int]) -> list[float]:
    """Decode what the slot lacks; the last logits."""
    new = list(symbols[len(slot.symbols) :])
    rows = Rows(sequence=slot.sequence, position=len(slot.symbols), inputs=new, first_output=len(new) - 1)
    (places,) = context.decode([rows])
    slot.symbols.extend(new)
    return [float(value) for value in context.logits(places[0])[:50]]


def used(context: Context, slots: Slots, symbols: Sequence[int]) -> None:
    """A request that came and went."""
    lease = take(slots, symbols)
    decode(context, lease.main, symbols)
    slots.release(lease)


def test_cells_are_given_in_order_of_arrival(context: Context) -> None:
    slots = make(context)
    first = take(slots, PROMPT, cells=400)
    large = slots.acquire(PROMPT, cells=300, ticket=Ticket())
    small = slots.acquire([1, 2], cells=10, ticket=Ticket())
    assert taken(large) is None
    assert taken(small) is None  # it would fit, and then the large one might wait for ever
    slots.release(first)
    assert taken(small) is None
    assert taken(large) is not None
    assert taken(small) is not None


def test_one_who_is_cancelled_leaves_the_line(context: Context) -> None:
    slots = make(context)
    take(slots, PROMPT, cells=400)
    ticket = Ticket()
    large = slots.acquire(PROMPT, cells=300, ticket=ticket)
    assert taken(large) is None
    ticket.cancelled = True
    with pytest.raises(StopIteration) as stop:
        next(large)
    assert stop.value.value is None
    take(slots, [1, 2], cells=10)


def test_one_who_goes_away_leaves_the_line(context: Context) -> None:
    slots = make(context)
    take(slots, PROMPT, cells=400)
    large = slots.acquire(PROMPT, cells=300, ticket=Ticket())
    assert taken(large) is None
    large.close()
    take(slots, [1, 2], cells=10)


def test_a_prompt_that_goes_on_is_continued_in_its_slot(context: Context) -> None:
    slots = make(context)
    used(context, slots, PROMPT)
    lease = take(slots, [*PROMPT, 1, 2, 3])
    assert lease.cached == len(PROMPT)
    assert slots.idle == 0


def test_the_last_symbol_is_always_left_to_decode(context: Context) -> None:
    slots = make(context)
    used(context, slots, PROMPT)
    assert take(slots, PROMPT).cached == len(PROMPT) - 1


def test_a_short_beginning_is_shared_and_the_rest_stays(context: Context) -> None:
    slots = make(context)
    used(context, slots, PROMPT)
    other = [*PROMPT[:20], *range(300, 320)]
    lease = take(slots, other)
    assert lease.cached == 20
    shared = decode(context, lease.main, other)
    slots.release(lease)
    assert take(slots, [*PROMPT, 7]).cached == len(PROMPT)
    fresh = Context(context._model, cells=CELLS, sequences=1, threads=1)
    assert decode(fresh, Slot(0), other) == pytest.approx(shared, abs=0.3)
    fresh.close()


def test_the_beginning_of_a_request_in_progress_is_shared_too(context: Context) -> None:
    slots = make(context)
    lease = take(slots, PROMPT)
    decode(context, lease.main, PROMPT)
    assert take(slots, [*PROMPT[:50], 1, 2]).cached == 50
    assert len(lease.main.symbols) == len(PROMPT)


def test_branches_share_the_prompts_cells(context: Context, model: Model) -> None:
    """Memory: a prefix and three branches fit in a context that has exactly their cells."""
    exact = Context(model, cells=512, sequences=4, threads=1)
    slots = Slots(exact, sequences=4, idle_cells=0)
    prompt = list(range(100, 100 + 452))
    lease = take(slots, prompt, cells=452 + 3 * 20, branches=3)
    decode(exact, lease.main, prompt)
    branches = [lease.main, *(slots.fork(lease, length=len(prompt)) for _ in range(2))]
    for step in range(20):
        for branch in branches:
            decode(exact, branch, [*branch.symbols, 500 + step])
    slots.join(lease, branches[1])
    assert len(branches[1].symbols) == 0
    slots.release(lease)
    assert slots.promised == 0
    exact.close()


def test_idle_cells_are_kept_under_their_limit_the_oldest_go_first(context: Context) -> None:
    slots = make(context, idle_cells=150)
    used(context, slots, [5] * 60)
    used(context, slots, [6] * 60)
    used(context, slots, [7] * 60)
    assert slots.idle == 180  # nobody decodes
    take(slots, [1, 2])
    assert slots.idle == 120
    assert take(slots, [5] * 61).cached == 0
    assert take(slots, [7] * 61).cached == 60


def test_what_is_pushed_out_is_saved_and_comes_back_the_same(context: Context) -> None:
    saved = SavedPrefixes(64 * 2**20)
    slots = make(context, idle_cells=0, saved=saved)
    lease = take(slots, PROMPT)
    decode(context, lease.main, PROMPT[:-1])
    expected = decode(context, lease.main, PROMPT)
    slots.release(lease)
    used(context, slots, [1, 2])
    assert slots.idle == 2
    assert saved.size_bytes > 0
    lease = take(slots, PROMPT)
    assert lease.cached == len(PROMPT) - 1
    assert slots.restored_symbols == len(PROMPT) - 1
    # The same keys and values; only the place of the cells may be another.
    assert decode(context, lease.main, PROMPT) == pytest.approx(expected, abs=0.05)


def test_a_part_of_what_was_saved_is_used(context: Context) -> None:
    slots = make(context, idle_cells=0, saved=SavedPrefixes(64 * 2**20))
    used(context, slots, PROMPT)
    used(context, slots, [1, 2])
    lease = take(slots, [*PROMPT[:80], *range(300, 340)])
    assert lease.cached == 80


def test_saved_states_keep_to_their_budget_and_continued_ones_are_dropped() -> None:
    saved = SavedPrefixes(100)

    def shared(space: str, symbols: list[int], at_most: int = 9) -> int:
        found = saved.longest(space, symbols, at_most=at_most)
        return found[2] if found else 0

    saved.put("", [1, 2], b"x" * 40)
    saved.put("", [1, 2, 3], b"y" * 50)
    assert saved.size_bytes == 50
    saved.put("other", [1, 2], b"z" * 40)
    assert saved.size_bytes == 90
    assert shared("", [1, 2, 3, 4]) == 3
    saved.put("", [9], b"w" * 20)  # the longest unused goes
    assert shared("other", [1, 2]) == 0
    saved.put("", [8], b"v" * 101)
    assert saved.size_bytes == 70
    assert saved.holds("", [1, 2])
    assert not saved.holds("", [2])
    assert shared("", [1, 2, 3], at_most=2) == 0
