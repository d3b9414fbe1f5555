"""Write docs/cli.md from the parser itself, or with ``--check`` fail if it is out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from octograph.cli.parser import make_parser

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
_HEAD = """\
# The command line

Written by `scripts/cli_docs.py` from the commands themselves; `make check` sees that it is current.

Answers go to stdout, everything else to stderr.
Everywhere, `--graph GRAPH` takes the name of a bundled graph or the path of a graph file, and `--json` prints one
JSON document.

| exit status | meaning |
|---|---|
| 0 | answered |
| 1 | another error |
| 2 | the call, a setting or the graph file is wrong |
| 3 | abstained |
| 4 | a model is missing |
| 5 | the conversation does not fit in the model's context |
| 130 | interrupted |
"""
_COMMON = {"help", "graph", "json"}


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_sections(make_parser())])


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups or parser.prog == "octograph":
        yield f"## `{_usage(parser)}`"
        if parser.description:
            yield f"{parser.description}\n"
        rows = [_row(action) for action in parser._actions if action.dest not in _COMMON and action not in groups]
        if rows:
            yield "\n".join(["| argument | meaning |", "|---|---|", *rows]) + "\n"
    for group in groups:
        for child in dict.fromkeys(group.choices.values()):
            yield from _sections(child)


def _usage(parser: argparse.ArgumentParser) -> str:
    names = [str(a.metavar or a.dest) for a in parser._actions if not a.option_strings and a.dest not in _COMMON]
    return " ".join([parser.prog, *(name for name in names if name != "==SUPPRESS==")])


def _row(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings) or str(action.metavar)
    value = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or _choices(action)}"
    meaning = (action.help or "").replace("%(default)s", str(action.default)).replace("|", "\\|")
    return f"| `{name}{value}` | {meaning} |"


def _choices(action: argparse.Action) -> str:
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def main() -> int:
    """Write or check the page."""
    if "--check" not in sys.argv:
        PAGE.write_text(page())
        return 0
    if PAGE.read_text() == page():
        return 0
    sys.stderr.write("docs/cli.md is out of date: run `.venv/bin/python scripts/cli_docs.py`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
