"""What may reach a terminal: text, and nothing that the terminal would obey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["plain"]

_CONTROLS = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))
_DIRECTIONS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Embeddings, overrides and isolates, which show ``gpj.exe`` as ``exe.jpg``."""
_SURROGATES = range(0xD800, 0xE000)
"""Halves of characters, as Python reads them out of file names that are no UTF-8; no terminal can be sent one."""

_INSTEAD: Final[Mapping[int, str | None]] = {
    **dict.fromkeys((*_CONTROLS, *_DIRECTIONS)),
    **dict.fromkeys(_SURROGATES, "\N{REPLACEMENT CHARACTER}"),
}


def plain(text: str) -> str:
    r"""Return the text without C0 and C1 control characters, newline and tab excepted, and in the order it is read.

    Words of models, tools, documents and users can hold escape sequences, which move the cursor, change
    titles, write to the clipboard or answer for the user.

    Examples
    --------
    >>> plain("red \x1b[31malert\x1b[0m")
    'red [31malert[0m'

    """
    return text.translate(_INSTEAD)
