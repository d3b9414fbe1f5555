"""Time zones by the names that people use for places.

A name that belongs to several zones ("the United States") or to nobody's list is refused, never guessed.
"""

from __future__ import annotations

import difflib
import functools
import zoneinfo
from dataclasses import dataclass
from typing import Final

from octograph.errors import ToolError

__all__ = ["Place", "find_place"]

_REGIONS: Final = frozenset(
    {
        "Africa",
        "America",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)
_NO_CITIES: Final = frozenset(
    {
        "north",
        "south",
        "west",
        "act",
        "lhi",
        "nsw",
        "yancowinna",
        "knox",
        "in",
    }
)

# Cities and names without a zone of their own, by the zone whose clock they keep.
_CITIES: Final[dict[str, str]] = {
    "Africa/Johannesburg": "cape town, pretoria, durban",
    "Africa/Casablanca": "rabat, marrakesh",
    "Africa/Lagos": "abuja",
    "America/Bogota": "bogotá, medellin",
    "America/Chicago": "houston, dallas, austin, minneapolis, new orleans, texas, us central time, central time",
    "America/Denver": "salt lake city, colorado, us mountain time, mountain time",
    "America/Los_Angeles": "san francisco, seattle, san diego, las vegas, silicon valley, california, "
    "us pacific time, "
    "pacific time, hollywood",
    "America/Mexico_City": "cdmx",
    "America/New_York": "new york city, nyc, washington dc, washington d.c., boston, philadelphia, "
    "miami, atlanta, "
    "us eastern time, eastern time, florida",
    "America/Sao_Paulo": "são paulo, rio de janeiro, rio, brasilia, brasília",
    "America/Toronto": "ottawa, quebec city, montréal",
    "America/Edmonton": "calgary",
    "America/Guayaquil": "quito",
    "Asia/Dubai": "abu dhabi",
    "Asia/Ho_Chi_Minh": "hanoi",
    "Asia/Jerusalem": "tel aviv",
    "Asia/Karachi": "islamabad, lahore",
    "Asia/Kolkata": "mumbai, bombay, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad, pune",
    "Asia/Kathmandu": "katmandu",
    "Asia/Riyadh": "mecca, jeddah",
    "Asia/Shanghai": "beijing, peking, shenzhen, guangzhou, wuhan, chengdu",
    "Asia/Tokyo": "osaka, kyoto, sapporo, yokohama, nagoya",
    "Australia/Sydney": "canberra",
    "Europe/Amsterdam": "the hague, rotterdam",
    "Europe/Berlin": "munich, münchen, hamburg, frankfurt, cologne, köln, stuttgart, leipzig, dresden",
    "Europe/Brussels": "antwerp, bruges",
    "Europe/Istanbul": "ankara",
    "Europe/Kyiv": "kiev, kyiv, odesa, lviv",
    "Europe/London": "edinburgh, manchester, liverpool, oxford, glasgow, cardiff, belfast",
    "Europe/Madrid": "barcelona, valencia, seville",
    "Europe/Moscow": "saint petersburg, st petersburg",
    "Europe/Paris": "lyon, marseille, nice, toulouse, bordeaux, strasbourg",
    "Europe/Rome": "milan, naples, venice, florence, turin",
    "Europe/Warsaw": "krakow, kraków, gdansk",
    "Europe/Zurich": "zürich, geneva, basel, bern, berne, lausanne",
    "Pacific/Auckland": "wellington, christchurch",
    "UTC": "utc, gmt, greenwich mean time, coordinated universal time, zulu",
}

# Countries whose people share one clock.
_COUNTRIES: Final[dict[str, str]] = {
    "Africa/Algiers": "algeria", "Africa/Cairo": "egypt", "Africa/Lagos": "nigeria",
    "Africa/Nairobi": "kenya", "Africa/Accra": "ghana", "Africa/Addis_Ababa": "ethiopia",
    "Africa/Casablanca": "morocco", "Africa/Johannesburg": "south africa", "Africa/Tunis": "tunisia",
    "America/Bogota": "colombia", "America/Argentina/Buenos_Aires": "argentina",
    "America/Caracas": "venezuela", "America/Havana": "cuba", "America/Jamaica": "jamaica",
    "America/Lima": "peru", "America/Montevideo": "uruguay", "America/Costa_Rica": "costa rica",
    "America/Panama": "panama", "America/La_Paz": "bolivia", "Asia/Baghdad": "iraq",
    "Asia/Bangkok": "thailand", "Asia/Beirut": "lebanon", "Asia/Colombo": "sri lanka",
    "Asia/Dhaka": "bangladesh", "Asia/Dubai": "uae, united arab emirates", "Asia/Ho_Chi_Minh": "vietnam",
    "Asia/Jerusalem": "israel", "Asia/Kabul": "afghanistan", "Asia/Karachi": "pakistan",
    "Asia/Kathmandu": "nepal", "Asia/Kolkata": "india", "Asia/Kuala_Lumpur": "malaysia",
    "Asia/Manila": "philippines", "Asia/Qatar": "qatar", "Asia/Riyadh": "saudi arabia",
    "Asia/Seoul": "south korea, korea", "Asia/Shanghai": "china", "Asia/Singapore": "singapore",
    "Asia/Taipei": "taiwan", "Asia/Tehran": "iran", "Asia/Tokyo": "japan", "Atlantic/Reykjavik": "iceland",
    "Europe/Amsterdam": "netherlands, holland", "Europe/Athens": "greece", "Europe/Belgrade": "serbia",
    "Europe/Berlin": "germany", "Europe/Bratislava": "slovakia", "Europe/Brussels": "belgium",
    "Europe/Bucharest": "romania", "Europe/Budapest": "hungary", "Europe/Copenhagen": "denmark",
    "Europe/Dublin": "ireland", "Europe/Helsinki": "finland", "Europe/Istanbul": "turkey, türkiye",
    "Europe/Kyiv": "ukraine", "Europe/London": "uk, united kingdom, england, "
    "scotland, wales, great britain, britain", "Europe/Ljubljana": "slovenia",
    "Europe/Luxembourg": "luxembourg", "Europe/Oslo": "norway", "Europe/Paris": "france",
    "Europe/Prague": "czech republic, czechia", "Europe/Riga": "latvia", "Europe/Rome": "italy",
    "Europe/Sofia": "bulgaria", "Europe/Stockholm": "sweden", "Europe/Tallinn": "estonia",
    "Europe/Vienna": "austria", "Europe/Vilnius": "lithuania", "Europe/Warsaw": "poland",
    "Europe/Zagreb": "croatia", "Europe/Zurich": "switzerland",
}  # fmt: skip
_SEVERAL: Final = frozenset(
    {
        "united states", "usa", "us", "america", "canada", "mexico", "brazil", "russia", "australia",
        "indonesia", "kazakhstan", "spain", "portugal", "chile", "new zealand", "congo", "mongolia",
        "ecuador", "georgia", "europe", "asia", "africa",
    }
)  # fmt: skip
_SMALL_WORDS: Final = frozenset({"de", "of", "es"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place and its clock.

    Parameters
    ----------
    name
        The name, as one writes it.
    zone
        Its key in the time zone database.

    """

    name: str
    zone: str


def find_place(text: str) -> Place:
    """Find a city, a country with one clock, or a zone.

    Parameters
    ----------
    text
        A name in lower case: ``"tokyo"``, ``"paris, france"``, ``"asia/tokyo"``.

    Returns
    -------
    Place
        The place.

    Raises
    ------
    ToolError
        The place is unknown, or has several clocks.

    """
    text = text.removeprefix("the ").strip()
    known = _known()
    if text in _SEVERAL:
        raise ToolError(f"{text!r} has more than one time zone", hint="Name a city.")
    if zone := known.get(text):
        return Place(name=_titled(text, zone), zone=zone)
    city, _, country = text.rpartition(", " if "," in text else " ")
    if city in known and country in known and known[city] == known[country]:
        return Place(name=_titled(city, known[city]), zone=known[city])
    close = difflib.get_close_matches(text, known, n=1, cutoff=0.8)
    hint = (
        f"Did you mean {_titled(close[0], known[close[0]])}?"
        if close
        else "Name a large city or a zone like Asia/Tokyo."
    )
    raise ToolError(f"the place {text!r} is in no list of time zones here", hint=hint)


@functools.cache
def _known() -> dict[str, str]:
    """Return the zones of all known names; reads the time zone database once."""
    known: dict[str, str] = {}
    for zone in sorted(zoneinfo.available_timezones()):
        region, _, rest = zone.partition("/")
        if rest and region in _REGIONS:
            known[zone.lower()] = zone
            name = rest.rpartition("/")[2].replace("_", " ").lower()
            if name not in _NO_CITIES:
                known.setdefault(name, zone)
    for table in (_CITIES, _COUNTRIES):
        for zone, names in table.items():
            known.update(dict.fromkeys(names.split(", "), zone))
    return known


def _titled(name: str, zone: str) -> str:
    if name == zone.lower():
        return zone
    if name in {"utc", "gmt", "uae", "uk", "nyc", "cdmx"}:
        return name.upper()
    words = name.split(" ")
    return " ".join(
        word if word in _SMALL_WORDS else word.upper() if word in {"dc", "d.c.", "us"} else word.capitalize()
        for word in words
    )
