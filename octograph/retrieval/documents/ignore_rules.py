"""Ignore files, as git reads them: the rules of the deepest folder that says anything about a name decide."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

__all__ = ["IGNORE_FILES", "IgnoreRules"]

IGNORE_FILES: Final = (".gitignore", ".octographignore")
"""Names of the files with rules; a later one has the last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRules:
    """The rules that hold in a folder: its own after those of the folders around it."""

    specs: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def joined_by(self, file: Path) -> IgnoreRules:
        """Return these rules with those of an ignore file after them.

        Raises
        ------
        OSError
            The file cannot be read.

        """
        # Decoded as names of files are, so that rules fit those that are no UTF-8 too.
        lines = os.fsdecode(file.read_bytes()).removeprefix("\ufeff").splitlines()
        spec = _spec([line for line in lines if _is_rule(line)])
        return IgnoreRules(specs=(*self.specs, (file.parent, spec)))

    def rule_out(self, path: Path, *, is_folder: bool) -> bool:
        """Return whether a file or folder is to be left out."""
        for folder, spec in reversed(self.specs):
            name = str(path.relative_to(folder)) + ("/" if is_folder else "")
            verdict = spec.check_file(name).include
            if verdict is not None:
                return verdict
        return False


def _spec(lines: list[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines, backend="simple")  # the others do not take every name


def _is_rule(line: str) -> bool:
    """Return whether a line makes a pattern; git, too, goes past one that does not."""
    try:
        _spec([line])
    except (ValueError, re.error):
        return False
    return True
