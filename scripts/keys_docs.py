"""Write the table of keys into docs/chat.md from the classes; with ``--check``, fail if it is out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from octograph.tui.control.actions import places
from octograph.tui.control.keys import key_name

PAGE = Path(__file__).parent.parent / "docs" / "chat.md"
BEGIN = "<!-- keys: written by scripts/keys_docs.py -->"
END = "<!-- keys end -->"


def page(text: str) -> str:
    """Return the page with the table between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{PAGE.name} lacks the lines {BEGIN!r} and {END!r}")
    return "\n".join([before + begin, *_table(), end + after])


def _table() -> Iterator[str]:
    yield "| where | key | does | name |"
    yield "|---|---|---|---|"
    for place in places():
        for number, action in enumerate(place.actions):
            keys = ", ".join(f"`{key_name(key)}`" for key in action.keys) or "in the palette"
            yield f"| {'' if number else place.title} | {keys} | {action.tooltip} | `{action.id}` |"


def main() -> int:
    """Write or check the page."""
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if "--check" not in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
        return 0
    if old == new:
        return 0
    sys.stderr.write("docs/chat.md is out of date: run `.venv/bin/python scripts/keys_docs.py`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
