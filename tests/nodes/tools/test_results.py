"""What "it" is in a later step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.tools import SystemClock, make_tool, with_result


@pytest.mark.parametrize(
    ("query", "result", "asked"),
    [
        ("multiply it by 12", "48 * 17 = 816", "multiply 816 by 12"),
        ("double the result", "48 * 17 = 816", "double 816"),
        ("convert that to miles", "5 feet are 60 inches\n100 km = 62.137 mi", "convert 62.137 mi to miles"),
        ("tell me how much that is in pounds", "It weighs about 3.5 kg.", "tell me how much is 3.5 kg in pounds"),
        ("put the temperature in Celsius", "The oven needs 350 °F", "put 350 °F in Celsius"),
        ("convert the result from miles to km", "12 * 14 = 168", "convert 168 miles to km"),
        ("add it to that", "6", "add 6 to that"),  # only the first stands for it
        ("write a poem", "6", "write a poem"),
        ("double it", "No numbers here.", "double it"),
        ("double it", "", "double it"),
    ],
)
def test_the_result_takes_the_place_of_its_word(query: str, result: str, asked: str) -> None:
    assert with_result(query, result) == asked


@given(st.text(), st.text())
def test_any_texts_are_taken(query: str, result: str) -> None:
    assert isinstance(with_result(query, result), str)


@pytest.mark.parametrize(
    ("tool", "query", "result", "value"),
    [
        ("calculator", "double the result", "48 * 17 = 816", "1632"),
        ("calculator", "take the square root of it", "10 * 10 = 100", "10"),
        ("units", "convert that to metres", "3 km", "3000"),
        ("units", "tell me how much that is in grams", "It is 2 kg", "2000"),
    ],
)
def test_a_tool_goes_on_with_it(tool: str, query: str, result: str, value: str) -> None:
    answer = make_tool(tool, clock=SystemClock()).answer(with_result(query, result))
    assert value in answer.text.replace(",", "")
