"""Numbers in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.nodes.master.quantities import in_digits, quantities


def numbers(text: str) -> list[str]:
    return [one.number for one in quantities(in_digits(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 plus nineteen", ["12", "19"]),
        ("1,200 and one thousand two hundred and 1200", ["1200"] * 3),
        ("1,2,3", ["1", "2", "3"]),
        ("-5, .5, 1.50 and −3", ["-5", "0.5", "1.50", "-3"]),  # the sign of mathematics
        ("5-3 and 5 - 3", ["5", "3", "5", "3"]),
        ("12%, 12 percent, 12 per cent and what percentage", ["12%", "12%", "12%", "%"]),
        ("the 3rd, the third, the twenty-first and the Fortieth", ["3th", "3th", "21th", "40th"]),
        ("3 pm, 3pm, 3 p.m. and 3:30 PM", ["3pm", "3pm", "3pm", "3:30pm"]),
        ("2024-03-03 or 3/4/2025", ["2024", "03", "03", "3", "4", "2025"]),
        ("2.5 million", ["2500000"]),
        ("½ of x² in XII or Ⅻ", ["½", "²", "Ⅻ"]),
        ("no figures here", []),
    ],
)
def test_numbers_are_found_however_they_are_written(text: str, found: list[str]) -> None:
    assert numbers(text) == found


def test_what_is_counted_stands_behind_a_number() -> None:
    found = quantities(in_digits("five miles, a 45-inch cloth and 12"))
    assert [(one.number, one.counted) for one in found] == [("5", "miles"), ("45", "inch"), ("12", "")]


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), max_size=8))
def test_plain_numbers_come_back_in_order(values: list[int]) -> None:
    assert numbers(" and then ".join(str(value) for value in values)) == [str(value) for value in values]
    assert numbers(" and then ".join(f"{value:,}" for value in values)) == [str(value) for value in values]


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    numbers(text)
