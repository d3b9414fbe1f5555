"""What people say to the converter of units: the one amount and the one unit in it, or a refusal."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError
from octograph.nodes.tools.spelling import nearest
from octograph.nodes.tools.units import UnitConverter

UNITS = UnitConverter()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        # As people write amounts: the expected numbers from the definitions of the units.
        ("750 ml -> fl oz", "750 milliliters ≈ 25.3605 fluid ounces (US fluid ounce)"),
        ("kcal to kilojoule, 250", "250 kilocalories = 1046 kilojoules (1 cal = 4.184 J)"),
        ("convert kilometers to miles: 42", "42 kilometers ≈ 26.0976 miles"),
        ("hectares to acres: 12", "12 hectares ≈ 29.6526 acres"),
        ("2 and a half cups in ml", "2.5 cups = 591.47059125 milliliters (US cup)"),
        ("an ounce and a half in grams", "1.5 ounces = 42.5242846875 grams"),
        ("three quarters of an inch in mm", "0.75 inches = 19.05 millimeters"),
        ("what is 5 feet 6 and a half inches in cm", "5 feet 6.5 inches = 168.91 centimeters"),
        ("What's 20 below zero Celsius in F", "-20 °C = -4 °F"),
        ("How cold is minus 40 Celsius in Fahrenheit", "-40 °C = -40 °F"),
        ("light year in kilometres", "1 light-year = 9460730472580.8 kilometers"),
        ("81 kilos in pounds", "81 kilograms ≈ 178.574 pounds"),
        (
            "15 hands 2 inches in centimetres",
            "15 hands 2 inches = 157.48 centimeters (a hand is 4 inches, the decimals are parts of a hand)",
        ),
        ("25 thou in millimetres", "25 thou = 0.635 millimeters"),
        ("torque 110 Nm to lb ft", "110 newton-meters ≈ 81.1318 foot-pounds"),
        ("1013 hectopascals in inHg", "1013 hectopascals ≈ 29.9139 inHg"),
        ("10 decagrams in grams", "10 decagrams = 100 grams"),
        # Spelled almost right.
        ("what is 20 celcius in farenheit", "20 °C = 68 °F"),
        ("100 kilometeres in miles", "100 kilometers ≈ 62.1371 miles"),
        ("6 feet in centimetrs", "6 feet = 182.88 centimeters"),
        # What is measured is named, and someone says why.
        ("2 cups of milk in millilitres", "2 cups = 473.176473 milliliters (US cup)"),
        ("how many centimetres is a 27 inch screen diagonal", "27 inches = 68.58 centimeters"),
        ("how many square feet is a flat of 72 square metres", "72 square meters ≈ 775.002 square feet"),
        ("a newborn of 7 lb 11 oz, how heavy in grams", "7 pounds 11 ounces = 3486.991344375 grams"),
        ("The flat has 650 square feet. How many square metres is that?", "650 square feet = 60.386976 square meters"),
        ("how much is 6 foot 3 in centimeters for the form", "6 feet 3 inches = 190.5 centimeters"),
        ("grandpa weighs 14 stone 3 whats that in kilos", "14 stone 3 pounds = 90.26488163 kilograms"),
        ("How fast in m/s is 65 knots", "65 knots ≈ 33.4389 meters per second"),
        ("how wide is a 200 inch mirror in metres, thats the palomar one", "200 inches = 5.08 meters"),
        ("We're making 19 knots, I want km/h", "19 knots = 35.188 kilometers per hour"),
        ('The sign says "Clearance 11 ft 6 in". How many metres is that?', "11 feet 6 inches = 3.5052 meters"),
        ("35 mpg in litres per 100 km, please", "35 miles per gallon ≈ 6.72042 liters per 100 kilometers (US gallon)"),
        ("Square feet of a flat with 75 square metres", "75 square meters ≈ 807.293 square feet"),
        ("newton metres for 80 foot-pounds", "80 foot-pounds ≈ 108.465 newton-meters"),
        ("We have 12 acres. Hectares?", "12 acres ≈ 4.85623 hectares"),
        ("If I weigh 70 kg how many stone is that", "70 kilograms ≈ 11.0231 stone"),
        # Imperial or American.
        ("how many pints are there in 3 litres, imperial pints I mean", "3 liters ≈ 5.27926 imperial pints"),
        ("How much is a pint in millilitres, the British one?", "1 imperial pint = 568.26125 milliliters"),
        ("2 deciliters in american cups", "2 deciliters ≈ 0.845351 cups (US cup)"),
    ],
)
def test_what_people_say(query: str, text: str) -> None:
    assert UNITS.answer(query).text == text


@pytest.mark.parametrize(
    "query",
    [
        # Several amounts, or an amount that something is done to.
        "118 by 96 and 62 by 85 cm in inches",
        "how many pounds do 3 bags of 5 kg weigh",
        "a bag weighs 5 kg. how many pounds do all the bags weigh",
        "a bag weighs 5 kg; what does a truck weigh in pounds",
        "I run 5 km twice a week, how many miles is that",
        "I run 5 km there and back, how many miles is that",
        "We walked 5 km a day, how many miles in a week",
        "The pool is 25 yards long and I did 40 lengths; how many kilometres is that?",
        "If I have run 5 km, how many miles is it home",
        "We have 12 acres. Half in hectares?",
        "5-7 km in miles",
        "between 5 km and 6 km in miles",
        "2 quarter inch bolts in mm",
        "5 kg isn't heavy, is it in pounds",
        "how many miles short of a marathon is a 5 km race",
        # Another question.
        "circumference in cm of a 10 inch plate",
        "how wide is a 27 inch monitor in cm",
        "the temperature rose by 5 C, what is that in F",
        "a difference of 5 C in F",
        "how many pounds is 5 kg of gold worth",
        "is 5 km more than 3 miles",
        "how many pounds is 5 kg on the moon",
        "5 oz of gold in grams",
        "write a poem about 5 km in miles",
        "5 km and 3 litres in miles",
        "Give me that in tonnes, and as elephants of 5 tonnes",
        "how many days is 90 minutes, rounded to the nearest whole day",
        "What's the capital of France and what is 5 km in miles",
        "What's the capital of France and how many miles is 5 km",
        "5 km in miles, what is the capital of France",
        "convert 5 km to miles and 3 kg to pounds",
        # Units with two readings.
        "15.2 hands in centimetres",
        "how many centimetres is a 14.2 hand pony",
        "3 oz in ml or grams",
        "12 oz (troy) in grams",
        "20 below in Fahrenheit",
        "pints in a uk gallon",
        "3 imperial gallons in pints",
        "1 imperial pint in oz",
        "how many quarts in 3 pints, imperial pints I mean",
        "convert 5 km to metres and feet",
        # Nothing near enough.
        "6 scones in kg",
        "5 smiles in km",
        "how many points in 3 pints",
        "3 tonns in kg",
        # Only a part of a plan.
        "in yards",
        "convert that to miles",
        "how many miles is that",
        "in inches to centimetres",
        "miles",
        "5 km # 3 in miles",
    ],
)
def test_what_could_mean_something_else_is_refused(query: str) -> None:
    with pytest.raises(ToolError):
        UNITS.answer(query)


def test_a_mass_is_no_volume() -> None:
    with pytest.raises(ToolError, match="depends on what is measured"):
        UNITS.answer("2 cups of flour in grams")


BEFORE = "", "hi, ", "please ", "Hello! Can you tell me what ", "For the form: ", "My aunt wrote it down. "
AFTER = "", "?", " please", " for the form", ", thanks", ". I'm packing for the holidays.", " for my American cousin"


@settings(deadline=None)
@given(before=st.sampled_from(BEFORE), after=st.sampled_from(AFTER), amount=st.integers(1, 5000))
def test_what_is_said_around_a_conversion_changes_nothing(before: str, after: str, amount: int) -> None:
    query = f"{amount} miles in km"
    assert UNITS.answer(before + query + after) == UNITS.answer(query)


LONG = "5 km in " * 625, "in " * 130, "1 mile and " * 36, "a pound and " * 33, "5 " * 199, "how many " * 44, "x" * 399


@pytest.mark.parametrize("text", LONG)
def test_a_long_text_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ToolError):
        UNITS.answer(text)
    assert time.perf_counter() - started < 2


def test_a_word_is_mended_only_if_it_is_long_and_one_slip_away() -> None:
    known = "celsius", "kilometers", "pints", "ounces"
    assert nearest("celcius", known) == ["celsius"]
    assert nearest("kilomteers", known) == ["kilometers"]
    assert nearest("kilmetres", known) == nearest("points", known) == nearest("bounces", known) == []
