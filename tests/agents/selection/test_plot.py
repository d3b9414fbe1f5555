"""Pictures of curves, where there is something to draw with."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from octograph.agents.selection import AccuracyCoverage, accuracy_coverage, plot_curves
from octograph.errors import MissingExtraError, UsageError

CURVES = {
    "perplexity": accuracy_coverage([0.9, 0.7, 0.5, 0.1], [True, False, True, False]),
    "aspire": accuracy_coverage([0.5] * 4, [True, False, True, False]),
}
STARTS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}

drawn = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is an extra")


@drawn
@pytest.mark.parametrize("ending", STARTS)
def test_a_picture_is_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"curves{ending}"
    plot_curves(CURVES, path, title="SQuAD")
    assert path.read_bytes().startswith(STARTS[ending])
    if ending == ".svg":
        text = path.read_text(encoding="utf-8")
        assert all(name in text for name in (*CURVES, "SQuAD", "coverage, %"))


@drawn
def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        plot_curves(CURVES, tmp_path / "nowhere" / "curves.png")


def test_without_matplotlib_the_hint_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="matplotlib") as caught:
        plot_curves(CURVES, tmp_path / "curves.png")
    assert "pip install 'octograph[plots]'" in caught.value.hint
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize(
    ("curves", "name", "problem"),
    [({}, "curves.png", "no curves"), (CURVES, "curves.docx", "no picture"), (CURVES, "curves", "no picture")],
)
def test_what_cannot_be_drawn_is_an_error(
    tmp_path: Path, curves: dict[str, AccuracyCoverage], name: str, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        plot_curves(curves, tmp_path / name)
