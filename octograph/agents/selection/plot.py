"""The accuracy-coverage curves of several scores in one picture."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from octograph.agents.selection.curve import AccuracyCoverage
from octograph.errors import MissingExtraError, UsageError

__all__ = ["plot_curves"]

INCHES = (6.4, 4.8)

DOTS_PER_INCH = 150

FORMATS = (".pdf", ".png", ".svg")

FEW = 10
"""Points of a curve that are marked one by one: a line alone would hide how few they are, or not show a single one."""


def plot_curves(curves: Mapping[str, AccuracyCoverage], path: Path, *, title: str = "") -> None:
    """Draw accuracy over coverage, a line for each score by its name, and write it to a file.

    Parameters
    ----------
    curves
        Of the same answers, by name.
    path
        Of the file; its ending says the format: ``.pdf``, ``.png`` or ``.svg``. One that is there is overwritten.
    title
        Above the picture.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    UsageError
        There is nothing to draw, the ending is none of these, or the file cannot be written.

    """
    if not curves:
        raise UsageError("there are no curves to draw", hint="Give at least one.")
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"{str(path)!r} is no picture that can be written", hint=f"End its name in {', '.join(FORMATS)}."
        )
    try:
        from matplotlib.figure import Figure  # without pyplot: no window, no state that others share
    except ImportError as error:
        raise MissingExtraError(
            "drawing needs a package that is not installed: matplotlib",
            hint=f"Run `{sys.executable} -m pip install 'octograph[plots]'`.",
        ) from error
    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        marker = "o" if len(curve.coverages) <= FEW else None
        axes.plot(curve.coverages * 100, curve.accuracies * 100, label=name, marker=marker)
    axes.set(xlabel="coverage, %", ylabel="accuracy, %", xlim=(0, 102), ylim=(0, 102), title=title)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    try:
        figure.savefig(path)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}", hint="Name another place.") from error
