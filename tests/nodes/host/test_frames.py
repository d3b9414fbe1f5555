"""Frames: what is written is read, and nothing else passes for a frame."""

from __future__ import annotations

import io
import struct
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.errors import HostError
from octograph.nodes.host.frames import MAX_FRAME, read_frame, write_frame

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=4))
def test_what_is_written_is_read(frames: list[dict[str, Any]]) -> None:
    stream = io.BytesIO()
    for frame in frames:
        write_frame(stream, frame)
    stream.seek(0)
    assert [read_frame(stream) for _ in frames] == frames
    assert read_frame(stream) is None


def test_a_frame_cut_short_is_the_end() -> None:
    stream = io.BytesIO()
    write_frame(stream, {"text": "hello"})
    whole = stream.getvalue()
    for length in range(len(whole)):
        assert read_frame(io.BytesIO(whole[:length])) is None


@given(st.binary(min_size=1, max_size=64))
def test_other_bytes_are_refused(body: bytes) -> None:
    stream = io.BytesIO(struct.pack(">I", len(body)) + body)
    try:
        frame = read_frame(stream)
    except HostError:
        return
    assert isinstance(frame, dict)


def test_a_frame_that_is_no_map_is_refused() -> None:
    body = msgpack.packb([1, 2])
    with pytest.raises(HostError, match="not a map"):
        read_frame(io.BytesIO(struct.pack(">I", len(body)) + body))


def test_an_endless_frame_is_refused_before_it_is_read() -> None:
    with pytest.raises(HostError, match="over the limit"):
        read_frame(io.BytesIO(struct.pack(">I", MAX_FRAME + 1)))
