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
| 3 | abstained, or waits for your choice |
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
        choices = {
            action: group
            for group in parser._mutually_exclusive_groups
            if len(group._group_actions) > 1
            for action in group._group_actions
        }
        rows = [
            _row(action, choices.get(action))
            for action in parser._actions
            if action.dest not in _COMMON and action not in groups
        ]
        if rows:
            yield "\n".join(["| argument | meaning |", "|---|---|", *rows]) + "\n"
    for group in groups:
        for child in dict.fromkeys(group.choices.values()):
            yield from _sections(child)


def _usage(parser: argparse.ArgumentParser) -> str:
    named = [a for a in parser._actions if not a.option_strings and a.dest not in _COMMON]
    return " ".join([parser.prog, *(_placed(a) for a in named if a.metavar != argparse.SUPPRESS)])


def _placed(action: argparse.Action) -> str:
    """An argument as it stands in a call: ``NAME``, ``[NAME]``, ``NAME…`` or ``[NAME…]``."""
    name = f"{action.metavar or action.dest}{'…' if action.nargs in ('+', '*') else ''}"
    return f"[{name}]" if action.nargs in ("?", "*") else name


def _row(action: argparse.Action, choice: argparse._MutuallyExclusiveGroup | None) -> str:
    name = ", ".join(action.option_strings) or _placed(action)
    value = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or _choices(action)}"
    several = "…" if action.option_strings and action.nargs in ("+", "*") else ""
    meaning = (action.help or "").replace("%(default)s", str(action.default)).replace("|", "\\|")
    notes = "; ".join(_notes(action, choice))
    return f"| `{name}{value}{several}` | {meaning}{notes and f' ({notes})'} |"


def _notes(action: argparse.Action, choice: argparse._MutuallyExclusiveGroup | None) -> Iterator[str]:
    if action.option_strings and action.required:
        yield "required"
    if isinstance(action, argparse._AppendAction):
        yield "may be repeated"
    if choice is not None:
        others = ", ".join(f"`{other.option_strings[0]}`" for other in choice._group_actions if other is not action)
        yield f"{'or' if choice.required else 'not with'} {others}"


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
