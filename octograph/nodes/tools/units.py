"""The converter of units.

Text never reaches the expression parser of the unit library: numbers and names of units are read here, and
looked up.
Numbers are exact fractions from end to end.
"""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from typing import Any, ClassVar, Final

from octograph.errors import ToolError
from octograph.nodes.tools.decimals import exact_decimal, round_significant
from octograph.nodes.tools.measures.conversions import Amount, Conversion, read_amounts, read_conversion, read_targets
from octograph.nodes.tools.measures.names import UnitName, find_units
from octograph.nodes.tools.measures.questions import find_question
from octograph.nodes.tools.measures.wording import reword
from octograph.nodes.tools.phrasing import spell, strip_request, strip_tail
from octograph.nodes.tools.tool import ToolAnswer

__all__ = ["UnitConverter"]

_SIGNIFICANT: Final = 6
_MAX_EXACT: Final = 10
_MAX_BELOW: Final = 1000
_TEMPERATURES: Final = frozenset({"degree_Celsius", "degree_Fahrenheit", "degree_Rankine", "kelvin"})

_DIFFERENCES: Final = {
    "degree_Celsius": "delta_degree_Celsius",
    "degree_Fahrenheit": "delta_degree_Fahrenheit",
}
_OWN: Final = (
    # The library takes these from the survey foot, which the United States gave up in 2022.
    "octograph_acre = 4046.8564224 * meter ** 2",
    "octograph_furlong = 201.168 * meter",
    "octograph_fathom = 1.8288 * meter",
    "octograph_hundred_kilometers = 100 * kilometer",
    # To the library a hertz is a radian per second, a decade a logarithm, a gauss no part of a tesla, a bit an angle.
    "octograph_hertz = turn / second",
    "octograph_decade = 10 * year",
    "octograph_gauss = tesla / 10000",
    "octograph_bit = [octograph_data]",
    "octograph_byte = 8 * octograph_bit",
    "octograph_newton_meter = newton * meter",
    "octograph_foot_pound = foot * pound_force",
)

_VERB: Final = re.compile(r"(?:convert|change|turn|express|there are|there is)\s+", re.IGNORECASE)
_ADJECTIVE: Final = re.compile(
    r"(?:how )?(?:tall|long|far|heavy|hot|cold|warm|fast|big|wide|high|deep|old) (?:is|are) ", re.IGNORECASE
)
_SUBJECT: Final = re.compile(
    r"(?:an?|the|my|his|her|our) (?!half|third|quarter|sum|square|double)[a-z]+"
    r"(?: (?!plus|minus|times|over)[a-z]+)? "
    r"(?:is|was|weighs|measures|holds|lasts) (?=-?[0-9.])",
    re.IGNORECASE,
)


class UnitConverter:
    """Conversions between units of length, mass, time, temperature, volume, speed, energy and data."""

    name: ClassVar[str] = "units"

    def __init__(self) -> None:
        self._registry: Any = None

    def answer(self, query: str) -> ToolAnswer:
        """Convert the amount of a query.

        Parameters
        ----------
        query
            What the user asked.

        Returns
        -------
        ToolAnswer
            The amount in the wanted unit: exact ("=") or rounded to six digits ("≈").

        Raises
        ------
        ToolError
            The query is no conversion, a unit is not known, or the units do not measure the same.

        Examples
        --------
        >>> UnitConverter().answer("10 miles in km").text
        '10 miles = 16.09344 kilometers'

        """
        conversion = _read(reword(spell(query)))
        return self._convert(conversion.amounts, conversion.targets)

    def _convert(self, amounts: tuple[Amount, ...], targets: tuple[tuple[UnitName, ...], ...]) -> ToolAnswer:
        """Choose the units that fit each other, and convert."""
        for unit in amounts[0].units:
            parts = [(amounts[0].value, unit), *self._matching(amounts[1:], unit)]
            wanted = [self._compatible(candidates, unit) for candidates in targets]
            if len(parts) == len(amounts) and all(wanted):
                return self._answer(parts, [target for target in wanted if target is not None])
        source, target = amounts[0].units[0].plural, targets[0][0].plural
        raise ToolError(
            f"{source} cannot be converted to {target}: they do not measure the same",
            hint="Ask for a unit of the same kind; from a volume to a mass it depends on what is measured.",
        )

    def _matching(self, amounts: tuple[Amount, ...], unit: UnitName) -> list[tuple[Fraction, UnitName]]:
        found = ((amount.value, self._compatible(amount.units, unit)) for amount in amounts)
        return [(value, match) for value, match in found if match is not None]

    def _compatible(self, candidates: tuple[UnitName, ...], unit: UnitName) -> UnitName | None:
        """Return the first that measures the same, or else the inverse, as mpg and liters per 100 km do."""
        same = (found for found in candidates if self._measure_alike(found, unit))
        inverse = (found for found in candidates if found.per and unit.per and self._are_inverse(found, unit))
        return next(same, None) or next(inverse, None)

    def _measure_alike(self, first: UnitName, second: UnitName) -> bool:
        return bool(self._unit(first).dimensionality == self._unit(second).dimensionality)

    def _are_inverse(self, first: UnitName, second: UnitName) -> bool:
        return bool((self._unit(first) * self._unit(second)).dimensionless)

    def _answer(self, parts: list[tuple[Fraction, UnitName]], targets: list[UnitName]) -> ToolAnswer:
        smallest = parts[-1][1]
        if len(parts) + len(targets) > 2 and any(_is_temperature(unit) for unit in [smallest, *targets]):
            raise ToolError("a temperature is one number", hint="Ask for instance for 72 °F in °C.")
        if len(parts) + len(targets) > 2 and not all(self._measure_alike(smallest, unit) for unit in targets):
            raise ToolError("what is per something else is one number", hint="Ask for one unit.")
        if any(unit.singular == "hand" and value.denominator != 1 for value, unit in parts):
            # To people with horses "15.2 hands" is 15 hands and 2 inches.
            raise ToolError("a part of a hand can be read in two ways", hint="Write it as 15 hands 2 inches.")
        self._check_order([unit for _, unit in parts])
        self._check_order(targets)
        self._check_multiples(targets)
        total = sum((self._between(value, unit, smallest) for value, unit in parts), Fraction(0))
        if _is_temperature(smallest) and self._between(total, smallest, find_units("kelvin")[0]) < 0:
            raise ToolError("this temperature is below absolute zero", hint="Check the number and the scale.")
        result, exact = self._split(total, smallest, targets)
        given = [_given(value, unit) for value, unit in parts]
        sign = "=" if exact and all(as_given for _, as_given in given) else "≈"
        notes = list(dict.fromkeys(unit.note for unit in [*(unit for _, unit in parts), *targets] if unit.note))
        note = f" ({'; '.join(notes)})" if notes else ""
        text = f"{' '.join(amount for amount, _ in given)} {sign} {result}{note}"
        return ToolAnswer(text=text, value=result, tool=self.name)

    def _check_order(self, units: list[UnitName]) -> None:
        """Refuse "2 inches 3 feet": it may be two amounts."""
        sizes = [self._between(Fraction(1), unit, units[-1]) for unit in units] if len(units) > 1 else []
        if sizes != sorted(sizes, reverse=True) or len(set(sizes)) != len(sizes):
            raise ToolError("an amount in several units starts with the largest", hint="Write it as 5 feet 11 inches.")

    def _check_multiples(self, units: list[UnitName]) -> None:
        """Refuse "in metres and feet": people want the whole in each, not some metres and the rest in feet."""
        pairs = itertools.pairwise(units)
        if any(self._between(Fraction(1), larger, smaller).denominator != 1 for larger, smaller in pairs):
            raise ToolError("these units make no whole numbers of each other", hint="Ask for one unit at a time.")

    def _split(self, total: Fraction, source: UnitName, targets: list[UnitName]) -> tuple[str, bool]:
        """Write an amount in one or several units, and say whether it is exact."""
        last = targets[-1]
        rest = self._between(total, source, last)
        if len(targets) == 1:
            return _amount(rest, last)
        sign, rest = ("-" if rest < 0 else ""), abs(rest)
        sizes = [self._between(Fraction(1), unit, last) for unit in targets]
        # The last part is rounded before the others are split off, so that it never shows 12 inches.
        written = Fraction(round(rest * 10**4), 10**4)
        exact, rest = written == rest, written
        parts = []
        for unit, size in zip(targets[:-1], sizes[:-1], strict=True):
            whole = rest // size
            rest -= whole * size
            parts.append(_amount(Fraction(whole), unit)[0])
        text, still_exact = _amount(rest, last)
        return f"{sign}{' '.join([*parts, text])}", exact and still_exact

    def _between(self, value: Fraction, source: UnitName, target: UnitName) -> Fraction:
        if self._measure_alike(source, target):
            return Fraction(self._pint().convert(value, self._unit(source), self._unit(target)))
        if value <= 0:
            raise ToolError(f"there are no {target.plural} for this amount", hint="Check the number.")
        return 1 / Fraction(self._pint().convert(value, self._unit(source), 1 / self._unit(target)))

    def _unit(self, unit: UnitName) -> Any:
        registry = self._pint()
        powers: dict[str, int] = {}
        for factor in unit.factors:
            # In a product, such as °C per minute, a temperature is a difference: there is no zero to count from.
            name = factor.unit if _is_temperature(unit) else _DIFFERENCES.get(factor.unit, factor.unit)
            powers[name] = powers.get(name, 0) + factor.power
        container = registry.UnitsContainer({name: Fraction(power) for name, power in powers.items() if power})
        return registry.Unit(container)

    def _pint(self) -> Any:
        """Return the registry; made once, because it reads its definitions for a while."""
        if self._registry is None:
            import pint

            registry: Any = pint.UnitRegistry(non_int_type=Fraction)
            for definition in _OWN:
                registry.define(definition)
            self._registry = registry
        return self._registry


def _read(text: str) -> Conversion:
    """Read a conversion that is asked in so many words, or else the one that a text asks for."""
    bare = strip_tail(strip_request(text))
    # "convert 5 km to miles", "how tall is 180 cm in feet", "a marathon is 42.195 km, in miles"
    for opening in (_VERB, _ADJECTIVE, _SUBJECT):
        bare = opening.sub("", bare, count=1) if opening.match(bare) else bare
    try:
        return read_conversion(bare)
    except ToolError:
        question = find_question(text)
        if question is None:
            raise
        return Conversion(amounts=read_amounts(question.amount), targets=read_targets(question.target))


def _is_temperature(unit: UnitName) -> bool:
    return len(unit.factors) == 1 and unit.factors[0].power == 1 and unit.factors[0].unit in _TEMPERATURES


def _given(value: Fraction, unit: UnitName) -> tuple[str, bool]:
    """Write an amount as it was given, a third as a fraction, and say whether that is exact."""
    text, exact = _amount(value, unit)
    return (text, exact) if exact or value.denominator > _MAX_BELOW else (f"{value} {unit.plural}", True)


def _amount(value: Fraction, unit: UnitName) -> tuple[str, bool]:
    """Write a number and its unit, and say whether the number is exact."""
    exact = exact_decimal(value, max_decimals=_MAX_EXACT)
    if exact is not None and len(exact.strip("-0.").replace(".", "")) > 3 * _SIGNIFICANT:
        exact = None
    text = exact or round_significant(value, _SIGNIFICANT)
    return f"{text} {unit.singular if abs(value) == 1 else unit.plural}", exact is not None
