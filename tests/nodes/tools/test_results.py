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
        ("multiply it by 12", "3 / 7 + 2 / 5 = 29/35 ≈ 0.828571429", "multiply (29/35) by 12"),
        ("convert it to cm", "180 centimeters ≈ 5 feet 10.8661 inches", "convert 5 feet 10.8661 inches to cm"),
        ("convert it to kB", "1 gigabit = 125 megabytes (1 kB = 1000 bytes)", "convert 125 megabytes to kB"),
        ("double it", "The price is 45 euros. [1][2]", "double 45 euros"),
        ("add 5 to it", "The answer is **72**.", "add 5 to 72"),
        ("double it", "3x + 5 = 20: x = 5", "double 5"),
        ("what is 3 days after it", "It was on 25 December 2025.", "what is 3 days after 25 December 2025"),
        # A value is taken as it is.
        ("multiply it by 24", "271", "multiply 271 by 24"),
        ("square it", "5*sqrt(2)", "square (5*sqrt(2))"),
        ("convert it to mpg", "7.8 liters per 100 kilometers", "convert 7.8 liters per 100 kilometers to mpg"),
        ("what is 3 days after it", "2025-12-25", "what is 3 days after 2025-12-25"),
        # Of several, none is "it".
        ("multiply it by 24", "There are 271 days until Thursday, 25 December 2025.", "multiply it by 24"),
        ("double it", "x^2 = 16: x = -4 or x = 4", "double it"),
        ("double it", "-4, 4", "double it"),
        ("double it", "-sqrt(2), sqrt(2)", "double it"),
        ("double it", "x = ±4", "double it"),
        ("double it", "It is 2**10.", "double it"),
        ("double it", "no solution", "double it"),
        ("double it", "Between 10-12.", "double it"),
    ],
)
def test_the_result_takes_the_place_of_its_word(query: str, result: str, asked: str) -> None:
    assert with_result(query, result) == asked


PLURALS = "feet", "fluid ounces", "imperial fluid ounces", "light-years", "°C", "psi", "short tons", "square miles", "%"


@pytest.mark.parametrize("unit", [*PLURALS, *(f"{unit} per second" for unit in PLURALS)])
def test_an_amount_keeps_its_unit(unit: str) -> None:
    assert with_result("convert it to x", f"2.5 {unit}") == f"convert 2.5 {unit} to x"


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
