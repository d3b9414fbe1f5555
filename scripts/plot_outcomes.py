"""Draw docs/outcomes.svg from benchmarks/results/outcomes.json: python scripts/plot_outcomes.py (needs matplotlib)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NAMES = {
    "octograph": "Octograph",
    "minilm_neighbours": "MiniLM, nearest neighbours",
    "minilm_logistic_success": "MiniLM, logistic regression of success",
    "minilm_logistic_best": "MiniLM, logistic regression of the best",
}


def main() -> None:
    """Draw quality over cost, and the scores without account of cost."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "octograph"  # the same figures give the same file
    from matplotlib import pyplot

    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / "outcomes.json").read_text())
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.8), width_ratios=[3, 2])
    for key, name in NAMES.items():
        if key == "minilm_logistic_best":  # it foretells who is best, not who succeeds: there is nothing to weigh
            continue
        curve = found["methods"][key]["curve"]
        left.plot([point["cost"] for point in curve], [point["score"] for point in curve], marker=".", label=name)
    workers = found["workers"].values()
    left.plot(
        [worker["billions_of_parameters"] for worker in workers],
        [worker["score"] for worker in workers],
        "x",
        color="grey",
        label="one worker for all",
    )
    left.set_xlabel("mean cost, billions of parameters")
    left.set_ylabel("mean score")
    left.set_title("Quality over cost, by price", fontsize=10)
    left.legend(fontsize=8)
    scores = {"random": found["random"], "best single worker": found["best_single"]["score"]}
    scores |= {NAMES[key]: found["methods"][key]["score"] for key in reversed(NAMES)}
    scores["oracle"] = found["oracle"]
    bars = right.barh(list(scores), list(scores.values()))
    right.bar_label(bars, fmt="%.3f", fontsize=8)
    right.tick_params(axis="y", labelsize=8)
    right.set_xlim(0, 1)
    right.set_title("Mean score without account of cost", fontsize=10)
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "outcomes.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
