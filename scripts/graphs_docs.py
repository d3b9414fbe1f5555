"""Write the tables of docs/graphs.md from the bundled graphs, or with ``--check`` fail if they are out of date."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from octograph.graph import Model, bundled_names, open_graph
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.models.memory import MemoryPlan, gigabytes, memory_plan

PAGE = Path(__file__).parent.parent / "docs" / "graphs.md"
_TABLES = re.compile(r"(?<=<!-- tables -->\n).*?(?=<!-- end of the tables -->)", re.DOTALL)


def page() -> str:
    """Return the page with its tables as they should be."""
    return _TABLES.sub("\n".join([*_tables(), ""]).replace("\\", r"\\"), PAGE.read_text(encoding="utf-8"))


def _tables() -> Iterator[str]:
    # With nothing fetched and nothing requantised yet, so that every machine writes the same.
    with tempfile.TemporaryDirectory() as nothing:
        store = ModelStore(Path(nothing) / "cache", hub=Hub(cache=Path(nothing) / "hub"), requantise=True)
        plans = {name: memory_plan(open_graph(name), store=store, machine=0) for name in bundled_names()}
    yield "| graph | models here | to fetch | memory at most | models at a server |"
    yield "|---|---|---|---|---|"
    for name, plan in plans.items():
        fetched = sum(_fetched(model) for model in open_graph(name).models.values())
        here = ", ".join(memory.model for memory in plan.models)
        remote = ", ".join(plan.remote) or "none"
        to_fetch = gigabytes(fetched) if fetched else "nothing"
        yield f"| `{name}` | {here} | {to_fetch} | {gigabytes(plan.total)} | {remote} |"
    yield ""
    yield "| model | source | file | context | weights | cache | work | licence | SHA-256 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    seen: set[tuple[str, int | None]] = set()
    for name, plan in plans.items():
        for model in open_graph(name).models.values():
            if not model.is_remote and (model.source, model.context) not in seen:
                seen.add((model.source, model.context))
                yield _row(model, plan)


def _row(model: Model, plan: MemoryPlan) -> str:
    memory = next(memory for memory in plan.models if memory.model == model.name)
    file = gigabytes(model.size_bytes) if model.size_bytes else "installed"
    parts = " | ".join(gigabytes(part) for part in (memory.weights, memory.cache, memory.work))
    checksum = f"`{model.sha256[:12]}…`" if model.sha256 else "not known here"
    return f"| {model.name} | `{model.source}` | {file} | {model.context:,} | {parts} | {model.licence} | {checksum} |"


def _fetched(model: Model) -> int:
    return model.size_bytes or 0 if model.scheme == "hf" else 0


def main() -> int:
    """Write or check the page."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/graphs.md is out of date: run `.venv/bin/python scripts/graphs_docs.py`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
