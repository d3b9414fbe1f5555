"""What a catalogue knows of documents: their stamps, their passages' number, and what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Entry", "Generation", "Stamp", "moment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What tells whether a file has changed.

    Attributes
    ----------
    size, modified
        In bytes, and in nanoseconds since 1970.
    digest
        SHA-256 of its content.

    """

    size: int
    modified: int
    digest: bytes

    @property
    def changed(self) -> str:
        """When the file was changed last, ISO 8601 in UTC."""
        return moment(self.modified).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document of a knowledge base.

    Attributes
    ----------
    source
        Path of its file.
    stamp
        Of the file as it was read.
    passages
        How many there are.

    """

    source: str
    stamp: Stamp
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What is published: its number, and the checksums of its index files by name."""

    number: int
    files: Mapping[str, str]


def moment(nanoseconds: int) -> datetime:
    """Return the time so many nanoseconds after the beginning of 1970."""
    return datetime.fromtimestamp(nanoseconds / 1e9, tz=UTC)
