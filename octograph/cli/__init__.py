"""The command line. A command's module loads when that command is called, so that ``--help`` is quick."""

from octograph.cli.main import main

__all__ = ["main"]
