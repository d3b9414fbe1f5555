"""What may reach a terminal: text, and nothing that the terminal would obey."""

from __future__ import annotations

__all__ = ["plain"]

_CONTROLS = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)))


def plain(text: str) -> str:
    r"""Return the text without C0 and C1 control characters, newline and tab excepted.

    Words of models, tools, documents and users can hold escape sequences, which move the cursor, change
    titles, write to the clipboard or answer for the user.

    Examples
    --------
    >>> plain("red \x1b[31malert\x1b[0m")
    'red [31malert[0m'

    """
    return text.translate(_CONTROLS)
