"""Write the tables of keys and of settings into the docs from the classes; with ``--check``, fail if one is old."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic_core import PydanticUndefined

from octograph.settings import Settings
from octograph.tui.control.actions import Place, places
from octograph.tui.control.keys import key_name

HOUSE = Path(__file__).parent.parent
FIRST_NEEDED = ("Everywhere", "Chat", "Prompt", "Answer")
"""The places whose keys the README tells, without the names that a configuration needs."""

BEGIN = "<!-- table: written by scripts/tables_docs.py -->"
END = "<!-- table end -->"


def page(path: Path, text: str, table: Iterable[str]) -> str:
    """Return a page with the table between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{path.name} lacks the lines {BEGIN!r} and {END!r}")
    return "\n".join([before + begin, *table, end + after])


def _keys(shown: Iterable[Place], *, named: bool) -> Iterator[str]:
    yield f"| where | key | does |{' name |' if named else ''}"
    yield f"|---|---|---|{'---|' if named else ''}"
    for place in shown:
        for number, action in enumerate(place.actions):
            keys = ", ".join(f"`{key_name(key)}`" for key in action.keys) or "in the palette"
            name = f" `{action.id}` |" if named else ""
            yield f"| {'' if number else place.title} | {keys} | {action.tooltip} |{name}"


def _settings() -> Iterator[str]:
    yield "| setting | if left out | what it does |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        value = "" if field.default in (None, PydanticUndefined) else f"`{str(field.default).lower()}`"
        yield f"| `{name}` | {value} | {field.description} |"


def main() -> int:
    """Write or check the pages."""
    known = {place.title: place for place in places()}
    tables = {
        HOUSE / "docs" / "chat.md": _keys(known.values(), named=True),
        HOUSE / "README.md": _keys((known[title] for title in FIRST_NEEDED), named=False),
        HOUSE / "docs" / "configuration.md": _settings(),
    }
    status = 0
    for path, table in tables.items():
        old = path.read_text(encoding="utf-8")
        new = page(path, old, table)
        if old == new:
            continue
        if "--check" in sys.argv:
            sys.stderr.write(f"{path.name} is out of date: run `.venv/bin/python scripts/tables_docs.py`\n")
            status = 1
        else:
            path.write_text(new, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
