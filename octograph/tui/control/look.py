"""What the user chose of the app's colours and keys, read before anything is painted.

What cannot be read or is of a wrong type is left out here: `octograph.settings`, whose imports would hold up the first
paint, says so when the graph is opened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from octograph import configuration
from octograph.errors import UsageError
from octograph.tui.control.themes import DARK

__all__ = ["Look", "chosen_look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The theme, and other keys by the ids of actions."""

    theme: str = DARK.name
    keys: Mapping[str, str] = field(default_factory=dict)


def chosen_look() -> Look:
    """Read the look from the environment or, where that says nothing, from the configuration file."""
    said: dict[str, object] = {}
    with suppress(UsageError):
        said |= configuration.read()
    theme = os.environ.get("OCTOGRAPH_THEME", said.get("theme"))
    keys = said.get("keys")
    if (written := os.environ.get("OCTOGRAPH_KEYS")) is not None:
        with suppress(ValueError):
            keys = json.loads(written)
    return Look(
        theme=theme if isinstance(theme, str) else DARK.name,
        keys={name: key for name, key in keys.items() if isinstance(key, str)} if isinstance(keys, dict) else {},
    )
