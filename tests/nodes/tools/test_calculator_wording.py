"""What people say to the calculator: the words around a calculation, and the ones that change it."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError
from octograph.nodes.tools.calculator import Calculator

CALCULATOR = Calculator()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        # Equations.
        ("x^2 - 5x + 6 = 0, what are the roots", "x^2 - 5x + 6 = 0: x = 2 or x = 3"),
        ("x^2 - 5x + 6 = 0, solve", "x^2 - 5x + 6 = 0: x = 2 or x = 3"),
        ("find the roots of 2x^2 + 3x - 5", "2x^2 + 3x - 5 = 0: x = -2.5 or x = 1"),
        ("Find both roots of x^2 + 2x - 15 = 0.", "x^2 + 2x - 15 = 0: x = -5 or x = 3"),
        ("solve 5x plus 8 equals 63 for me", "5x + 8 = 63: x = 11"),
        ("Solve 2x + 3 = 17, then x is what?", "2x + 3 = 17: x = 7"),
        ("3x = 12; solve for x", "3x = 12: x = 4"),
        ("4x = 52, x = ?", "4x = 52: x = 13"),
        ("Solve y/4 + 6 = 11 for y, please; I forgot how.", "y / 4 + 6 = 11: y = 20"),
        # Fractions and percentages.
        ("3/4 + 5/6 as a fraction", "3 / 4 + 5 / 6 = 19/12"),
        ("work out 5/8 + 3/4 as a fraction", "5 / 8 + 3 / 4 = 11/8"),
        ("0.375 as a fraction in lowest terms", "0.375 = 3/8"),
        ("1/2 + 3/2 as a fraction", "1 / 2 + 3 / 2 = 2"),
        ("convert 3/8 to a decimal", "3 / 8 = 0.375"),
        ("Tell me 3/8 as a percentage", "3 / 8 = 37.5%"),
        ("45 out of 60 in percent", "45 / 60 = 75%"),
        ("12.5% of 640 is how much", "12.5% of 640 = 80"),
        ("15pct of 60", "15% of 60 = 9"),
        ("15% off of 60", "60 * (1 - 15%) = 51"),
        ("what number is 15% of 60", "15% of 60 = 9"),
        ("15% of what number is 9", "9 / 15% = 60"),
        ("What would 15% of 60 be?", "15% of 60 = 9"),
        # Sums.
        ("add up 12.99, 4.50, 7.25 and 31.10", "12.99 + 4.50 + 7.25 + 31.10 = 55.84"),
        ("what do 4, 7 and 10 add up to", "4 + 7 + 10 = 21"),
        ("add together 4, 7 and 10", "4 + 7 + 10 = 21"),
        ("average 4, 7 and 10", "(4 + 7 + 10) / 3 = 7"),
        ("multiply 4, 7 and 10", "4 * 7 * 10 = 280"),
        ("add 5, 6, 7", "5 + 6 + 7 = 18"),
        ("How much do 39.90, 17.45, 8.99 and 102.30 make altogether?", "39.90 + 17.45 + 8.99 + 102.30 = 168.64"),
        ("What is 7/9 and 5/6 summed?", "(7 / 9) + (5 / 6) = 29/18 ≈ 1.61111111"),
        ("multiply the sum of 56 and 78 by 300", "(56 + 78) * 300 = 40200"),
        ("What number is halfway between 37 and 91?", "(37 + 91) / 2 = 64"),
        ("take 17 away from 40", "40 - 17 = 23"),
        # Powers.
        ("What do I get if I raise 1.05 to the 2nd power?", "1.05^2 = 1.1025"),
        ("what is 2 to the 40th", "2^40 = 1099511627776"),
        ("square 111", "111^2 = 12321"),
        # Whole numbers.
        ("How many times does 17 go into 1000, and what's the remainder?", "1000 / 17 = 58 remainder 14"),
        ("divide 1000 by 7 with remainder", "1000 / 7 = 142 remainder 6"),
        ("What remains after dividing 1001 by 17?", "1001 mod 17 = 15"),
        ("quotient and remainder of 1000 divided by 17", "1000 / 17 = 58 remainder 14"),
        ("how often does 7 go into 91", "91 / 7 = 13"),
        ("prime factors of 360", "360 = 2^3 * 3^2 * 5"),
        ("factorise 97", "97 is a prime number"),
        ("is 91 a prime number?", "91 is no prime number: 91 = 7 * 13"),
        ("is 1 prime", "1 is no prime number"),
        ("highest common factor of 18 and 24", "gcd(18, 24) = 6"),
        # Spelled almost right.
        ("81 divded by 3", "81 / 3 = 27"),
        ("5 squareed plus 12 squared", "5^2 + 12^2 = 169"),
        ("whats 15 precent of 60", "15% of 60 = 9"),
        ("mutliply 18 by 27", "18 * 27 = 486"),
        ("least common mutliple of 4 and 6", "lcm(4, 6) = 12"),
        # What is said around it.
        ("Work out the following: 5 * (12 - 7) + 3^2", "5 * (12 - 7) + 3^2 = 34"),
        ("give me the exact value of 2^0.5 * 2^0.5", "2^0.5 * 2^0.5 = 2"),
        ("My calculator is broken. What is 1849 / 43?", "1849 / 43 = 43"),
        ('"15 + 4 * 3", what does that come to?', "15 + 4 * 3 = 27"),
        ("(48.6 × 125 - 930) ÷ 7.5 and round it to the nearest whole number", "(48.6 * 125 - 930) / 7.5 = 686"),
        ("what's 12 * 4 for my homework", "12 * 4 = 48"),
        ("give me 15% of 60, I need it for a bill", "15% of 60 = 9"),
        ("log2(4096) + 5! =", "log2(4096) + 5! = 132"),
    ],
)
def test_what_people_say(query: str, text: str) -> None:
    assert CALCULATOR.answer(query).text == text


@pytest.mark.parametrize(
    "query",
    [
        # Several things at once.
        "what is 15% of 60, and 20% of 80",
        "gcd and lcm of 4 and 6",
        "square root of 144 and the cube root of 27",
        "prime factors of 12 and 18",
        "2+2, I mean 2+3",
        "add up 4, 5 and 6, and what is 19% of that",
        "What's the capital of France? What is 5 + 3?",
        "Tell me about Euler. What is 5 + 3?",
        # What is said beside it changes the result.
        "Convert to inches: 5 + 3",
        "in binary: 5 + 3",
        "Double everything. What is 5 + 3?",
        "Use base seven. What is 5 + 3?",
        "5 + 3. Then halve it.",
        "derivative: 3 * 4",
        "invert: 3/4",
        "upside down: 3/4",
        "Take the reciprocal. What is 3/4?",
        "estimate: 19 * 21",
        "5 - 3, I want it reversed",
        "I have 5 apples. What is 5 + 3?",
        # Two readings.
        "add up 10% and 200",
        "sum the squares of 3, 4",
        "halfway between 3, 5 and 7",
        "40 less 17%",
        "raise 5 to 7",
        "2 to the 3rd of may",
        # No such result.
        "sqrt(2) as a fraction",
        "2/3 as a fraction to 2 decimal places",
        "prime factors of 12.5",
        "prime factors of 0",
        "prime factors of 99999999999999999999",
        "how many times does 0 go into 5, and what's the remainder",
        "find the roots of x^5 - x - 1",
        "roots of x + y",
        "4x = 52, y = ?",
        # Only a part of a plan.
        "as a fraction",
        "round it to two decimal places",
        "multiply it by 12",
        "divided by 7",
        # Not near enough.
        "5 quarter 3",
        "5 present of 60",
    ],
)
def test_what_could_mean_something_else_is_refused(query: str) -> None:
    with pytest.raises(ToolError):
        CALCULATOR.answer(query)


BEFORE = "", "hi, ", "please ", "My calculator is broken. ", "Work out the following: ", "what do I get for ", "whats "
AFTER = "", "?", " please", " for my homework", ", thanks", ", I keep forgetting it", ". Thanks so much!"


@settings(deadline=None)
@given(before=st.sampled_from(BEFORE), after=st.sampled_from(AFTER), a=st.integers(0, 999), b=st.integers(1, 999))
def test_what_is_said_around_a_calculation_changes_nothing(before: str, after: str, a: int, b: int) -> None:
    query = f"{a} * {b} + 1"
    assert CALCULATOR.answer(before + query + after) == CALCULATOR.answer(query)


@settings(deadline=None)
@given(number=st.integers(2, 10**6))
def test_prime_factors_multiply_to_the_number(number: int) -> None:
    factors = [part.split("^") for part in CALCULATOR.answer(f"prime factors of {number}").value.split(" * ")]
    assert math.prod(int(base) ** int(power[0] if power else 1) for base, *power in factors) == number


@pytest.mark.parametrize("text", ["1 + " * 1250, "x = " * 1250, "what " * 1000, "add 1, " * 99, "(a) for the " * 33])
def test_a_long_text_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ToolError):
        CALCULATOR.answer(text)
    assert time.perf_counter() - started < 1
