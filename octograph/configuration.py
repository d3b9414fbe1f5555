"""The configuration file: where it is, what stands in it, and changes that keep its comments.

What its values mean is for `octograph.settings` to say, which takes longer to import than the app's first paint may.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from octograph.errors import UsageError

__all__ = ["change", "config_path", "read"]

KEYS = "keys"


def config_path() -> Path:
    """Where the configuration file is looked for; ``OCTOGRAPH_CONFIG`` names another."""
    named = os.environ.get("OCTOGRAPH_CONFIG")
    return Path(named) if named else platformdirs.user_config_path("octograph") / "config.toml"


def read() -> dict[str, Any]:
    """Return what the file says; nothing if there is none.

    Raises
    ------
    UsageError
        The file cannot be read, or is not TOML.

    """
    try:
        document = tomllib.loads(_text())
    except (ValueError, OSError) as error:
        raise UsageError(
            f"the configuration {str(config_path())!r} cannot be read: {error}",
            hint="It must be TOML, such as `threads = 4`.",
        ) from error
    if isinstance(keys := document.get(KEYS), dict):
        document[KEYS] = dict(_flat(keys))
    return document


def change(name: str, value: object) -> None:
    """Write a setting into the file, or take it out if the value is None; everything else stays as it stands.

    Raises
    ------
    UsageError
        The file cannot be read or written.

    """
    import tomlkit  # here: reading does without

    from octograph.nodes.whole_file import written_whole

    read()  # what is there must be TOML
    path = Path(os.path.realpath(config_path()))  # a link stays a link
    try:
        document = tomlkit.parse(_text())
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
        with written_whole(path) as partial:
            partial.write_text(tomlkit.dumps(document), encoding="utf-8", newline="")
            if path.exists():
                partial.chmod(path.stat().st_mode & 0o7777)
    except OSError as error:
        raise UsageError(
            f"the configuration {str(path)!r} cannot be written: {error}",
            hint="Check the path, its permissions and the disk.",
        ) from error


def _text() -> str:
    try:
        return config_path().read_bytes().decode("utf-8")  # the ends of lines as they are
    except FileNotFoundError:
        return ""


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield the entries of a table under their dotted names: without quotes, ``chat.stop`` is a table in a table."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
