"""Numbers are found where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.numbers import last_number, numbers, only_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The answer is 42.", 42),
        ("48/2=24\n48+24=72", 72),
        ("48 * 17 = 816", 816),
        ("1,000", 1000),
        ("1,234,567.89 in all", 1234567.89),
        ("It costs $1,200.50.", 1200.5),
        ("That is 17%", 17),
        ("-$3.50", -3.5),
        ("$-3.50", -3.5),
        ("€ 12", 12),
        ("x = -24", -24),
        ("x=−24", -24),
        ("between 5-10", 10),
        ("(3)-5", 5),
        ("The answer - 5", 5),
        ("one of 1, 2,3", 3),
        ("0.8333333333333334", 0.8333333333333334),
        (".5", 0.5),
        ("1e5", 100000),
        ("2.5E-3", 0.0025),
        ("40 kg of CO2", 40),
        ("20 m2, 3 cm^2", 3),
        ("\\boxed{42}", 42),
        ("**42**", 42),
        ("12 apples and 3rd place", 3),
        ("no number", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_the_last_number_of_a_text(text: str, number: float | None) -> None:
    found = last_number(text)
    assert (found and found.value) == (None if number is None else pytest.approx(number))


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_stands_where_it_is_said_to(number: float) -> None:
    written = f"{number:,.2f}"
    (found,) = numbers(f"It is {written} exactly.")
    assert f"It is {written} exactly."[found.start : found.end] == written
    assert found.value == pytest.approx(float(written.replace(",", "")))


def test_a_sign_belongs_to_its_number_and_a_currency_stands_between() -> None:
    found = last_number("He owes -$1,200.50.")
    assert found is not None
    assert (found.value, found.start, found.end) == (-1200.5, 8, 18)


def test_only_a_number_is_only_a_number() -> None:
    assert only_number("5 apples") is None
    assert only_number("= $5.") == last_number("= $5.")
