"""Draw docs/engine.svg from benchmarks/results/engine.json: python scripts/plot_engine.py (needs matplotlib)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Draw the shares of llama.cpp's own rate, and the speed beside the peers."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "octograph"  # the same figures give the same file
    from matplotlib import pyplot

    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / "engine.json").read_text())
    cot, samples = found["cot"], found["samples"]
    lengths = ["64", "512", "2048"]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), width_ratios=[2, 3])
    for shift, key, label in (
        (-0.2, "limit_tokens_per_second", "llama.cpp's own batches"),
        (0.2, "tokens_per_second", "Octograph"),
    ):
        bars = left.bar([place + shift for place in range(3)], [cot[n][key] for n in lengths], width=0.4, label=label)
        left.bar_label(bars, fmt="%.0f", fontsize=8)
    left.set_xticks(range(3), [f"{n} tokens" for n in lengths])
    left.set_ylabel("tokens/s of ten branches")
    left.set_title("Ten branches behind a prompt", fontsize=10)
    left.legend(fontsize=8)
    beside = {
        "one text, Llama": found["single"]["ratio_to_llama"],
        "ten branches, Llama one by one (Q8_0)": cot["times_faster_than_llama_branch_by_branch_Q8_0"],
        "ten branches, Llama one by one (F16)": cot["times_faster_than_llama_branch_by_branch_F16"],
        "ten samples, Llama, a prefill each": samples["times_faster_than_a_prefill_each_on_llama"],
        "eight clients, Llama behind a lock": found["clients"]["throughput_ratio"],
        "ten branches, optillm": found["optillm"]["times_faster"],
        "ten samples, lm-polygraph": samples["times_faster_than_lm_polygraph"],
    }
    bars = right.barh(list(beside), list(beside.values()))
    right.bar_label(bars, fmt="%.2f", fontsize=8)
    right.set_xscale("log")
    right.axvline(1, color="grey", linewidth=0.8)
    right.invert_yaxis()
    right.tick_params(axis="y", labelsize=8)
    right.set_title("Times as fast as", fontsize=10)
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "engine.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
