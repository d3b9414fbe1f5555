"""The header of a GGUF file, read without believing it.

Each count and length is checked against the bytes that are there before anything is done with it.
The reader of the ``gguf`` package loops over whatever a file announces: one flipped bit in the length of an array
keeps it busy for ever.

The layout is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["MAGIC", "Header", "Reader"]

MAGIC = b"GGUF"

_STRING, _ARRAY = 8, 9
# GGUF's number for a type, as `struct` writes it.
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_MAX_TENSORS = 100_000
_MAX_ENTRIES = 10_000
_MAX_STRINGS = 2_000_000
_MAX_DIMENSIONS = 4
_DEFAULT_ALIGNMENT = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands before the weights.

    Attributes
    ----------
    metadata
        The entries, arrays excepted.
    end
        Byte at which the last tensor ends, by its place, shape and type.

    """

    metadata: Mapping[str, object]
    end: int


class Reader:
    """Reads the header of a file of `size` bytes that stands behind its magic and version."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size

    def header(self) -> Header:
        """Read it.

        Raises
        ------
        ValueError
            The bytes are no GGUF header, or the file ends before it does.

        """
        tensors = self._count(_MAX_TENSORS, "tensors")
        entries = self._count(_MAX_ENTRIES, "metadata entries")
        metadata: dict[str, object] = {}
        for _ in range(entries):
            key = self._string()
            if key in metadata:
                raise ValueError(f"the metadata holds {key!r} twice")
            metadata[key] = self._value(self._number("<I"))
        ends = [self._tensor_end() for _ in range(tensors)]
        alignment = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise ValueError(f"an alignment of {alignment!r} bytes")
        if not ends:
            raise ValueError("no tensors")
        start = -(-self._file.tell() // alignment) * alignment
        return Header(metadata=metadata, end=start + max(ends))

    def _tensor_end(self) -> int:
        """Where a tensor ends, counted from where the first may begin."""
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

        self._string()
        shape = [self._number("<Q") for _ in range(self._count(_MAX_DIMENSIONS, "dimensions", "<I"))]
        block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(self._number("<I"))]
        offset: int = self._number("<Q")
        if not shape or shape[0] % block:
            raise ValueError(f"a tensor of the shape {shape} in blocks of {block}")
        end: int = offset + math.prod(shape) // block * block_bytes
        return end

    def _value(self, kind: int) -> object:
        """One entry's value; None stands for an array, which is passed over."""
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._number(self._format(kind))
        kind = self._number("<I")
        if kind == _STRING:
            for _ in range(self._count(_MAX_STRINGS, "strings")):
                self._skip(self._number("<Q"))
        else:
            self._skip(self._number("<Q") * struct.calcsize(self._format(kind)))
        return None

    @staticmethod
    def _format(kind: int) -> str:
        if kind not in _SCALARS:
            raise ValueError(f"a value of the unknown type {kind}")
        return _SCALARS[kind]

    def _count(self, most: int, what: str, format_: str = "<Q") -> int:
        count: int = self._number(format_)
        if count > most:
            raise ValueError(f"{count} {what}")
        return count

    def _number(self, format_: str) -> Any:
        return struct.unpack(format_, self._take(struct.calcsize(format_)))[0]

    def _string(self) -> str:
        return self._take(self._number("<Q")).decode("utf-8", errors="replace")

    def _take(self, length: int) -> bytes:
        self._check(length)
        return self._file.read(length)

    def _skip(self, length: int) -> None:
        self._check(length)
        self._file.seek(length, 1)

    def _check(self, length: int) -> None:
        if length > self._size - self._file.tell():
            raise ValueError(f"{length} bytes are announced where the file ends")
