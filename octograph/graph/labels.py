"""Text from a graph file made safe to show: on one line of a terminal or a diagram, or escaped in a file."""

from __future__ import annotations

import re

__all__ = ["escape_unseen", "label"]

_LONGEST = 200

# Controls (except tab and line feed), line separators and what reverses the reading order.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def label(text: str) -> str:
    r"""Return text on one line, without characters that act instead of being seen, cut if it is very long.

    Examples
    --------
    >>> label("Sums,\n\x1b[31mand more")
    'Sums, [31mand more'

    """
    seen = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(seen.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def escape_unseen(text: str) -> str:
    r"""Return text with control characters, except tab and line feed, written as ``\uXXXX``.

    JSON and TOML strings both read this back.

    Examples
    --------
    >>> print(escape_unseen("a\x1b[31m"))
    a\u001b[31m

    """
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
