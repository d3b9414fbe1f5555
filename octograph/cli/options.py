"""What commands and their options are made of; imports nothing but the standard library."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["EXIT", "command", "graph_option", "named", "output_option", "positive", "share"]

EXIT = "exit status: 0 answered, 1 error, 2 usage, 3 abstained, 4 model missing, 5 context overflow, 130 interrupted"


def command(commands: Any, name: str, function: str, about: str) -> argparse.ArgumentParser:
    """Add a command, whose function is named as ``module:function`` within this package."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about[0].upper() + about[1:] + ".", epilog=EXIT
    )
    parser.set_defaults(command=function)
    graph_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def named(parser: argparse.ArgumentParser) -> None:
    """Add the name of a thing in a list."""
    parser.add_argument("name", metavar="NAME", help="its name in the list")


def graph_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--graph``."""
    parser.add_argument(
        "--graph", metavar="GRAPH", help="name of a bundled graph or path of a graph file (default: from the settings)"
    )


def output_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--output`` for a changed graph."""
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the changed graph here (default: in place)")


def share(text: str) -> float:
    """Read a share, for argparse."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: give a number between 0 and 1, such as 0.8")
    return value


def positive(text: str) -> int:
    """Read a positive number, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value
