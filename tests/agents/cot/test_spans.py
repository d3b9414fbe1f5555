"""Where an answer stands, and which answers are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.cot import Numbers, aligned, covering


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("She has 1,000 left.", "1000"),
        ("She has 1000.0 left.", "1000"),
        ("3 + 4 = 7, so $7.50", "7.5"),
        ("-0", "0"),
        ("0.1 + 0.2 = 0.30000000000000004", "0.3"),
        ("1099511627776", "1099511627776"),
        ("1099511627775", "1099511627775"),
        ("1/4", "0.25"),
        ("none", None),
    ],
)
def test_numbers_are_the_same_however_they_are_written(text: str, answer: str | None) -> None:
    span = Numbers().find(text)
    assert (span and span.answer) == answer


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.data())
def test_tokens_cover_characters(sizes: list[int], data: st.DataObject) -> None:
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    length = ends[-1]
    if length == 0:
        return
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    owner = [next(place for place, last in enumerate(ends) if last > character) for character in range(length)]
    found = covering(ends, start, end)
    assert (found.start, found.stop) == (owner[start], owner[end - 1] + 1)


@given(st.lists(st.integers(0, 2), max_size=9), st.lists(st.integers(0, 2), max_size=3))
def test_alignment_is_the_last_place(tokens: list[int], answer: list[int]) -> None:
    naive = [start for start in range(len(tokens)) if answer and tokens[start : start + len(answer)] == answer]
    found = aligned(tokens, answer)
    assert (found and found.start) == (naive[-1] if naive else None)
    assert found is None or tokens[found] == answer
