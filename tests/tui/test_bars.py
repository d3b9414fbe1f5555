from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from octograph.tui.drawing.bars import bar, gauge
from octograph.tui.drawing.strokes import ASCII, BLOCKS, Strokes, strokes_for

LOOKS = st.sampled_from((BLOCKS, ASCII))
WIDTHS = st.integers(min_value=1, max_value=40)
SCORES = st.floats(min_value=-50, max_value=0)


@settings(deadline=None)
@given(st.floats(), WIDTHS, LOOKS)
def test_a_bar_is_as_wide_as_it_should_be(share: float, width: int, strokes: Strokes) -> None:
    if share == share:  # no share is not a number
        assert cell_len(bar(share, width, strokes)) == width


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1), WIDTHS)
def test_a_larger_share_has_no_shorter_bar(one: float, other: float, width: int) -> None:
    def filled(share: float) -> int:
        return sum(BLOCKS.parts.index(cell) + 1 for cell in bar(share, width).rstrip())

    assert filled(min(one, other)) <= filled(max(one, other))


@settings(deadline=None)
@given(SCORES, SCORES, WIDTHS, LOOKS)
def test_a_gauge_has_one_mark(score: float, threshold: float, width: int, strokes: Strokes) -> None:
    drawn = gauge(score, threshold, width, strokes)
    assert cell_len(drawn) == width
    assert drawn.count(strokes.threshold) == 1


@pytest.mark.parametrize(("score", "drawn"), [(0.0, "████┃███"), (-0.6, "████┃░░░"), (-6.0, "░░░░░░░┃")])
def test_a_gauge_shows_on_which_side_of_the_threshold_a_score_is(score: float, drawn: str) -> None:
    assert gauge(score, -0.6, 8) == drawn


@pytest.mark.parametrize("strokes", [BLOCKS, ASCII])
def test_every_stroke_is_one_cell_wide(strokes: Strokes) -> None:
    every = "".join(getattr(strokes, name) for name in Strokes.__slots__)
    assert all(cell_len(stroke) == 1 for stroke in every)


@pytest.mark.parametrize(
    ("encoding", "strokes"),
    [("utf-8", BLOCKS), (None, BLOCKS), ("ascii", ASCII), ("cp437", ASCII), ("cp1252", ASCII), ("no such", ASCII)],
)
def test_letters_stand_in_where_an_encoding_has_no_blocks(encoding: str | None, strokes: Strokes) -> None:
    assert strokes_for(encoding) is strokes
    assert ASCII.parts.isascii()
