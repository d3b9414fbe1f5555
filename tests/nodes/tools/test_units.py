"""The converter of units: exact where it can be, and no guesses about names."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError
from octograph.nodes.tools.unit_names import find_units
from octograph.nodes.tools.units import UnitConverter

UNITS = UnitConverter()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("10 miles in km", "10 miles = 16.09344 kilometers"),
        ("how many grams in 3 ounces", "3 ounces = 85.048569375 grams"),
        ("convert 72 °F to celsius", "72 °F ≈ 22.2222 °C"),
        ("98.6 degrees fahrenheit in celsius", "98.6 °F = 37 °C"),
        ("-40 c to f", "-40 °C = -40 °F"),
        ("180 cm in feet and inches", "180 centimeters ≈ 5 feet 10.8661 inches"),
        ("5'11\" in cm", "5 feet 11 inches = 180.34 centimeters"),
        ("5’11 in cm", "5 feet 11 inches = 180.34 centimeters"),
        ("6 foot 2 in cm", "6 feet 2 inches = 187.96 centimeters"),
        ("6 ft 2 in in cm", "6 feet 2 inches = 187.96 centimeters"),
        ("10 in in cm", "10 inches = 25.4 centimeters"),
        ("12 in to cm", "12 inches = 30.48 centimeters"),
        ("3 cups to ml", "3 cups = 709.7647095 milliliters (US cup)"),
        ("2½ cups to ml", "2.5 cups = 591.47059125 milliliters (US cup)"),
        ("1 1/2 cups in fl oz", "1.5 cups = 12 fluid ounces (US cup; US fluid ounce)"),
        ("60 mph in m/s", "60 miles per hour = 26.8224 meters per second"),
        ("1.5 GB in MB", "1.5 gigabytes = 1500 megabytes (1 kB = 1000 bytes, 1 KiB = 1024 bytes)"),
        ("8 Mb in MB", "8 megabits = 1 megabyte (1 kB = 1000 bytes, 1 KiB = 1024 bytes)"),
        ("30 psi to bar", "30 psi ≈ 2.06843 bar"),
        ("how many seconds in a day", "1 day = 86400 seconds"),
        ("how many days are there in 3 weeks", "3 weeks = 21 days"),
        ("a marathon is 42.195 km, in miles", "42.195 kilometers ≈ 26.2188 miles"),
        ("how tall is 180 cm in feet", "180 centimeters ≈ 5.90551 feet"),
        ("how many ounces in a pound", "1 pound = 16 ounces"),
        ("how many ounces in a cup", "1 cup = 8 fluid ounces (US cup; US fluid ounce)"),
        ("8 oz to ml", "8 fluid ounces = 236.5882365 milliliters (US fluid ounce)"),
        ("5 gallons to liters", "5 gallons = 18.92705892 liters (US gallon)"),
        ("1 imperial gallon in litres", "1 imperial gallon = 4.54609 liters"),
        ("5000 seconds in hours, minutes and seconds", "5000 seconds = 1 hour 23 minutes 20 seconds"),
        ("1 hour and 30 minutes in minutes", "1 hour 30 minutes = 90 minutes"),
        ("how many minutes are in two and a half hours", "2.5 hours = 150 minutes"),
        ("one hundred and five pounds in kg", "105 pounds = 47.62719885 kilograms"),
        ("half a mile in meters", "0.5 miles = 804.672 meters"),
        ("1,000 m in km", "1000 meters = 1 kilometer"),
        ("100 sq ft in m²", "100 square feet = 9.290304 square meters"),
        ("1 acre in square metres", "1 acre = 4046.8564224 square meters"),
        ("2 kilowatt hours in kJ", "2 kilowatt-hours = 7200 kilojoules"),
        ("180 degrees in radians", "180 degrees ≈ 3.14159 radians"),
        ("how many miles per hour is 10 m/s", "10 meters per second ≈ 22.3694 miles per hour"),
        ("1 mile = ? km", "1 mile = 1.609344 kilometers"),
        ("1 year in days", "1 year = 365.25 days (a year is 365.25 days)"),
        ("12 inches in feet and inches", "12 inches = 1 foot 0 inches"),
        ("3600 rpm in hz", "3600 rpm = 60 hertz"),
        ("60 Hz in rpm", "60 hertz = 3600 rpm"),
        ("1 hz in radians per second", "1 hertz ≈ 6.28319 radians per second"),
        ("2.4 ghz in MHZ", "2.4 gigahertz = 2400 megahertz"),
        ("2 decades in years", "2 decades = 20 years (a year is 365.25 days)"),
        ("5 T in gauss", "5 teslas = 50000 gauss"),
        ("250 ML in cups", "250 milliliters ≈ 1.05669 cups (US cup)"),
        ("1 CUP in ML", "1 cup = 236.5882365 milliliters (US cup)"),
        ("2 megaliters in litres", "2 megaliters = 2000000 liters"),
        ("500 MA in amps", "500 milliamperes = 0.5 amperes"),
        ("1 kwh in kj", "1 kilowatt-hour = 3600 kilojoules"),
        (
            "100 MBps in Mbps",
            "100 megabytes per second = 800 megabits per second (1 kB = 1000 bytes, 1 KiB = 1024 bytes)",
        ),
        ("a third of a cup in ml", "1/3 cups = 78.8627455 milliliters (US cup)"),
        ("1e-12 m in km", "1e-12 meters ≈ 1e-15 kilometers"),
        ("how many tablespoons in a quarter cup", "0.25 cups = 4 tablespoons (US cup; US spoon)"),
        ("one half of a mile in meters", "0.5 miles = 804.672 meters"),
        ("11 stone 6 in kg", "11 stone 6 pounds = 72.5747792 kilograms"),
        ("70 KGS in lbs", "70 kilograms ≈ 154.324 pounds"),
        # In a product a temperature is a difference.
        ("5 C/min in F/min", "5 °C per minute = 9 °F per minute"),
        ("5 celsius per hour in kelvin per hour", "5 °C per hour = 5 kelvin per hour"),
        ("1 square celsius in square fahrenheit", "1 square °C = 3.24 square °F"),
        # The one falls as the other rises.
        ("30 mpg in l/100km", "30 miles per gallon ≈ 7.84049 liters per 100 kilometers (US gallon)"),
        ("how many litres per 100 km is 30 mpg", "30 miles per gallon ≈ 7.84049 liters per 100 kilometers (US gallon)"),
        ("5 l/100 km in imperial mpg", "5 liters per 100 kilometers ≈ 56.4962 miles per imperial gallon"),
        ("8 minutes per mile in mph", "8 minutes per mile = 7.5 miles per hour"),
    ],
)
def test_text(query: str, text: str) -> None:
    if not text:
        with pytest.raises(ToolError):
            UNITS.answer(query)
        return
    assert UNITS.answer(query).text == text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("5 kg in meters", "do not measure the same"),
        ("72 degrees to celsius", "do not measure the same"),
        ("5 kilometres in metrs", "Did you mean meters"),
        ("10 cats in bar", "not known"),
        ("100 dollars in euros", "money"),
        ("$50 to £", "money"),
        ("5 pounds in dollars", "money"),
        ("-300 C in F", "absolute zero"),
        ("3 + 4 miles in km", ""),
        ("3 * 4 miles in km", ""),
        ("10 miles and 5 in km", ""),
        ("10 km - 3 km in m", ""),
        ("half of 3 miles in km", ""),
        ("2 inches 3 feet in cm", "largest"),
        ("1/0 cups in ml", "division by zero"),
        ("5 m/s/s in km", "not known"),
        ("72 F in feet and inches", ""),
        ("10 miles", ""),
        ("miles in km", ""),
        ("what is 5 + 3", ""),
        ("5 meter**999999999 in km", ""),
        ("5 m^2^2 in m", ""),
        ("__import__('os') in km", ""),
        ("11 stone 16 in kg", "no unit"),
        ("0 mpg in l/100km", "no liters per 100 kilometers"),
        ("30 mpg in l/100km and km/l", "one number"),
        ("5 miles in 100 km", "not known"),
        ("8 bits in degrees", "do not measure the same"),
        ("1 kbps in rpm", "do not measure the same"),
    ],
)
def test_refused(query: str, message: str) -> None:
    with pytest.raises(ToolError) as caught:
        UNITS.answer(query)
    assert message in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("km", "kilometers"),
        ("KM", "kilometers"),
        ("mg", "milligrams"),
        ("Mg", "megagrams"),
        ("mb", "megabytes"),
        ("Mb", "megabits"),
        ("MiB", "mebibytes"),
        ("kWh", "kilowatt-hours"),
        ("m/s", "meters per second"),
        ("miles per hour", "miles per hour"),
        ("cubic feet", "cubic feet"),
        ("cm3", "cubic centimeters"),
        ("Celsius", "°C"),
        ("ML", "milliliters"),
        ("kib", "kibibytes"),
        ("MBps", "megabytes per second"),
        ("mbps", "megabits per second"),
        ("L/100KM", "liters per 100 kilometers"),
    ],
)
def test_names(name: str, plural: str) -> None:
    assert find_units(name)[0].plural == plural


@pytest.mark.parametrize(
    ("query", "text"),
    [
        # As people write amounts: the expected numbers from the definitions of the units.
        ("750 ml -> fl oz", "750 milliliters ≈ 25.3605 fluid ounces (US fluid ounce)"),
        ("kcal to kilojoule, 250", "250 kilocalories = 1046 kilojoules (1 cal = 4.184 J)"),
        ("hectares to acres: 12", "12 hectares ≈ 29.6526 acres"),
        ("2 and a half cups in ml", "2.5 cups = 591.47059125 milliliters (US cup)"),
        ("an ounce and a half in grams", "1.5 ounces = 42.5242846875 grams"),
        ("three quarters of an inch in mm", "0.75 inches = 19.05 millimeters"),
        ("what is 5 feet 6 and a half inches in cm", "5 feet 6.5 inches = 168.91 centimeters"),
        ("What's 20 below zero Celsius in F", "-20 °C = -4 °F"),
        ("How cold is minus 40 Celsius in Fahrenheit", "-40 °C = -40 °F"),
        ("light year in kilometres", "1 light-year = 9460730472580.8 kilometers"),
        ("81 kilos in pounds", "81 kilograms ≈ 178.574 pounds"),
        ("15.2 hands in centimetres", "15.2 hands = 154.432 centimeters"),
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
        "write a poem about 5 km in miles",
        "5 km and 3 litres in miles",
        "Give me that in tonnes, and as elephants of 5 tonnes",
        "how many days is 90 minutes, rounded to the nearest whole day",
        # Units with two readings.
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


PLURALS = (
    "meters", "celsius", "fahrenheit", "kelvin", "teslas", "gauss", "hertz", "rpm", "bytes", "bits", "degrees", "turns",
    "decades", "gallons", "carats", "psi",
)  # fmt: skip
FORMS = "5 {} in {}", "5 {} per hour in {} per day", "5 square {} in square {}"


@settings(deadline=None)
@given(source=st.sampled_from(PLURALS), target=st.sampled_from(PLURALS), form=st.sampled_from(FORMS))
def test_any_pair_of_units_is_converted_or_refused(source: str, target: str, form: str) -> None:
    try:
        UNITS.answer(form.format(source, target))
    except ToolError as error:
        assert source != target
        assert "do not measure the same" in str(error)


@settings(deadline=None)
@given(amount=st.integers(1, 10**6), pair=st.sampled_from([("inch", "cm", "2.54"), ("pound", "g", "453.59237")]))
def test_conversions_are_exact(amount: int, pair: tuple[str, str, str]) -> None:
    source, target, factor = pair
    value = UNITS.answer(f"{amount} {source} in {target}").value.split(" ")[0]
    assert Fraction(value) == amount * Fraction(factor)
