"""Modules of optillm without the package's own start, which is that of its whole server."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["optillm_module"]


def optillm_module(name: str) -> Any:
    """Import a module of optillm by its name within the package."""
    package = importlib.util.find_spec("optillm")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent
    for parent, place in (("optillm", folder), ("optillm.plugins", folder / "plugins")):
        module = ModuleType(parent)
        module.__path__ = [str(place)]
        sys.modules.setdefault(parent, module)
    return importlib.import_module(f"optillm.{name}")
