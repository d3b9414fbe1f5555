"""The converter of units.

Text never reaches the expression parser of the unit library: numbers and names of units are read here, and
looked up.
Numbers are exact fractions from end to end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final

from octograph.errors import ToolError
from octograph.nodes.tools.decimals import exact_decimal, round_significant
from octograph.nodes.tools.numerals import digits_for_words
from octograph.nodes.tools.phrasing import spell, strip_request, strip_tail
from octograph.nodes.tools.tool import ToolAnswer
from octograph.nodes.tools.unit_names import UnitName, find_units

__all__ = ["UnitConverter"]

_SIGNIFICANT: Final = 6
_MAX_EXACT: Final = 10
_MAX_PARTS: Final = 4
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
)

_PLAIN: Final = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]|,[0-9])|[0-9]{1,40})(?:\.[0-9]{1,40})?(?:e[+-]?[0-9]{1,2})?"
    r"|\.[0-9]{1,40}"
)
_VULGAR: Final = {
    "½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3),
    "⅛": Fraction(1, 8), "⅜": Fraction(3, 8), "⅝": Fraction(5, 8), "⅞": Fraction(7, 8),
}  # fmt: skip
_PARTS: Final = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
_NUMBER: Final = re.compile(
    r"(?P<part>(?:(?:an?|1) )?(?P<name>half|third|quarter)(?: of)?(?: an?)?\b)"
    rf"|(?P<sign>-)? ?(?:(?P<whole>[0-9]{{1,20}}) )?(?:(?P<above>[0-9]{{1,20}})/"
    rf"(?P<below>[0-9]{{1,20}})|(?P<vulgar>[{''.join(_VULGAR)}]))"
    rf"|(?P<minus>-)?(?P<plain>{_PLAIN})|(?P<article>an?(?: single)?\b)",
    re.IGNORECASE,
)
_UNIT_TEXT: Final = re.compile(
    r"[ -]?(?P<unit>(?:[a-zµμΩå°.\"'/ $£€¥-]|(?<=[a-zµμ])\^?[23](?![0-9./])(?=\s|$|/|,)"
    r"|(?:(?<=/)|(?<= per ))100 ?(?=k))+)",
    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(
    r" (?:in|to|into|as|equals?(?: how many)?|is how many|are how many|expressed in|converted "
    r"(?:in)?to) |, (?:in|to) | ?= ?",
    re.IGNORECASE,
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
_ASKED_FIRST: Final = re.compile(
    r"(?P<target>[^0-9]+?(?:\^?[23]|100 ?k[a-z]+)?)(?: (?:are|is|do|does|go|fit|was|were|make|makes|equals?)"
    r"(?: there)?(?: in(?:to)?)?| in| =) (?P<amount>.+)",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(r"[$£€¥]")
_LIST: Final = re.compile(r",? and |, ", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    """A number and the units that its name may stand for."""

    value: Fraction
    units: tuple[UnitName, ...]
    named: bool = True


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
        text = strip_tail(strip_request(digits_for_words(spell(query)).text))
        # "convert 5 km to miles", "how tall is 180 cm in feet", "a marathon is 42.195 km, in miles"
        for opening in (_VERB, _ADJECTIVE, _SUBJECT):
            text = opening.sub("", text, count=1) if opening.match(text) else text
        amounts, targets = _read(text)
        return self._convert(amounts, targets)

    def _convert(self, amounts: tuple[_Amount, ...], targets: tuple[tuple[UnitName, ...], ...]) -> ToolAnswer:
        """Choose the units that fit each other, and convert."""
        for unit in amounts[0].units:
            parts = [(amounts[0].value, unit), *self._matching(amounts[1:], unit)]
            wanted = [self._compatible(candidates, unit) for candidates in targets]
            if len(parts) == len(amounts) and all(wanted):
                return self._answer(parts, [target for target in wanted if target is not None])
        source, target = amounts[0].units[0].plural, targets[0][0].plural
        raise ToolError(
            f"{source} cannot be converted to {target}: they do not measure the same",
            hint="Ask for a unit of the same kind.",
        )

    def _matching(self, amounts: tuple[_Amount, ...], unit: UnitName) -> list[tuple[Fraction, UnitName]]:
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
        self._check_order([unit for _, unit in parts])
        self._check_order(targets)
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


def _read(text: str) -> tuple[tuple[_Amount, ...], tuple[tuple[UnitName, ...], ...]]:
    """Read "AMOUNT in UNIT" or "how many UNIT in AMOUNT"."""
    if _MONEY.search(text):
        raise ToolError("amounts of money are not converted: rates of exchange change", hint="Look up today's rate.")
    problem: ToolError | None = None
    # The last separator first: in "10 in in cm" only the second "in" is one.
    starts = [match.start() for match in re.finditer(r"(?=[ ,=])", text)]
    for separator in filter(None, (_SEPARATOR.match(text, start) for start in reversed(starts))):
        try:
            return _amounts(text[: separator.start()]), _targets(text[separator.end() :])
        except ToolError as error:
            problem = problem or error
    if match := _ASKED_FIRST.fullmatch(text):
        return _amounts(match["amount"]), _targets(match["target"])
    raise problem or ToolError("this is no conversion of units", hint='Ask for instance for "10 miles in km".')


def _targets(text: str) -> tuple[tuple[UnitName, ...], ...]:
    names = _LIST.split(re.sub(r"^(?:how many|the|what in) ", "", text.strip(" ?"), flags=re.IGNORECASE))
    if len(names) > _MAX_PARTS:
        raise ToolError("these are too many units", hint="Ask for one unit, or for feet and inches.")
    return tuple(find_units(name) for name in names)


def _amounts(text: str) -> tuple[_Amount, ...]:
    """Read an amount, such as "5 feet 11 inches", to its last character."""
    text = text.strip(" ,")
    amounts: list[_Amount] = []
    position = 0
    while position < len(text):
        number = _NUMBER.match(text, position)
        if number is None or len(amounts) == _MAX_PARTS:
            raise ToolError(f"{text[:60]!r} is no amount", hint='Write a number and a unit, such as "10 miles".')
        unit = _UNIT_TEXT.match(text, number.end())
        value = _value(number)
        if unit is None or not unit["unit"].strip(" .-"):
            amounts.append(_bare(value, amounts, text, number.end()))
            position = number.end()
            continue
        name = re.sub(r"(?:,| and)+ ?$", "", unit["unit"].strip(), flags=re.IGNORECASE)
        amounts.append(_Amount(value=value, units=find_units(name.removeprefix("of "))))
        position = len(text) - len(text[unit.end() :].lstrip(" ,"))
    if not amounts or (len(amounts) > 1 and any(amount.value < 0 for amount in amounts)):
        raise ToolError("an amount is missing", hint='Write a number and a unit, such as "10 miles".')
    return tuple(amounts)


def _bare(value: Fraction, before: list[_Amount], text: str, end: int) -> _Amount:
    """Read the inches of 5'11 and the pounds of "11 stone 6", which have no unit of their own."""
    for larger, smaller, number in (("foot", "inch", 12), ("stone", "pound", 14)):
        follows = before and any(unit.singular == larger for unit in before[-1].units)
        if follows and end == len(text) and 0 <= value < number:
            return _Amount(value=value, units=find_units(smaller), named=False)
    raise ToolError("a number has no unit", hint='Write a number and a unit, such as "10 miles".')


def _value(number: re.Match[str]) -> Fraction:
    """Return a number exactly."""
    if number["part"]:
        return _PARTS[number["name"].lower()]
    if number["article"]:
        return Fraction(1)
    if number["plain"]:
        value = Fraction(number["plain"].replace(",", "").lower())
        return -value if number["minus"] else value
    if number["vulgar"]:
        part = _VULGAR[number["vulgar"]]
    elif int(number["below"]):
        part = Fraction(int(number["above"]), int(number["below"]))
    else:
        raise ToolError("a division by zero is not defined", hint="Check the amount.")
    value = int(number["whole"] or 0) + part
    return -value if number["sign"] else value


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
