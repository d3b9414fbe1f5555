"""The converter of units: exact where it can be, and no guesses about names."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError
from octograph.nodes.tools.measures.names import find_units
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
