"""The shelf: the index files of a knowledge base, one folder for each generation.

A folder is written beside, every file of it brought to the disk, and then renamed; the catalogue names it only after
that. So the files that a catalogue names are there whole, whatever happens.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError
from octograph.retrieval.entry import Generation
from octograph.retrieval.vectors import IndexKind, VectorIndex
from octograph.retrieval.words import WordIndex

__all__ = ["GONE", "Indexes", "Shelf"]

GONE = -1
"""Stands for the id of a passage that is no longer there, where an index still has its place."""

_IDS, _VECTORS, _WORDS = "ids.npy", "vectors-{kind}.faiss", "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """The indexes of one generation.

    Attributes
    ----------
    ids
        Passage at each position, int64 ``[n]``; `GONE` where there is none any more.
    vectors, words
        Both have the positions of `ids`.

    """

    ids: NDArray[np.int64]
    vectors: VectorIndex
    words: WordIndex


class Shelf:
    """The index files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, number: int, indexes: Indexes) -> dict[str, str]:
        """Write the files of a generation and return their checksums by name.

        Raises
        ------
        KnowledgeError
            They cannot be written, such as on a full disk; nothing of them is left.

        """
        target = self._path(number)
        beside = target.with_name(f"{target.name}.partial")
        try:
            for stale in (beside, target):
                shutil.rmtree(stale, ignore_errors=True)
            beside.mkdir(parents=True)
            np.save(beside / _IDS, indexes.ids)
            indexes.vectors.save(beside / _VECTORS.format(kind=indexes.vectors.kind))
            indexes.words.save(beside / _WORDS)
            files = {str(path.relative_to(beside)): _on_disk(path) for path in _files(beside)}
            beside.rename(target)
            _sync(self._folder)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            raise KnowledgeError(
                f"the index in {str(self._folder)!r} cannot be written: {error}",
                hint="Make room and run the command again: what was read is kept, and the index before is in use.",
            ) from error
        return files

    def take(self, generation: Generation) -> Indexes | None:
        """Open the files of a generation; None if it has none, being empty.

        Raises
        ------
        KnowledgeError
            They cannot be read.

        """
        if not generation.files:
            return None
        folder = self._path(generation.number)
        kind = self.kind(generation.files)
        try:
            ids = np.load(folder / _IDS, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise KnowledgeError(
                f"the index in {str(folder)!r} cannot be read: {error}",
                hint="`octograph index verify --repair` makes it anew from the catalogue.",
            ) from error
        return Indexes(
            ids=ids,
            vectors=VectorIndex.load(folder / _VECTORS.format(kind=kind), kind),
            words=WordIndex.load(folder / _WORDS if _worded(generation.files) else None, len(ids)),
        )

    @staticmethod
    def kind(files: Mapping[str, str]) -> IndexKind:
        """The kind of the vector index among some files."""
        kinds: tuple[IndexKind, ...] = ("flat", "hnsw", "ivf-pq")
        return next((kind for kind in kinds if _VECTORS.format(kind=kind) in files), "flat")

    def keep_only(self, number: int) -> None:
        """Remove the files of all generations but one."""
        for path in self._folder.glob("index-*"):
            if path != self._path(number):
                shutil.rmtree(path, ignore_errors=True)

    def problems(self, generation: Generation) -> Iterator[str]:
        """Say which files of a generation are not what was written."""
        folder = self._path(generation.number)
        for name, checksum in generation.files.items():
            try:
                if _digest(folder / name) != checksum:
                    yield f"{name} has changed since it was written"
            except OSError as error:
                yield f"{name} cannot be read: {error.strerror}"

    def size(self, generation: Generation) -> int:
        """Bytes of the files of a generation, as far as they are there."""
        folder = self._path(generation.number)
        size = 0
        for name in generation.files:
            with suppress(FileNotFoundError):  # the next one may just have been published
                size += (folder / name).stat().st_size
        return size

    def _path(self, number: int) -> Path:
        return self._folder / f"index-{number}"


def _worded(files: Mapping[str, str]) -> bool:
    """Whether a word index is among some files; there is none where no text has a word."""
    return any(Path(name).parts[0] == _WORDS for name in files)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _on_disk(path: Path) -> str:
    """Bring a file to the disk; its checksum."""
    _sync(path)
    _sync(path.parent)
    return _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
