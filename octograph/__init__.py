"""Octograph: a graph of language models that runs on a laptop.

>>> import octograph
>>> with octograph.open() as octo:
...     print(octo.ask("What is 48 * 17?").text)
48 * 17 = 816

Importing the package is cheap; the parts load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from octograph.agents import Event, Turn
    from octograph.api import Octograph, open  # noqa: A004  # octograph.open is the name of design
    from octograph.cancellation import CancelToken
    from octograph.errors import OctographError
    from octograph.nodes.master import Route

__version__ = "0.1.0"

__all__ = ["CancelToken", "Event", "Octograph", "OctographError", "Route", "Turn", "__version__", "open"]

_HOMES = {
    "CancelToken": "octograph.cancellation",
    "Event": "octograph.agents",
    "Octograph": "octograph.api",
    "OctographError": "octograph.errors",
    "Route": "octograph.nodes.master",
    "Turn": "octograph.agents",
    "open": "octograph.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
