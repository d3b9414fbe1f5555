"""Draw docs/routing-GRAPH.svg from benchmarks/results/routing-GRAPH.json.

    .venv-peers/bin/python scripts/plot_routing.py GRAPH [RESULTS] [SVG]

It needs matplotlib. On the left is where the master sends the queries of each worker, on the right how often the
contenders are right when they are so sure.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

DRAWN = ("master", "neighbours", "logistic", "semantic-router", "zero-shot")
"""Contenders in the reliability diagram; more would hide one another."""

FEW = 0.01
"""Share of the queries below which a bin says too little to be drawn."""


def main() -> None:
    """Draw the confusion matrix and the reliability diagram."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "octograph"  # the same figures give the same file
    from matplotlib import pyplot

    graph = sys.argv[1]
    source = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "benchmarks" / "results" / f"routing-{graph}.json"
    target = Path(sys.argv[3]) if len(sys.argv) > 3 else ROOT / "docs" / f"routing-{graph}.svg"
    found: dict[str, Any] = json.loads(source.read_text())
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 5.6), width_ratios=[7, 5])
    _confusion(left, found["contenders"]["master"]["confusion"])
    _reliability(right, {name: found["contenders"][name] for name in DRAWN if name in found["contenders"]})
    figure.suptitle(f"{graph}: {found['subject']['n']} queries", fontsize=11)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def _confusion(axes: Any, confusion: dict[str, Any]) -> None:
    """Shares of each worker's queries; workers without queries are left out of the rows."""
    rows = [
        (label, [count / sum(counts) for count in counts])
        for label, counts in zip(confusion["labels"], confusion["matrix"], strict=True)
        if sum(counts)
    ]
    axes.imshow([shares for _, shares in rows], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, (_, shares) in enumerate(rows):
        for column, share in enumerate(shares):
            if share >= 0.005:
                colour = "white" if share > 0.5 else "black"
                axes.text(column, row, f"{share:.0%}"[:-1], ha="center", va="center", fontsize=6, color=colour)
    axes.set_xticks(range(len(confusion["labels"])), confusion["labels"], rotation=60, ha="right", fontsize=7)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows], fontsize=7)
    axes.set_xlabel("chosen", fontsize=8)
    axes.set_ylabel("right", fontsize=8)
    axes.set_title("Octograph's master: % of each worker's queries", fontsize=10)


def _reliability(axes: Any, contenders: dict[str, Any]) -> None:
    """Accuracy over confidence; on the diagonal the probabilities mean what they say."""
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
    for name, scores in contenders.items():
        bins = [each for each in scores["reliability"] if each["count"] >= FEW * scores["n"]]
        axes.plot(
            [each["confidence"] for each in bins],
            [each["accuracy"] for each in bins],
            marker="o",
            markersize=3,
            linewidth=2 if name == "master" else 1,
            label=f"{name} (accuracy {scores['accuracy']:.3f}, ECE {scores['ece']:.3f})",
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("confidence", fontsize=8)
    axes.set_ylabel("share that is right", fontsize=8)
    axes.legend(fontsize=7, loc="upper left")
    axes.set_title("Reliability", fontsize=10)


if __name__ == "__main__":
    main()
