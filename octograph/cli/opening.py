"""Opening the graph that a command names."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from octograph import Octograph, settings
from octograph.api import open as open_octograph
from octograph.graph import ModelGraph, open_graph
from octograph.settings import Settings

__all__ = ["graph_of", "opened"]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Octograph]:
    """Open the graph ready to answer, and close it in the end."""
    chosen = settings.load()
    with open_octograph(arguments.graph or chosen.graph, settings=chosen) as octo:
        yield octo


def graph_of(arguments: argparse.Namespace) -> tuple[ModelGraph, Settings]:
    """Read the graph file alone, with the settings."""
    chosen = settings.load()
    return open_graph(arguments.graph or chosen.graph), chosen
