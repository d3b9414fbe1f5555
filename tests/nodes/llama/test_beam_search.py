"""Beam searches over a toy model, exactly: its logits are computed from what really stands in each sequence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.batcher import Batcher
from octograph.nodes.llama.beams import Beaming, beams
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.governor import Governor
from octograph.nodes.llama.inputs import Inputs
from octograph.nodes.llama.lane import SEQUENCES, Lane
from octograph.nodes.llama.log_softmax import likeliest, log_total
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.slots import Slots
from octograph.nodes.llama.text_tree import TextTree

VOCABULARY = 24
ENDS = (22, 23)
"""Tokens that end a text; token `i` else is the letter `a + i`."""

Logits = Callable[[tuple[int, ...]], NDArray[np.float32]]


def chances(seed: int, scale: float) -> Logits:
    """A model: other logits behind each text."""

    def logits(tokens: tuple[int, ...]) -> NDArray[np.float32]:
        random = np.random.default_rng([seed, *tokens])
        return random.normal(scale=scale, size=VOCABULARY).astype(np.float32)

    return logits


class ToyModel(Model):
    """Letters, and two tokens that end a text."""

    def __init__(self) -> None:
        self.vocabulary_size = VOCABULARY

    def piece(self, token: int) -> bytes:
        return bytes([97 + token])

    def ends_generation(self, token: int) -> bool:
        return token in ENDS


class ToyContext(Context):
    """Keeps the tokens of each sequence in cells as llama.cpp does, and never more cells than it has."""

    def __init__(self, logits: Logits, *, cells: int, batch_size: int) -> None:
        self.cells, self.batch_size = cells, batch_size
        self._of = logits
        self._sequences: list[list[list[int]]] = [[] for _ in range(SEQUENCES)]
        self._rows: list[NDArray[np.float32]] = []
        self.decoded = 0

    @property
    def used(self) -> int:
        return len({id(cell) for cell in chain.from_iterable(self._sequences)})

    def decode(self, parts: Sequence[Rows]) -> list[range]:
        self._rows, places = [], []
        for part in parts:
            sequence = self._sequences[part.sequence]
            assert part.position == len(sequence)
            start = len(self._rows) + part.first_output
            for token in part.inputs:
                sequence.append([int(token)])
                self._rows.append(self._of(tuple(cell[0] for cell in sequence)))
            places.append(range(start, len(self._rows)))
        self.decoded += len(self._rows)
        assert len(self._rows) <= self.batch_size
        assert self.used <= self.cells
        return places

    def logits(self, place: int) -> NDArray[np.float32]:
        return self._rows[place]

    def share(self, source: int, target: int, length: int) -> None:
        assert not self._sequences[target]
        assert len(self._sequences[source]) >= length
        self._sequences[target] = self._sequences[source][:length]

    def trim(self, sequence: int, length: int) -> None:
        del self._sequences[sequence][length:]

    def set_threads(self, threads: int) -> None:
        pass


class ToyInputs(Inputs):
    """Tokens only."""

    def __init__(self) -> None:
        pass


class ToyLane(Lane):
    """A lane over a toy context."""

    def __init__(self, context: ToyContext) -> None:
        self.context = self.toy = context
        self.slots = Slots(context, sequences=SEQUENCES, idle_cells=0)
        self.batcher = Batcher(context, ToyInputs(), Governor(most=1, abort=lambda: None))


def lane_for(logits: Logits, *, cells: int = 4096, batch_size: int = 64) -> ToyLane:
    return ToyLane(ToyContext(logits, cells=cells, batch_size=batch_size))


def run(lane: ToyLane, *orders: tuple[Beaming, list[list[int]]], ticket: Ticket | None = None) -> list[list[Frame]]:
    """Requests side by side; every cell and slot must be free behind them."""
    active = {
        index: beams(order, model=ToyModel(), lane=lane, prompts=prompts, ticket=ticket or Ticket())
        for index, (order, prompts) in enumerate(orders)
    }
    frames: list[list[Frame]] = [[] for _ in orders]
    while active:
        for index, steps in list(active.items()):
            try:
                frame = next(steps)
            except StopIteration:
                del active[index]
            else:
                frames[index] += [frame] if frame is not None else []
        lane.batcher.advance()
    assert (lane.slots.held, lane.slots.promised, lane.slots.busy) == (0, 0, False)
    return frames


def softmax(logits: NDArray[np.float32]) -> list[float]:
    """Log-softmax, one number at a time."""
    values = [float(value) for value in logits]
    top = max(values)
    total = math.log(math.fsum(math.exp(value - top) for value in values))
    return [value - top - total for value in values]


def naive(
    logits: Logits, prompts: list[list[int]], weights: list[float], order: Beaming
) -> dict[tuple[int, ...], float]:
    """A beam search as plainly as can be: every extension of every hypothesis, and no end before the last token."""
    live: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    finished: list[tuple[tuple[int, ...], float]] = []
    for step in range(order.max_tokens):
        grown = []
        for tokens, loglik in live:
            behind = [softmax(logits((*prompt, *tokens))) for prompt in prompts]
            for token in range(VOCABULARY):
                p = math.fsum(weight * math.exp(one[token]) for weight, one in zip(weights, behind, strict=True))
                grown.append(((*tokens, token), loglik + math.log(p)))
        grown.sort(key=lambda pair: -pair[1])
        ended = [pair for pair in grown if is_over(pair[0], order)]
        finished += [pair for pair in grown[: order.width] if pair in ended]
        live = [pair for pair in grown if pair not in ended][: order.width]
        if step == order.max_tokens - 1:
            finished += live
    finished.sort(key=lambda pair: -pair[1] / len(pair[0]) ** order.length_penalty)
    return dict(finished[: order.width])


def is_over(tokens: tuple[int, ...], order: Beaming) -> bool:
    text = "".join(chr(97 + token) for token in tokens if token not in ENDS)
    return tokens[-1] in ENDS or any(stop in text for stop in order.stop)


def path(frame: Frame) -> tuple[int, ...]:
    return (*frame["tokens"], frame["end"]) if frame["end"] is not None else tuple(frame["tokens"])


def logprobs(frame: Frame) -> list[float]:
    return [float(one) for one in np.frombuffer(frame["logprobs"], np.float32)]


def brute(logits: Logits, prompt: list[int], tokens: tuple[int, ...]) -> float:
    return math.fsum(softmax(logits((*prompt, *tokens[:place])))[token] for place, token in enumerate(tokens))


@st.composite
def searches(draw: st.DrawFn, mode: str = "separate") -> dict[str, Any]:
    count = draw(st.integers(1, 4))
    shared = draw(st.lists(st.integers(0, 20), max_size=40))
    # Each ends in its own way, and some are long.
    prompts = [[*shared, *draw(st.lists(st.integers(0, 20), max_size=30)), index] for index in range(count)]
    width = draw(st.integers(1, 5))
    order = Beaming(
        mode="mixed" if mode == "mixed" else "separate",
        weights=draw(st.lists(st.floats(0.05, 5), min_size=count, max_size=count)),
        width=width,
        max_tokens=draw(st.integers(1, 5)),
        stop=draw(st.lists(st.sampled_from(["a", "b", "cd", "e"]), max_size=2)),
        length_penalty=draw(st.sampled_from([0.0, 0.0, 1.0, 2.0, -1.0])),
    )
    # The scale makes it more or less sure of itself; the batches may be too small for all rows.
    seed, scale = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.5, 2.0, 6.0]))
    cells = sum(map(len, prompts)) + count * width * order.max_tokens
    lane = lane_for(chances(seed, scale), cells=cells, batch_size=draw(st.sampled_from([16, 64, 512])))
    return {"order": order, "prompts": prompts, "logits": chances(seed, scale), "lane": lane}


@settings(deadline=None, max_examples=60)
@given(searches())
def test_separate_searches_are_the_naive_ones(case: dict[str, Any]) -> None:
    order, prompts, logits = case["order"], case["prompts"], case["logits"]
    ((frame,),) = run(case["lane"], (order, prompts))
    found = {path(one): logprobs(one) for one in frame["hypotheses"]}
    assert len(found) == len(frame["hypotheses"])
    expected = [naive(logits, [prompt], [1.0], order) for prompt in prompts]
    assert set(found) == set().union(*expected)
    shares = np.array(order.weights) / sum(order.weights)
    for one in frame["hypotheses"]:
        behind = [each.get(path(one), -math.inf) for each in expected]
        assert logprobs(one) == pytest.approx(behind, abs=1e-4)
        marginal = math.fsum(share * math.exp(logprob) for share, logprob in zip(shares, behind, strict=True))
        assert one["marginal"] == pytest.approx(math.log(marginal), abs=1e-5)
        assert one["finish"] == ("stop" if is_over(path(one), order) else "length")
    scores = [one["marginal"] / len(path(one)) ** order.length_penalty for one in frame["hypotheses"]]
    assert scores == sorted(scores, reverse=True)
    assert (frame["prompt_tokens"], frame["cached_tokens"] >= 0) == (sum(map(len, prompts)), True)


@settings(deadline=None, max_examples=60)
@given(searches("mixed"))
def test_a_mixed_search_is_the_naive_one(case: dict[str, Any]) -> None:
    order, prompts, logits = case["order"], case["prompts"], case["logits"]
    ((frame,),) = run(case["lane"], (order, prompts))
    shares = [weight / sum(order.weights) for weight in order.weights]
    expected = naive(logits, prompts, shares, order)
    assert {path(one): one["marginal"] for one in frame["hypotheses"]} == pytest.approx(expected, abs=1e-5)
    for one in frame["hypotheses"]:
        assert logprobs(one) == pytest.approx([brute(logits, prompt, path(one)) for prompt in prompts], abs=1e-4)


@settings(deadline=None, max_examples=60)
@given(searches())
def test_thorough_scores_are_those_of_brute_force(case: dict[str, Any]) -> None:
    order, prompts, logits = case["order"], case["prompts"], case["logits"]
    thorough = Beaming(**{name: getattr(order, name) for name in Beaming.__slots__} | {"scored": True})
    ((frame,),) = run(case["lane"], (thorough, prompts))
    for one in frame["hypotheses"]:
        assert logprobs(one) == pytest.approx([brute(logits, prompt, path(one)) for prompt in prompts], abs=1e-4)
    assert {path(one) for one in frame["hypotheses"]} == set().union(
        *(naive(logits, [prompt], [1.0], order) for prompt in prompts)
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=25), min_size=1, max_size=12), st.integers(1, 4))
def test_a_tree_of_any_texts_measures_each(texts: list[list[int]], slots: int) -> None:
    """Also of texts that begin with another, that are equal, and with fewer slots than branches."""
    logits, prompt = chances(7, 2.0), [5, 6, 7]
    lane, ticket = lane_for(logits, cells=3 + 25 * slots), Ticket()
    (lease,) = next_value(
        lane.slots.acquire_all([prompt], cells=[lane.context.cells], branches=1 + slots, ticket=ticket)
    )
    work = lane.batcher.submit(lease.main, prompt, ticket=ticket)
    lane.batcher.advance()
    given_texts = {number: tuple(text) for number, text in enumerate(texts)}
    first = lane.context.logits(work.fresh[0][1])
    tree = TextTree(given_texts, lane=lane, lease=lease, logits=first, ticket=ticket).run()
    found = next_value(tree, lane.batcher.advance)
    assert found == pytest.approx({n: brute(logits, prompt, text) for n, text in given_texts.items()}, abs=1e-4)
    assert len(lease.spare) == slots


def next_value(steps: Any, between: Callable[[], None] = lambda: None) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        between()


def test_a_tree_decodes_a_common_beginning_once() -> None:
    lane, ticket = lane_for(chances(1, 1.0)), Ticket()
    (lease,) = next_value(lane.slots.acquire_all([[1]], cells=[100], branches=5, ticket=ticket))
    work = lane.batcher.submit(lease.main, [1], ticket=ticket)
    lane.batcher.advance()
    texts = {number: (2, 3, 4, 5, 6, 7, number, 8) for number in range(4)}
    first = lane.context.logits(work.fresh[0][1])
    next_value(TextTree(texts, lane=lane, lease=lease, logits=first, ticket=ticket).run(), lane.batcher.advance)
    assert lane.toy.decoded == 1 + 6 + 4


def test_requests_over_the_same_cells_wait_for_each_other_and_do_not_mix() -> None:
    """Each needs more than half of the cells, in several leases."""
    logits = chances(3, 2.0)
    prompts = [[9] * 20 + [index] for index in range(3)]
    order = Beaming(width=3, max_tokens=4, scored=True)
    lane = lane_for(logits, cells=120)
    frames = run(lane, *[(order, [[first, *prompt] for prompt in prompts]) for first in range(5)])
    for first, (frame,) in enumerate(frames):
        alone = run(lane_for(logits), (order, [[first, *prompt] for prompt in prompts]))[0][0]
        assert [path(one) for one in frame["hypotheses"]] == [path(one) for one in alone["hypotheses"]]
        assert [logprobs(one) for one in frame["hypotheses"]] == [logprobs(one) for one in alone["hypotheses"]]


def test_what_prompts_share_is_computed_once_and_all_of_it_stays() -> None:
    lane = lane_for(chances(5, 2.0))
    prompts = [[7] * 40 + [index] * 10 for index in range(4)]
    order = Beaming(width=2, max_tokens=3)
    ((first,),) = run(lane, (order, prompts))
    assert first["cached_tokens"] == 3 * 40
    ((again,),) = run(lane, (order, prompts))
    assert again["cached_tokens"] == again["prompt_tokens"] - 4
    assert again["hypotheses"] == first["hypotheses"]


@pytest.mark.parametrize("mode", ["separate", "mixed"])
@pytest.mark.parametrize("after", range(0, 24, 3))
def test_cancelling_frees_everything_wherever_it_comes(mode: Any, after: int) -> None:
    lane, ticket = lane_for(chances(11, 2.0), batch_size=16), Ticket()
    order = Beaming(width=4, max_tokens=6, mode=mode, scored=mode == "separate")
    steps = beams(order, model=ToyModel(), lane=lane, prompts=[[1] * 30 + [i] for i in range(3)], ticket=ticket)
    for step, frame in enumerate(steps):
        # Whether it was cancelled before this step, or is only now.
        assert frame is None or not ticket.cancelled
        ticket.cancelled = step >= after
        lane.batcher.advance()
    assert (lane.slots.held, lane.slots.promised, lane.slots.busy) == (0, 0, False)
    lane.slots.clear()
    assert lane.toy.used == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 700), st.sampled_from([0, 1]))
def test_the_likeliest_are_those_of_a_sort(seed: int, count: int, decimals: int) -> None:
    """Rounded logits have many equal ones: of these the smaller ids are taken."""
    logits = np.random.default_rng(seed).normal(size=600).round(decimals).astype(np.float32)
    assert likeliest(logits, count) == np.argsort(-logits, kind="stable")[:count].tolist()


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 4.0, 50.0]))
def test_the_log_total_is_the_naive_one(seed: int, scale: float) -> None:
    logits = np.random.default_rng(seed).normal(scale=scale, size=700).astype(np.float32)
    top = float(logits.max())
    assert log_total(logits) == pytest.approx(top + math.log(math.fsum(math.exp(float(x) - top) for x in logits)))
