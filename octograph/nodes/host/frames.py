"""Frames between the main process and a host: four bytes of length, then one msgpack map.

msgpack holds data only: what a damaged or malicious host writes can be wrong, and can never be code.
"""

from __future__ import annotations

import struct
from typing import IO, Any

import msgpack

from octograph.errors import HostError

__all__ = ["MAX_FRAME", "Frame", "read_frame", "write_frame"]

MAX_FRAME = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")

Frame = dict[str, Any]


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Write one frame and flush it."""
    body = msgpack.packb(frame, use_bin_type=True)
    if len(body) > MAX_FRAME:
        raise HostError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME}")
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """Read one frame; None at the end of the stream, also in the middle of a frame.

    Raises
    ------
    HostError
        The bytes are no frame: too long, not msgpack, or not a map.

    """
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    if length > MAX_FRAME:
        raise HostError(f"a frame announces {length} bytes, over the limit of {MAX_FRAME}")
    body = stream.read(length)
    if len(body) < length:
        return None
    try:
        frame = msgpack.unpackb(body, raw=False, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise HostError("a frame is not msgpack") from error
    if not isinstance(frame, dict):
        raise HostError(f"a frame holds {type(frame).__name__!r} and not a map")
    return frame
