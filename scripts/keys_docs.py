"""Write the tables of keys into README.md and docs/chat.md from the classes; with ``--check``, fail if one is old."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from octograph.tui.control.actions import Place, places
from octograph.tui.control.keys import key_name

HOUSE = Path(__file__).parent.parent
ALL, MAIN = HOUSE / "docs" / "chat.md", HOUSE / "README.md"
FIRST_NEEDED = ("Everywhere", "Chat", "Prompt", "Answer")
"""The places whose keys the README tells, without the names that a configuration needs."""

BEGIN = "<!-- keys: written by scripts/keys_docs.py -->"
END = "<!-- keys end -->"


def page(path: Path) -> str:
    """Return a page with its table between its marks."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{path.name} lacks the lines {BEGIN!r} and {END!r}")
    table = _table(places(), named=True) if path == ALL else _table(_first_needed(), named=False)
    return "\n".join([before + begin, *table, end + after])


def _first_needed() -> list[Place]:
    known = {place.title: place for place in places()}
    return [known[title] for title in FIRST_NEEDED]


def _table(shown: Iterable[Place], *, named: bool) -> Iterator[str]:
    yield f"| where | key | does |{' name |' if named else ''}"
    yield f"|---|---|---|{'---|' if named else ''}"
    for place in shown:
        for number, action in enumerate(place.actions):
            keys = ", ".join(f"`{key_name(key)}`" for key in action.keys) or "in the palette"
            name = f" `{action.id}` |" if named else ""
            yield f"| {'' if number else place.title} | {keys} | {action.tooltip} |{name}"


def main() -> int:
    """Write or check the pages."""
    old = [path for path in (MAIN, ALL) if page(path) != path.read_text(encoding="utf-8")]
    if "--check" not in sys.argv:
        for path in old:
            path.write_text(page(path), encoding="utf-8")
        return 0
    for path in old:
        sys.stderr.write(f"{path.name} is out of date: run `.venv/bin/python scripts/keys_docs.py`\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
