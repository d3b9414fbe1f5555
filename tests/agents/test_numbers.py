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
        ("1/4", 0.25),
        ("It is -3/4.", -0.75),
        ("\\boxed{\\frac{1}{2}}", 0.5),
        ("$-\\dfrac{3}{4}$", -0.75),
        ("1/0", 0),
        ("\\frac{1}{0}", 0),
        ("1.5/2", 2),
        ("1,000/4", 4),
        ("on 5/12/2024", 2024),
        ("3 / 4", 4),
        ("9" * 400 + "/7", 7),
        ("3 x 10^8", 3e8),
        ("6.02 × 10^{-23}", 6.02e-23),
        ("3 \\times 10^−2", 0.03),
        ("3 x 10", 10),
        ("9 x 10^999", None),
        ("\\boxed{1{,}000}", 1000),
        ("10 000", 10000),
        ("10 000 000.5", 10000000.5),
        ("10 000", 10000),
        ("1'000 or 1’000’000", 1000000),
        ("10 000", 0),
        ("5 00", 0),
        ("–3", -3),
        ("between 5–10", 10),
        ("at 3:30", 30),
        ("1,5", 5),
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


def test_a_number_of_several_parts_stands_where_all_of_them_do() -> None:
    for written in ("1/4", "\\frac{1}{4}", "3 x 10^8", "2 × 10^{-3}", "1{,}000", "10 000", "-1/2", "–3"):
        (found,) = numbers(f"It is {written} exactly.")
        assert f"It is {written} exactly."[found.start : found.end] == written


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("1,000.0", "1000"),
        ("-0", "0"),
        ("0.30000000000000004", "0.3"),
        ("1099511627776", "1099511627776"),
        ("1099511627775", "1099511627775"),
        ("2/8", "0.25"),
    ],
)
def test_equal_numbers_are_spelled_alike(text: str, spelling: str) -> None:
    found = only_number(text)
    assert found is not None
    assert found.spelling == spelling


def test_only_a_number_is_only_a_number() -> None:
    assert only_number("5 apples") is None
    assert only_number("= $5.") == last_number("= $5.")
