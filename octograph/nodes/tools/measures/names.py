"""Units by the names that people use.

An explicit table: a library of units also knows "cats" (hundredths of a technical atmosphere), and an exact
answer in a unit that nobody meant is worse than none.
A name may stand for several units ("oz" is a mass and a volume); which one is meant shows in the other unit
of the conversion.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from octograph.errors import ToolError
from octograph.nodes.tools.spelling import nearest

__all__ = ["Factor", "UnitName", "find_units"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One unit of a product of units.

    Parameters
    ----------
    unit
        Its name in the registry.
    power
        Its power: 2 in square metres, -1 in "per hour".

    """

    unit: str
    power: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitName:
    """A unit, and how to write it after a number.

    Parameters
    ----------
    factors
        What it is a product of.
    singular, plural
        How to write it after one and after several.
    note
        Which of several units of this name it is, or nothing.

    """

    factors: tuple[Factor, ...]
    singular: str
    plural: str
    note: str = ""

    @property
    def per(self) -> bool:
        """Whether it is one unit per another."""
        return any(factor.power < 0 for factor in self.factors)


_BYTES: Final = "1 kB = 1000 bytes, 1 KiB = 1024 bytes"

# Registry name; name after one; name after several; other names; note.
# A name that has capitals is taken as it is written; others in any case.
_TABLE: Final = """
meter;meter;meters;metre metres m mtr
inch;inch;inches;in ins " ''
foot;foot;feet;ft '
yard;yard;yards;yd yds
thou;thou;thou;
hand;hand;hands;;a hand is 4 inches, the decimals are parts of a hand
mile;mile;miles;mi
nautical_mile;nautical mile;nautical miles;nmi sea_mile sea_miles
light_year;light-year;light-years;light_year light_years lightyear lightyears ly
astronomical_unit;astronomical unit;astronomical units;au
parsec;parsec;parsecs;pc
angstrom;angstrom;angstroms;Å
micron;micron;microns;
gram;gram;grams;g gramme grammes gm gms
kilogram;kilogram;kilograms;kilo kilos
metric_ton;tonne;tonnes;metric_ton metric_tons t
ton;short ton;short tons;ton tons short_ton short_tons us_ton us_tons;the ton is the US short ton of 2000 pounds
long_ton;long ton;long tons;imperial_ton imperial_tons
pound;pound;pounds;lb lbs
ounce;ounce;ounces;oz
troy_ounce;troy ounce;troy ounces;ozt
stone;stone;stone;st stones
grain;grain;grains;
carat;carat;carats;ct
second;second;seconds;s sec secs
minute;minute;minutes;min mins
hour;hour;hours;h hr hrs
day;day;days;d
week;week;weeks;wk wks
fortnight;fortnight;fortnights;
month;month;months;;a month is a twelfth of 365.25 days
year;year;years;yr yrs;a year is 365.25 days
octograph_decade;decade;decades;;a year is 365.25 days
century;century;centuries;;a year is 365.25 days
millennium;millennium;millennia;millenniums;a year is 365.25 days
degree_Celsius;°C;°C;celsius centigrade c °c degc degree_celsius degrees_celsius\
 degrees_c degree_c degrees_centigrade
degree_Fahrenheit;°F;°F;fahrenheit f °f degf degree_fahrenheit\
 degrees_fahrenheit degrees_f degree_f farenheit
kelvin;kelvin;kelvin;kelvins K degrees_kelvin °k k
degree_Rankine;°R;°R;rankine degrees_rankine
liter;liter;liters;litre litres l ltr
cup;cup;cups;us_cup us_cups;US cup
tablespoon;tablespoon;tablespoons;tbsp tbsps tbs;US spoon
teaspoon;teaspoon;teaspoons;tsp tsps;US spoon
fluid_ounce;fluid ounce;fluid ounces;fl_oz floz us_fluid_ounce us_fluid_ounces us_fl_oz\
 oz ounce ounces;US fluid ounce
pint;pint;pints;pt pts us_pint us_pints;US liquid pint
quart;quart;quarts;qt qts us_quart us_quarts;US liquid quart
gallon;gallon;gallons;gal gals us_gallon us_gallons;US gallon
imperial_fluid_ounce;imperial fluid ounce;imperial fluid ounces;uk_fluid_ounce uk_fluid_ounces imperial_fl_oz
imperial_pint;imperial pint;imperial pints;uk_pint uk_pints british_pint british_pints
imperial_quart;imperial quart;imperial quarts;uk_quart uk_quarts
imperial_gallon;imperial gallon;imperial gallons;uk_gallon uk_gallons british_gallon british_gallons
oil_barrel;oil barrel;oil barrels;barrel_of_oil barrels_of_oil bbl
cubic_centimeter;cubic centimeter;cubic centimeters;cc ccm
knot;knot;knots;kn kt kts
pascal;pascal;pascals;Pa pa
bar;bar;bar;bars
standard_atmosphere;atmosphere;atmospheres;atm
torr;torr;torr;
millimeter_Hg;mmHg;mmHg;mmhg
inch_Hg;inHg;inHg;inhg inch_of_mercury inches_of_mercury
pound_force_per_square_inch;psi;psi;pounds_per_square_inch
newton;newton;newtons;N
pound_force;pound-force;pounds-force;lbf
joule;joule;joules;J j
octograph_newton_meter;newton-meter;newton-meters;newton_metre newton_metres Nm N_m
octograph_foot_pound;foot-pound;foot-pounds;ft_lb ft_lbs lb_ft lbs_ft ftlb lbft pound_foot pound_feet lbf_ft ft_lbf
calorie;calorie;calories;cal cals;the small calorie of 4.184 J; a food calorie is 1000 of them
kilocalorie;kilocalorie;kilocalories;kcal kcals food_calorie food_calories;1 cal = 4.184 J
british_thermal_unit;BTU;BTU;btu btus
watt_hour;watt-hour;watt-hours;Wh wh
electron_volt;electronvolt;electronvolts;eV ev electron_volts
watt;watt;watts;W w
horsepower;horsepower;horsepower;hp;mechanical horsepower
metric_horsepower;metric horsepower;metric horsepower;PS
volt;volt;volts;V v
ampere;ampere;amperes;A amp amps
ohm;ohm;ohms;Ω
coulomb;coulomb;coulombs;
farad;farad;farads;
henry;henry;henries;
tesla;tesla;teslas;T
octograph_gauss;gauss;gauss;
octograph_hertz;hertz;hertz;Hz hz
revolutions_per_minute;rpm;rpm;
octograph_byte;byte;bytes;B
octograph_bit;bit;bits;
mole;mole;moles;mol
degree;degree;degrees;deg °
radian;radian;radians;rad rads
arcminute;arcminute;arcminutes;
arcsecond;arcsecond;arcseconds;
turn;turn;turns;revolution revolutions
hectare;hectare;hectares;ha
octograph_acre;acre;acres;ac
octograph_furlong;furlong;furlongs;
octograph_fathom;fathom;fathoms;
"""
_LONG_PREFIXES: Final = (
    "nano", "micro", "milli", "centi", "deci", "deca", "deka", "hecto", "kilo", "mega", "giga", "tera", "peta", "kibi",
    "mebi", "gibi", "tebi",
)  # fmt: skip
_PREFIX_SYMBOLS: Final = {
    "n": "nano", "μ": "micro", "u": "micro", "m": "milli", "c": "centi", "d": "deci", "h": "hecto",
    "k": "kilo", "K": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta", "Ki": "kibi",
    "Mi": "mebi", "Gi": "gibi", "Ti": "tebi",
}  # fmt: skip
_SYMBOLS: Final = {
    "m": "meter", "g": "gram", "s": "second", "l": "liter", "L": "liter", "W": "watt", "J": "joule",
    "Pa": "pascal", "N": "newton", "V": "volt", "A": "ampere", "Hz": "hertz", "Wh": "watt_hour",
    "eV": "electron_volt", "B": "byte", "b": "bit", "bit": "bit", "bar": "bar", "mol": "mole", "F": "farad",
    "H": "henry", "Ω": "ohm", "T": "tesla", "t": "metric_ton",
}  # fmt: skip
_MEANT: Final = {
    # In lower case everybody means bytes, and kilo and mega where milli makes no sense.
    "kb": "kB", "mb": "MB", "gb": "GB", "tb": "TB", "khz": "kHz", "mhz": "MHz", "ghz": "GHz", "kw": "kW",
    "kwh": "kWh", "mwh": "MWh", "gwh": "GWh", "hpa": "hPa", "kpa": "kPa", "mpa": "MPa", "kj": "kJ", "kv": "kV",
    "kib": "KiB", "mib": "MiB", "gib": "GiB", "tib": "TiB",
    # And in capitals, as on a label or in a recipe, milliliters: a megaliter is written out.
    "ML": "ml", "Ml": "ml", "MA": "mA", "PA": "Pa",
    "PT": "pt", "kgs": "kg", "kms": "km", "cms": "cm", "mls": "ml",
}  # fmt: skip
_PREFIXED: Final = frozenset(
    {
        "meter", "gram", "second", "liter", "watt", "joule", "pascal", "newton", "volt", "ampere",
        "watt_hour", "electron_volt", "bar", "mole", "farad", "henry", "ohm", "tesla", "calorie", "parsec",
        "octograph_hertz", "octograph_byte", "octograph_bit",
    }
)  # fmt: skip
_BINARY: Final = frozenset({"kibi", "mebi", "gibi", "tebi"})
_DATA: Final = frozenset({"octograph_byte", "octograph_bit"})
_SHORT_FORMS: Final = {
    "mph": "mile per hour", "kph": "kilometer per hour", "kmh": "kilometer per hour",
    "kmph": "kilometer per hour", "fps": "foot per second", "kbps": "kilobit per second",
    "mbps": "megabit per second", "gbps": "gigabit per second", "kBps": "kilobyte per second",
    "KBps": "kilobyte per second", "MBps": "megabyte per second", "GBps": "gigabyte per second",
    "sqft": "square foot", "sqm": "square meter", "mpg": "mile per gallon", "us mpg": "mile per gallon",
    "mpg us": "mile per gallon", "imperial mpg": "mile per imperial gallon", "mpg imperial": "mile per imperial gallon",
    "uk mpg": "mile per imperial gallon", "mpg uk": "mile per imperial gallon", "kmpl": "kilometer per liter",
}  # fmt: skip
_LIKENESS: Final = 70  # of 100
_HUNDRED: Final = re.compile(r"100 ?(?:km|kms|kilomet(?:er|re)s?)", re.IGNORECASE)
_HUNDRED_KILOMETERS: Final = UnitName(
    factors=(Factor(unit="octograph_hundred_kilometers", power=1),),
    singular="100 kilometers",
    plural="100 kilometers",
)
_CURRENCIES: Final = frozenset(
    {
        "dollar", "dollars", "usd", "euro", "euros", "eur", "gbp", "sterling", "yen", "jpy", "franc",
        "francs", "chf", "rupee", "rupees", "inr", "yuan", "cny", "rmb", "won", "krw", "cad", "aud", "peso",
        "pesos", "real", "reais", "ruble", "rubles", "bitcoin", "bitcoins", "btc", "eth", "$", "£", "€",
        "¥", "cent", "cents", "bucks", "pound_sterling", "pounds_sterling", "quid", "krona", "kronor",
        "krone", "kroner",
    }
)  # fmt: skip
_POWER_WORDS: Final = {"square": 2, "sq": 2, "sq.": 2, "cubic": 3, "cu": 3}
_POWER: Final = re.compile(r"(?P<name>.*?[a-zA-Zµμ])\^?(?P<power>[23])")


def find_units(text: str) -> tuple[UnitName, ...]:
    """Find the units that a name may stand for.

    Parameters
    ----------
    text
        The name, with its capitals: ``"miles"``, ``"km/h"``, ``"square feet"``, ``"MB"``.

    Returns
    -------
    tuple[UnitName, ...]
        All of them, the most usual one first.

    Raises
    ------
    ToolError
        No unit has this name.

    """
    text = " ".join(text.strip(" .,").split())
    text = _SHORT_FORMS.get(text) or _SHORT_FORMS.get(text.lower(), text)
    parts = re.split(r" ?/ ?| per (?:an? )?", text)
    if len(parts) > 2:
        raise ToolError(f"the unit {text!r} is not known here", hint='Write one "per", such as km per hour.')
    tops = _powered(parts[0])
    if len(parts) == 1:
        return tops
    below = (_HUNDRED_KILOMETERS,) if _HUNDRED.fullmatch(parts[1]) else _powered(parts[1])
    return tuple(_quotient(top, bottom) for top in tops for bottom in below)


def _quotient(top: UnitName, bottom: UnitName) -> UnitName:
    factors = top.factors + tuple(Factor(unit=factor.unit, power=-factor.power) for factor in bottom.factors)
    return UnitName(
        factors=factors,
        singular=f"{top.singular} per {bottom.singular}",
        plural=f"{top.plural} per {bottom.singular}",
        note=top.note or bottom.note,
    )


def _powered(text: str) -> tuple[UnitName, ...]:
    """Find a unit with its power."""
    words = text.split(" ")
    power = 1
    if words[0].lower() in _POWER_WORDS and len(words) > 1:
        power, text = _POWER_WORDS[words[0].lower()], " ".join(words[1:])
    elif words[-1].lower() in {"squared", "cubed"} and len(words) > 1:
        power, text = (2 if words[-1].lower() == "squared" else 3), " ".join(words[:-1])
    elif match := _POWER.fullmatch(text):
        power, text = int(match["power"]), match["name"].rstrip()
    units = _named(text)
    if power == 1:
        return units
    word = "square" if power == 2 else "cubic"
    return tuple(
        UnitName(
            factors=tuple(Factor(unit=factor.unit, power=factor.power * power) for factor in unit.factors),
            singular=f"{word} {unit.singular}",
            plural=f"{word} {unit.plural}",
            note=unit.note,
        )
        for unit in units
    )


def _named(text: str) -> tuple[UnitName, ...]:
    name = re.sub(r"[ -]", "_", text)
    if name.lower() in _CURRENCIES:
        raise ToolError(f"{text!r} is money, and rates of exchange change", hint="Look up the rate of today.")
    table = _table()
    for written in (name, name.lower(), name.rstrip(".").lower()):
        spelling = _MEANT.get(written, written)
        if spelling in table:
            return table[spelling]
        if prefixed := _prefixed(spelling):
            return (prefixed,)
    meant = {_known(near): near for near in nearest(name.lower(), _long_names()) if near.count("_") == name.count("_")}
    if len(meant) == 1:
        return next(iter(meant))
    close = _closest(name.lower())
    hint = f"Did you mean {close}?" if close else "Ask for instance for 10 miles in km."
    raise ToolError(f"the unit {text!r} is not known here", hint=hint)


def _known(name: str) -> tuple[UnitName, ...]:
    """Return the units of a name that is known to be one."""
    prefixed = _prefixed(name)
    return _table().get(name) or ((prefixed,) if prefixed else ())


@functools.cache
def _long_names() -> tuple[str, ...]:
    """Return the names that are written out, also those with a prefix."""
    table = _table()
    bases = [name for name in table if len(name) > 3 and _known(name)[0].factors[0].unit in _PREFIXED]
    prefixed = (prefix + base for prefix in _LONG_PREFIXES for base in bases)
    return (*table, *(name for name in prefixed if _prefixed(name)))


def _closest(name: str) -> str | None:
    """Return the known name that is most like this one, for a hint."""
    from rapidfuzz import process

    found = process.extractOne(name, [known for known in _table() if len(known) > 2], score_cutoff=_LIKENESS)
    return found[0].replace("_", " ") if found else None


@functools.cache
def _table() -> dict[str, tuple[UnitName, ...]]:
    """Return the units by their names."""
    table: dict[str, tuple[UnitName, ...]] = {}
    for line in _TABLE.strip().splitlines():
        unit, singular, plural, *rest = line.split(";", maxsplit=4)
        note = rest[1] if len(rest) > 1 else ""
        found = UnitName(factors=(Factor(unit=unit, power=1),), singular=singular, plural=plural, note=note)
        own = (singular, plural, unit) if not unit.startswith("octograph") else (singular, plural)
        for name in dict.fromkeys([*(re.sub(r"[ -]", "_", n) for n in own), *rest[0].split()]):
            if found not in table.get(name, ()):
                table[name] = (*table.get(name, ()), found)
    return table


def _prefixed(name: str) -> UnitName | None:
    """Read "kilometers" and "km"."""
    table = _table()
    for prefix in _LONG_PREFIXES:
        base = table.get(name.removeprefix(prefix).lstrip("_"), ()) if name.startswith(prefix) else ()
        if base and base[0].factors[0].unit in _PREFIXED and len(name) - len(prefix) > 2:
            return _with_prefix(prefix, base[0])
    for cut in (2, 1):
        prefix_name, symbol = _PREFIX_SYMBOLS.get(name[:cut]), _SYMBOLS.get(name[cut:])
        if prefix_name is not None and symbol is not None and (name[:cut] != "K" or symbol in {"byte", "bit"}):
            return _with_prefix(prefix_name, table[symbol][0])
    return None


def _with_prefix(prefix: str, base: UnitName) -> UnitName | None:
    unit = base.factors[0].unit
    if prefix in _BINARY and unit not in _DATA:
        return None
    if unit in _DATA and prefix in {"nano", "micro", "milli", "centi", "deci", "deca", "deka", "hecto"}:
        return None
    return UnitName(
        factors=(Factor(unit=f"{prefix}{unit}", power=1),),
        singular=f"{prefix}{base.singular}",
        plural=f"{prefix}{base.plural}",
        note=_BYTES if unit in _DATA else base.note,
    )
