"""Values of settings as they are typed."""

from __future__ import annotations

import tomllib

__all__ = ["text_of", "value_of"]


def text_of(value: object) -> str:
    """Return a value as it is typed; tables and lists as in TOML.

    Examples
    --------
    >>> text_of(None), text_of(True), text_of({"chat.stop": "alt+s"})
    ('', 'true', '{ "chat.stop" = "alt+s" }')

    """
    if value is None or value == {}:
        return ""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_quoted(key)} = {_quoted(each)}' for key, each in value.items())} }}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_of(text: str) -> object:
    """Return the value that was typed, a table as it is and all else as text.

    Raises
    ------
    ValueError
        What begins as a table is none.

    Examples
    --------
    >>> value_of('{ "chat.stop" = "alt+s" }'), value_of("4")
    ({'chat.stop': 'alt+s'}, '4')

    """
    return tomllib.loads(f"value = {text}")["value"] if text.startswith("{") else text


def _quoted(text: object) -> str:
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
