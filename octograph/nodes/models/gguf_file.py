"""Checks on a GGUF file, in Python, before any native code opens it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from octograph.errors import ModelFileError
from octograph.nodes.models.gguf_header import MAGIC, Reader

__all__ = ["GGUFSummary", "check_gguf", "sha256_of"]

_START = struct.Struct("<4sI")  # magic, version
_HALF_PRECISION = 2  # bytes of a number
_PULL_AGAIN = "The download may have been cut short: remove the file and fetch it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class GGUFSummary:
    """What a GGUF file says about itself.

    Attributes
    ----------
    architecture
        Such as ``llama``.
    context
        Tokens that the model was trained for, 0 if the file does not say.
    layers
        Of the model, 0 if the file does not say.
    file_type
        llama.cpp's number for the quantisation (``general.file_type``), -1 if the file does not say.
    size_bytes
        Size of the file.
    kv_bytes
        Of a token's keys and values in a cache of half precision, 0 if the file does not say.
    vocabulary
        Tokens that there are, 0 if the file does not say.

    """

    architecture: str
    context: int
    layers: int
    file_type: int
    size_bytes: int
    kv_bytes: int
    vocabulary: int


def check_gguf(path: Path, *, sha256: str | None = None) -> GGUFSummary:
    """Check a GGUF file's header, tensor bounds and, where one is expected, its SHA-256.

    Raises
    ------
    ModelFileError
        The file is not GGUF, is truncated or corrupt, or is not the expected one.

    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_START.size)
        if len(start) < _START.size or not start.startswith(MAGIC):
            raise ModelFileError(f"{path.name!r} is not a GGUF file", hint="Models must be in llama.cpp's GGUF format.")
        _, version = _START.unpack(start)
        if version not in (2, 3):
            raise ModelFileError(
                f"{path.name!r} has GGUF version {version}; 2 and 3 can be read", hint="Fetch a newer conversion."
            )
        try:
            header = Reader(file, size).header()
        except ValueError as error:
            raise ModelFileError(f"{path.name!r} is truncated or corrupt: {error}", hint=_PULL_AGAIN) from error
    if header.end > size:
        raise ModelFileError(
            f"{path.name!r} is truncated: its tensors end at byte {header.end}, the file at {size}", hint=_PULL_AGAIN
        )
    summary = _summary(path, header.metadata, size)
    if sha256 is not None and (found := sha256_of(path)) != sha256.lower():
        raise ModelFileError(
            f"{path.name!r} is not the file that the graph names: SHA-256 {found}, expected {sha256.lower()}",
            hint="Remove the file and fetch it again, or correct `sha256` in the graph file.",
        )
    return summary


def _summary(path: Path, metadata: Mapping[str, object], size: int) -> GGUFSummary:
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise ModelFileError(f"{path.name!r} names no architecture", hint="Models must be language models.")
    context = metadata.get(f"{architecture}.context_length", 0)
    layers = metadata.get(f"{architecture}.block_count", 0)
    file_type = metadata.get("general.file_type", -1)
    if not (isinstance(context, int) and isinstance(layers, int) and isinstance(file_type, int)):
        raise ModelFileError(f"{path.name!r} has a corrupt header", hint=_PULL_AGAIN)
    vocabulary = metadata.get(f"{architecture}.vocab_size", 0)
    return GGUFSummary(
        architecture=architecture,
        context=context,
        layers=layers,
        file_type=file_type,
        size_bytes=size,
        kv_bytes=layers * _values(metadata, architecture) * _HALF_PRECISION,
        vocabulary=vocabulary if isinstance(vocabulary, int) else 0,
    )


def _values(metadata: Mapping[str, object], architecture: str) -> int:
    """How many numbers a layer keeps of a token: a key and a value for each head that has its own."""

    def number(key: str) -> int:
        value = metadata.get(f"{architecture}.{key}")
        return value if isinstance(value, int) and value > 0 else 0

    heads = number("attention.head_count")
    width = number("embedding_length") // heads if heads else 0
    keys, values = number("attention.key_length") or width, number("attention.value_length") or width
    return (number("attention.head_count_kv") or heads) * (keys + values)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
