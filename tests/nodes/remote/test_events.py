"""Server-sent events, however they are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.remote.events import EventReader

STREAM = (
    'data: {"a": "x\u2028y"}\n\n: a comment\nevent: note\ndata: 1\r\ndata:2\r\n\r\nid: 7\n\ndata: [DONE]\n\n'.encode()
)
EVENTS = ['{"a": "x\u2028y"}'.encode(), b"1\n2", b"[DONE]"]


def test_events_are_told_apart() -> None:
    reader = EventReader()
    assert list(reader.feed(STREAM)) == EVENTS
    assert list(reader.feed(b"error: something\n\n")) == [b"something"]
    assert list(reader.feed(b"data: unfinished\n")) == []


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_it_does_not_matter_where_the_bytes_are_cut(places: list[int]) -> None:
    cuts = [0, *sorted(places), len(STREAM)]
    reader = EventReader()
    found = [event for start, end in pairwise(cuts) for event in reader.feed(STREAM[start:end])]
    assert found == EVENTS


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_no_bytes_break_it(pieces: list[bytes]) -> None:
    reader = EventReader()
    for piece in pieces:
        assert all(isinstance(event, bytes) for event in reader.feed(piece))
