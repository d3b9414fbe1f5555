"""Bring the bundled graphs that share another's functional head in step with it, or with ``--check`` say which is not.

The edges are those of the graph that the head was fitted for, word for word.
A worker that is new there or gone is named: how it is to run on larger models is for people to say.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from octograph.graph.beside import HEAD_ENDING, bundled_folder

_EDGES = "[[edges]]"


def out_of_step(*, mend: bool) -> Iterator[str]:
    """Yield what is not in step, after mending the edges if asked to."""
    for path in sorted(bundled_folder().glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
        head = document.get("graph", {}).get("head")
        if head is None:
            continue
        owner = path.with_name(head.removesuffix(HEAD_ENDING) + ".toml")
        owned = owner.read_text(encoding="utf-8")
        wanted = tomllib.loads(owned)["nodes"]
        for name in wanted.keys() - document["nodes"].keys():
            yield f"{path.name} lacks the {wanted[name]['kind']} {name!r}, which {owner.name} has"
        for name in document["nodes"].keys() - wanted.keys():
            yield f"{path.name} has the {document['nodes'][name]['kind']} {name!r}, which {owner.name} has not"
        edges = owned[owned.index(_EDGES) :]
        if text[text.index(_EDGES) :] == edges:
            continue
        if mend:
            _write(path, text[: text.index(_EDGES)] + edges)
        else:
            yield f"{path.name} has other edges than {owner.name}: run `.venv/bin/python scripts/sync_graphs.py`"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path.name}: edges brought in step\n")


def main() -> int:
    """Mend or check."""
    problems = list(out_of_step(mend="--check" not in sys.argv))
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
