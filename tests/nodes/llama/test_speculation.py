"""Drafts: where they are found, and when they are worth a try."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.generation import Sampling
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.speculation import GRAM, LONGEST, PAUSE, SHORTEST, PromptLookup, Speculation


def naive(tokens: list[int], most: int) -> list[int]:
    """Look at every place, the latest first."""
    gram = tokens[-GRAM:]
    for end in range(len(tokens) - 1, GRAM - 1, -1):
        if tokens[end - GRAM : end] == gram:
            return tokens[end : end + most]
    return []


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 9))
def test_drafts_are_those_of_a_search(tokens: list[int], most: int) -> None:
    assert PromptLookup(tokens).draft(most) == (naive(tokens, most) if len(tokens) > GRAM else [])


def test_drafts_that_pay_grow_and_go_on() -> None:
    speculation = Speculation()
    assert speculation.length == 0
    speculation.observe(drafted=0, gained=1, seconds=1.0)
    assert speculation.length == SHORTEST
    for _ in range(10):
        speculation.observe(drafted=speculation.length, gained=speculation.length + 1, seconds=1.5)
    assert speculation.length == LONGEST


def test_drafts_that_do_not_pay_rest_for_ever_longer() -> None:
    speculation = Speculation()
    speculation.observe(drafted=0, gained=1, seconds=1.0)
    rests = []
    for _ in range(4):
        assert speculation.length == SHORTEST
        speculation.observe(drafted=3, gained=1, seconds=2.0)
        rest = 0
        while not speculation.length:
            speculation.observe(drafted=0, gained=1, seconds=1.0)
            rest += 1
        rests.append(rest)
    assert rests == [PAUSE, 2 * PAUSE, 4 * PAUSE, 8 * PAUSE]


def test_one_bad_draft_among_good_ones_changes_nothing() -> None:
    speculation = Speculation()
    speculation.observe(drafted=0, gained=1, seconds=1.0)
    for _ in range(5):
        speculation.observe(drafted=3, gained=4, seconds=1.5)
    speculation.observe(drafted=15, gained=1, seconds=2.5)
    assert speculation.length == SHORTEST


def test_a_text_with_drafts_is_the_text_without(
    engine: Engine, model: Model, drive: Callable[..., list[list[Frame]]], continue_naively: Callable[..., list[int]]
) -> None:
    prompt = model.tokenize("The cat sat on the mat. " * 12)
    order = Decoding(max_tokens=24, sampling=Sampling())
    before = engine.stats()["rounds"]
    (frames,) = drive(engine, engine.decode(order, prompt=[{"tokens": prompt}], adapter=None, ticket=Ticket()))
    rounds = engine.stats()["rounds"] - before
    tokens = [token for frame in frames for piece in frame["pieces"] for token in piece["tokens"]]
    assert tokens == continue_naively(prompt, 24)  # it is sure of all of them
    assert len(tokens) == 24
    assert rounds < 24  # several tokens a round
