"""The files of a folder, without those that nobody wants indexed.

Left out in silence: what an ignore file rules out, hidden files and folders, installed packages, second names of one
file, and what is no file (sockets, pipes, devices). Reported: what cannot be read, and links that are not followed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from octograph.errors import DocumentError
from octograph.retrieval.documents.ignore_rules import IGNORE_FILES, IgnoreRules

__all__ = ["Found", "find_files"]

_INSTALLED: Final = frozenset({"CVS", "__pycache__", "node_modules"})
_ENVIRONMENT: Final = "pyvenv.cfg"  # lies in every virtual environment, whatever the name of its folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file to read, or something that cannot be.

    Attributes
    ----------
    path
        Absolute, and without symbolic links unless it is one that is not followed.
    problem
        Why it cannot be read; None for a file to read.

    """

    path: Path
    problem: str | None = None


def find_files(path: Path) -> Iterator[Found]:
    """Find the files in a folder and its folders, in an order that is always the same.

    A file named itself is found whatever the rules say. The rules of an ignore file hold in the folder it lies in, as
    in git; folders above `path` are not asked for theirs. No real file is found twice.

    Parameters
    ----------
    path
        A file or a folder.

    Raises
    ------
    DocumentError
        There is none at that path.

    """
    try:
        root = Path(os.path.realpath(path, strict=True))
        mode = root.stat().st_mode
    except OSError as error:
        hint = "Check the spelling, and the permissions of the folder around it."
        raise DocumentError(f"it cannot be found: {_reason(error)}", hint=hint) from error
    if stat.S_ISDIR(mode):
        return iter(_Walk(root))
    return iter([Found(path=root, problem=None if stat.S_ISREG(mode) else "neither a file nor a folder")])


class _Walk:
    """The way through a folder: first its files, then those of its folders, each by name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._linked: set[tuple[int, int]] = set()
        self._waiting = [(root, IgnoreRules())]  # not by recursion: folders may lie a thousand deep

    def __iter__(self) -> Iterator[Found]:
        while self._waiting:
            folder, rules = self._waiting.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = {entry.name: entry for entry in listing}
            except OSError as error:
                yield Found(path=folder, problem=_reason(error))
                continue
            if folder == self._root or _ENVIRONMENT not in entries:
                yield from self._look_into(folder, entries, rules)

    def _look_into(self, folder: Path, entries: Mapping[str, os.DirEntry[str]], rules: IgnoreRules) -> Iterator[Found]:
        for name in IGNORE_FILES:
            try:
                if name in entries and entries[name].is_file(follow_symlinks=False):
                    rules = rules.joined_by(folder / name)
            except OSError as error:
                yield Found(path=folder / name, problem=_reason(error))
        folders = []
        for name in sorted(entries):
            if name.startswith(".") or name in _INSTALLED:
                continue
            path = folder / name
            try:
                status = entries[name].stat(follow_symlinks=False)
            except OSError as error:
                yield Found(path=path, problem=_reason(error))
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            if rules.rule_out(path, is_folder=is_folder):
                continue
            if is_folder:
                folders.append((path, rules))
            elif found := self._found(path, status):
                yield found
        self._waiting.extend(reversed(folders))

    def _found(self, path: Path, status: os.stat_result) -> Found | None:
        if stat.S_ISLNK(status.st_mode):
            problem = _link_problem(path, self._root)
            return Found(path=path, problem=problem) if problem else None
        if stat.S_ISREG(status.st_mode) and self._is_new(status):
            return Found(path=path)
        return None

    def _is_new(self, status: os.stat_result) -> bool:
        """Return whether a file was not found yet under another of its names (hard links)."""
        if status.st_nlink == 1:
            return True
        key = (status.st_dev, status.st_ino)
        new = key not in self._linked
        self._linked.add(key)
        return new


def _link_problem(link: Path, root: Path) -> str | None:
    """Return what is wrong with a symbolic link; nothing is if its target is found in the folder anyway."""
    try:
        target = Path(os.path.realpath(link, strict=True))
    except OSError as error:
        known = {errno.ELOOP: "a symbolic link in a loop", errno.ENOENT: "a symbolic link to nothing"}
        return known.get(error.errno or 0) or f"a symbolic link: {_reason(error)}"
    if not target.is_relative_to(root):
        return "a symbolic link out of the folder"
    return "a symbolic link in a loop" if target in link.parents else None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
