"""Batches and variations."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.training.batches import batches, varied


@given(st.lists(st.integers(1, 300), min_size=1, max_size=80), st.integers(0, 1000))
def test_every_query_is_in_one_batch_and_no_batch_is_too_large(lengths: list[int], seed: int) -> None:
    made = batches(lengths, tokens=320, draw=random.Random(seed))
    assert sorted(place for batch in made for place in batch) == list(range(len(lengths)))
    for batch in made:
        assert batch
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= 320


@given(st.text(min_size=1), st.integers(0, 1000))
def test_a_variation_is_never_empty_and_adds_nothing(text: str, seed: int) -> None:
    other = varied(text, random.Random(seed))
    assert other
    assert len(other) <= len(text.lower())


def test_the_variations() -> None:
    text = "First this. Then that! What now?"
    found = {varied(text, random.Random(seed)) for seed in range(200)}
    assert {
        text,
        text.lower(),
        "First this. Then that! What now",
        "First this. Then that!",
        "Then that! What now?",
    } <= found
