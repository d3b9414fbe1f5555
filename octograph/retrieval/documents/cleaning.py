"""Text without what cannot be seen: the same words are the same characters in every document."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["clean"]

# Kept on purpose: tab and newline; U+200C and U+200D, which Persian, the scripts of India and emoji need; the marks
# U+200E, U+200F and U+061C, which order a line and hide nothing.
_UNSEEN: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours of a terminal, with their letters
    r"|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls; those that end a line are in _LINE_END
    r"\u00ad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width spaces and joiners
    r"\u202a-\u202e\u2066-\u206f"  # embeddings, overrides and isolates of direction
    r"\ufff9-\ufffb\ufffe\uffff"  # annotations, and no characters at all
    r"\ud800-\udfff"  # halves of a surrogate pair: no file or terminal takes them
    r"\U000e0000-\U000e007f]"  # tags, in which instructions can hide
)
_LINE_END: Final = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def clean(text: str) -> str:
    r"""Return a text in NFC with line ends as ``\n``, without characters that cannot be seen.

    Examples
    --------
    >>> clean("cafe\u0301\r\nig\u200bnore\x07")
    'café\nignore'

    """
    # What is removed goes first: it may stand between "\r" and "\n", or between a letter and its accent.
    return unicodedata.normalize("NFC", _LINE_END.sub("\n", _UNSEEN.sub("", text)))
