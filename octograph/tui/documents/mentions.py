r"""Files and folders that a question names: ``@notes.md``, ``@"two words.txt"``, ``@two\ words.txt``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from octograph.tui.documents.paths import existing

__all__ = ["OpenMention", "mentioned", "open_mention", "written"]

# After a blank or a bracket only: an address such as me@example.org names no file.
_BEGIN = r"(?:^|(?<=[\s(]))@"
_QUOTED, _BARE = r'"((?:[^"\\]|\\.)*)', r"((?:[^\s\\\"]|\\.)*)"
_WHOLE = re.compile(rf'{_BEGIN}(?:{_QUOTED}"|{_BARE})')
_OPEN = re.compile(rf"{_BEGIN}(?:{_QUOTED}|{_BARE})$")
_ODD = re.compile(r'[\s"\\]')
_PUNCTUATION = ".,;:!?)]}'…"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMention:
    """A mention that is being written.

    Attributes
    ----------
    start
        Where its ``@`` stands.
    path
        What there is of the path.

    """

    start: int
    path: str


def open_mention(line: str) -> OpenMention | None:
    """Return the mention that a line ends with.

    Examples
    --------
    >>> open_mention('compare @"my no')
    OpenMention(start=8, path='my no')
    >>> open_mention("write to me@example")

    """
    found = _OPEN.search(line)
    return None if found is None else OpenMention(start=found.start(), path=_path(found))


def written(path: str, *, closed: bool = True) -> str:
    r"""Return a path as a mention, in quotes if it needs them; `closed` ends it.

    Examples
    --------
    >>> written("notes.md"), written("my notes/", closed=False)
    ('@notes.md', '@"my notes/')

    """
    if not _ODD.search(path):
        return f"@{path}"
    escaped = re.sub(r'(["\\])', r"\\\1", path)
    return f'@"{escaped}"' if closed else f'@"{escaped}'


def mentioned(text: str, folder: Path) -> tuple[Path, ...]:
    """Return the files and folders that a text mentions and that exist, each once; blocks.

    Punctuation at the end of a mention is part of the sentence if it is not part of the name.
    """
    found = (_existing(_path(mention), folder) for mention in _WHOLE.finditer(text))
    return tuple(dict.fromkeys(path for path in found if path is not None))


def _path(mention: re.Match[str]) -> str:
    return re.sub(r"\\(.)", r"\1", mention[1] if mention[1] is not None else mention[2])


def _existing(path: str, folder: Path) -> Path | None:
    while path:
        if (there := existing(path, folder)) is not None:
            return there
        if path[-1] not in _PUNCTUATION:
            return None
        path = path[:-1]
    return None
