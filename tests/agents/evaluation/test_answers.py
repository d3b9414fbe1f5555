"""Measures of an answer: words as SQuAD counts them, and the number that it ends with."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.evaluation.answers import (
    best_f1,
    exact_match,
    normalised,
    numeric_match,
    proportion_interval,
    rouge_l,
)


def test_case_punctuation_and_articles_do_not_count() -> None:
    assert exact_match("The Eiffel-Tower!", ["x", "eiffeltower"])
    assert not exact_match("Eiffel", ["Eiffel Tower"])
    assert best_f1("Eiffel", ["nothing", "the Eiffel Tower"]) == pytest.approx(2 / 3)
    assert best_f1("x", ["y"]) == 0


@pytest.mark.parametrize("reference", ["(A)", "a", ") >"])
def test_no_answer_is_not_the_same_as_an_article_or_punctuation(reference: str) -> None:
    assert exact_match(reference, [reference])
    assert not exact_match("", [reference])
    assert best_f1("", [reference]) == 0
    assert exact_match("", [""])
    assert best_f1("", [""]) == 1


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("35", "3.5", False),
        ("5", "-5", False),
        ("-5 degrees", "5 degrees", False),
        ("$35 million", "$3.5 million", False),
        ("1,200.50", "1200.5", True),
        ("\u22125.0", "-5", True),
        ("five-5", "five 5", False),
        ("Covid-19.", "covid19", True),
        ("In 1990-1995.", "in 19901995", True),
        ("12345678901234567890", "12345678901234567891", False),
    ],
)
def test_sign_and_point_of_a_number_count_and_its_spelling_does_not(answer: str, reference: str, same: bool) -> None:
    assert exact_match(answer, [reference]) is same
    assert (best_f1(answer, [reference]) == 1) is same
    assert (rouge_l(answer, [reference]) == 1) is same


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_what_is_normalised_stays_so(number: float) -> None:
    assert normalised(normalised(f"It is {number}.")) == normalised(f"It is {number}.")


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [
        ("1,000", "1000.0", True),
        ("They have 1000 left.", "1,000", True),
        ("$5.00", "5", True),
        ("5", "$5.00", True),
        ("17%", "17", True),
        ("0.8333333333333334", "0.8333", True),
        ("0.83", "0.8333", False),
        ("100000", "100009", True),
        ("100000", "100020", False),
        ("0.00005", "0", True),
        ("-24", "24", False),
        ("first 7, then 8", "7", False),
        ("none", "7", False),
        ("", "7", False),
    ],
)
def test_numbers_are_compared_as_numbers(answer: str, reference: str, right: bool) -> None:
    assert numeric_match(answer, [reference]) is right


@pytest.mark.parametrize("references", [[], ["many"], ["7 apples"], ["(B)"], ["in 1066"], [""]])
def test_where_no_number_is_wanted_none_is_compared(references: list[str]) -> None:
    assert numeric_match("7", references) is None


def test_any_reference_that_is_a_number_will_do() -> None:
    assert numeric_match("7", ["seven", "8", "7"]) is True


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_every_number_is_read_as_python_writes_it(number: float) -> None:
    assert numeric_match(f"The answer is {number}.", [str(number)]) is True


def test_the_interval_is_wilsons() -> None:
    found = proportion_interval(7, 50)
    assert found is not None
    share, n, z = 7 / 50, 50, 1.959963984540054
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    assert found == pytest.approx((centre - half, centre + half))
    assert proportion_interval(0, 0) is None
