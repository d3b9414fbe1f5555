"""Text from tokens: whole characters, and nothing of a stop string."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.llama.text_stream import TextStream


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


def run(pieces: list[bytes], stop: list[str]) -> tuple[str, bool]:
    stream = TextStream(stop)
    shown = ""
    for piece in pieces:
        shown += stream.push(piece)
        if stream.stopped:
            break
    return shown + stream.finish(), stream.stopped


@given(st.text(), st.lists(st.integers(0, 200)))
def test_text_is_whole_however_it_is_cut(text: str, cuts: list[int]) -> None:
    assert run(split(text.encode(), cuts), []) == (text, False)


@given(
    st.text(alphabet="ab\nü"), st.lists(st.text(alphabet="ab\nü", min_size=1, max_size=4)), st.lists(st.integers(0, 99))
)
def test_text_ends_before_the_stop_that_comes_first(text: str, stop: list[str], cuts: list[int]) -> None:
    places = [text.index(word) for word in stop if word in text]
    shown, stopped = run(split(text.encode(), cuts), stop)
    assert stopped == bool(places)
    if places:
        # Where stops overlap, the one that is complete first ends the text.
        assert text.startswith(shown)
        assert not any(word in shown for word in stop)
    else:
        assert shown == text


@given(st.binary(max_size=40))
def test_bytes_that_are_no_text_are_replaced(data: bytes) -> None:
    assert run([bytes([byte]) for byte in data], [])[0] == data.decode(errors="replace")
